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
    for integration in &old {
        let Some(sealed) = &integration.sealed else { continue };
        let context_of = Integration::context(integration.org_id, &integration.provider);
        let secret = keys.open(sealed, &context_of)?;
        let anew = keys.seal(secret.expose_secret(), &context_of);
        rotated = rotated
            .saturating_add(usize::from(context.database.replace_secret(integration, &anew, None).await?.is_some()));
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!(
        "{rotated} of {} accounts sealed anew under key {}; {} were under it already.",
        old.len(),
        keys.current_id(),
        integrations.len().saturating_sub(old.len())
    );
    if rotated < old.len() {
        println!("The others were changed by somebody else meanwhile: run this again.");
    }
    Ok(())
}
