//! What a service manager is told: when the proxy can be used, that it reads its configuration again, that it ends.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use kim_examples::ProxyProcess;
use kim_testbed::{Testbed, TestbedConfig};

/// The next states, one a line.
fn told(socket: &UnixDatagram) -> Vec<String> {
    let mut buffer = [0; 1024];
    let read = socket.recv(&mut buffer).unwrap();
    String::from_utf8_lossy(buffer.get(..read).unwrap()).lines().map(str::to_owned).collect()
}

/// Spec: none — the protocol of sd_notify(3)
#[tokio::test(flavor = "multi_thread")]
async fn ready_reloading_and_stopping() {
    let Some(program) = kim_tests::proxy_program() else { return };
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let path = std::env::temp_dir().join(format!("kim-notify-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let proxy = ProxyProcess::start_as(&program, &testbed, |command| {
        command.env("NOTIFY_SOCKET", &path);
    })
    .unwrap();
    let tell = |signal: &str| {
        let done = Command::new("kill").args([signal, &proxy.id().to_string()]).status().unwrap();
        assert!(done.success());
    };
    assert_eq!(told(&socket), ["READY=1"]);
    tell("-HUP");
    let [reloading, since] = told(&socket).try_into().unwrap();
    assert_eq!(reloading, "RELOADING=1");
    assert!(since.strip_prefix("MONOTONIC_USEC=").is_some_and(|now| now.parse::<u64>().is_ok()), "{since}");
    assert_eq!(told(&socket), ["READY=1"]);
    tell("-TERM");
    assert_eq!(told(&socket), ["STOPPING=1"]);
    std::fs::remove_file(&path).unwrap();
}
