//! The configuration file of a running proxy is changed: sessions go on, new ones have the new configuration, and a file
//! with a mistake changes nothing.

use std::process::Command;

use kim_examples::{Dialogue, ProxyProcess};
use kim_testbed::{Testbed, TestbedConfig};

use crate::front::eventually;

/// Logs in to POP3 in a session of its own; the error is the reply.
async fn log_in(testbed: &Testbed, proxy: &ProxyProcess) -> Result<Dialogue, String> {
    let account = testbed.world().account("A").unwrap();
    let mut pop3 = Dialogue::open(proxy.pop3).await?;
    pop3.pop3_login(&account.pop3_user_name(testbed.pop3_addr()), &account.password).await?;
    Ok(pop3)
}

fn hang_up(proxy: &ProxyProcess) {
    let done = Command::new("kill").args(["-HUP", &proxy.id().to_string()]).status().unwrap();
    assert!(done.success());
}

/// Spec: none — an administrator changes settings while others work.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_read_again_and_a_bad_one_changes_nothing() {
    let Some(program) = kim_tests::proxy_program() else { return };
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let proxy = ProxyProcess::start(&program, &testbed).unwrap();
    let file = proxy.config_file();
    let good = std::fs::read_to_string(&file).unwrap();
    let mut before = log_in(&testbed, &proxy).await.unwrap();

    // Nobody can log in whose address ends elsewhere.
    std::fs::write(&file, format!("{good}\n[mail]\ntrusted_domain_suffixes = [\"elsewhere.invalid\"]\n"))
        .unwrap();
    hang_up(&proxy);
    eventually("the new file is in force", async || log_in(&testbed, &proxy).await.is_err()).await;
    before.ask("STAT", "+OK").await.unwrap();

    std::fs::write(&file, good.replace("[smtp]", "[smtp]\nlisten_on = 5")).unwrap();
    hang_up(&proxy);
    let said = || proxy.log().unwrap();
    eventually("the mistake is told", async || said().contains("the old configuration stays in force")).await;
    assert!(said().contains("smtp.listen_on: unknown key"), "{}", said());
    let refused = log_in(&testbed, &proxy).await.err().unwrap();
    assert!(refused.contains("-ERR"), "{refused}");
    before.ask("STAT", "+OK").await.unwrap();

    // Nobody sends a signal: that the file has changed is enough.
    std::fs::write(&file, &good).unwrap();
    eventually("the file is read again", async || log_in(&testbed, &proxy).await.is_ok()).await;
    before.ask("STAT", "+OK").await.unwrap();
    assert!(!said().contains("takes effect at the next start"), "{}", said());

    std::fs::write(&file, good.replacen("127.0.0.1:0", "127.0.0.1:1", 1)).unwrap();
    eventually("the listener is told to wait", async || said().contains("smtp.listen has changed")).await;
    before.ask("QUIT", "+OK").await.unwrap();
}

/// Spec: none — whoever asks whether a file is usable gets an answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_that_a_file_is_usable_or_why_not() {
    let Some(program) = kim_tests::proxy_program() else { return };
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let proxy = ProxyProcess::start(&program, &testbed).unwrap();
    let file = proxy.config_file();
    let check = || Command::new(&program).arg("--check").arg(&file).output().unwrap();
    let said = check();
    assert!(said.status.success());
    assert_eq!(String::from_utf8_lossy(&said.stdout), format!("{} is usable\n", file.display()));

    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("[smtp]", "[smtp]\nlisten_on = 5")).unwrap();
    let said = check();
    assert!(!said.status.success() && said.stdout.is_empty());
    let problem = String::from_utf8_lossy(&said.stderr);
    assert!(problem.contains("line 3: smtp.listen_on: unknown key"), "{problem}");
}
