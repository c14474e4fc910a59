//! The keys that seal the accounts.

use secrecy::ExposeSecret;

use crate::context::Context;
use crate::database::integrations::Integration;
use crate::error::Error;
use crate::keys::{Keyring, Sealed};
use crate::progress;

pub fn generate(id: &str) -> Result<(), Error> {
    println!("{}", Keyring::generate_line(id)?);
    Ok(())
}

/// Seals every account anew that is under an older key. Accounts that change meanwhile are sealed under the first key by whoever
/// changes them, once every worker has the new file.
pub async fn rotate(context: &Context) -> Result<(), Error> {
    let keys = context.keys()?;
    let integrations = context.database.integrations(None).await?;
    let old: Vec<&Integration> = integrations
        .iter()
        .filter(|integration| integration.sealed.as_ref().is_some_and(|sealed| !keys.is_current(sealed)))
        .collect();
    let bar = progress::bar(old.len(), "sealing accounts anew");
    let mut rotated: usize = 0;
    let mut closed = Vec::new();
    for integration in &old {
        match sealed_anew(integration, keys) {
            Ok(anew) => {
                let stored = context.database.replace_secret(integration, &anew, None).await?;
                rotated = rotated.saturating_add(usize::from(stored.is_some()));
            }
            Err(error) => closed.push(format!("{} of {}: {error}", integration.provider, integration.org_id)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!(
        "{rotated} of {} accounts sealed anew under key {}; {} were under it already.",
        old.len(),
        keys.current_id(),
        integrations.len().saturating_sub(old.len())
    );
    if rotated.saturating_add(closed.len()) < old.len() {
        println!("Others were changed by somebody else meanwhile: run this again.");
    }
    match closed.len() {
        0 => Ok(()),
        number => Err(Error::Stated(format!(
            "{number} accounts do not open: add the key that they are under, or connect them again\n{}",
            closed.join("\n")
        ))),
    }
}

fn sealed_anew(integration: &Integration, keys: &Keyring) -> Result<Sealed, Error> {
    let sealed = integration.sealed.as_ref().ok_or_else(|| Error::Stated("the account is disconnected".to_owned()))?;
    let context_of = Integration::context(integration.org_id, &integration.provider);
    let secret = keys.open(sealed, &context_of)?;
    Ok(keys.seal(secret.expose_secret(), &context_of))
}
