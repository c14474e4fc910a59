use std::env;
use std::process::Command;

use crate::bad_server::nobody;

/// The environment is that of a process: another one runs a test that needs no proxy, and would fail with this one.
#[tokio::test]
async fn a_proxy_that_the_environment_names_is_not_asked() {
    let proxy = nobody().await;
    let mut test = Command::new(env::current_exe().unwrap());
    test.args(["--exact", "twilio_check::an_active_account_is_well"]);
    for name in ["NO_PROXY", "no_proxy"] {
        test.env_remove(name);
    }
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        test.env(name, &proxy);
    }
    let output = test.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
}
