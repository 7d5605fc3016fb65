//! `registry serve`

use tokio::process::Command;
use transship_testkit::{
    peers::{Home, Process},
    tls::Authority,
};

use crate::world::{at_home, expect, image_under, remote, transship};

const HTPASSWD: &str = "alice:$2y$04$ViJ03yfMSxb0vwdDtQGt/.pqbHomOFsG769G0.lT0G5ge/aePIuNm\n";

/// Serves the folder `store` of this home, and says where.
pub(crate) async fn serve(home: &Home, flags: &[&str]) -> (Process, String) {
    let arguments = ["registry", "serve", "store", "--listen", "127.0.0.1:0"];
    let command: Command = at_home(home).command(arguments.iter().chain(flags));
    let mut process = Process::spawn(command);
    let host = process
        .wait_for(|log| {
            let line = log.lines().find(|line| line.starts_with("http"))?;
            Some(line.split_once("://")?.1.to_owned())
        })
        .await;
    (process, host)
}

#[tokio::test]
async fn what_is_pushed_is_there_after_a_kill() {
    let home = Home::new();
    let (mut process, host) = serve(&home, &[]).await;
    let repository = transship_oci::Repository::new(&host, "a/b").unwrap();
    let graph = image_under(&["1"]);
    graph.push_to(&remote(&repository)).await.unwrap();
    process.kill().await;
    let (process, host) = serve(&home, &["--read-only"]).await;
    let repository = transship_oci::Repository::new(&host, "a/b").unwrap();
    graph.assert_in(&remote(&repository)).await;
    let refused = image_under(&["2"]).push_to(&remote(&repository)).await;
    assert!(refused.is_err(), "read only");
    drop(process);
}

#[tokio::test]
async fn a_signal_ends_it_in_good_order() {
    let home = Home::new();
    let (mut process, _) = serve(&home, &[]).await;
    process.signal("TERM").await;
    assert_eq!(process.wait().await.code(), Some(0));
    assert!(process.log().contains("ending: "), "{}", process.log());
}

#[tokio::test]
async fn it_stays_on_this_machine_unless_told_otherwise_in_words() {
    let home = Home::new();
    let tool = at_home(&home);
    for (flags, said) in [
        (&[][..], "there is no TLS and passwords"),
        (
            &["--tls-cert", "c.pem", "--tls-key", "k.pem"],
            "there is no passwords",
        ),
        (&["--htpasswd", "h"], "there is no TLS"),
    ] {
        let run = tool
            .run(
                ["registry", "serve", "store", "--listen", "0.0.0.0:0"]
                    .iter()
                    .chain(flags),
            )
            .await;
        expect(&run, 2);
        assert!(
            run.stderr.contains(said) && run.stderr.contains("--allow-insecure-listen"),
            "{}",
            run.stderr
        );
    }
    assert!(!home.path().join("store").exists());
}

#[tokio::test]
async fn passwords_and_tls_are_asked_for() {
    let home = Home::new();
    let authority = Authority::new();
    let identity = authority.server();
    home.write("cert.pem", &identity.certificate);
    home.write("key.pem", &identity.key);
    // `htpasswd -Bbn alice 'open sesame'`
    home.write("htpasswd", HTPASSWD);
    let (_process, host) = serve(
        &home,
        &[
            "--tls-cert",
            "cert.pem",
            "--tls-key",
            "key.pem",
            "--htpasswd",
            "htpasswd",
        ],
    )
    .await;
    home.write(
        "settings.yaml",
        format!("hosts:\n  '{host}':\n    ca-file: ca.pem\n"),
    );
    home.write("ca.pem", authority.certificate());
    let tags = ["tags", &format!("{host}/app"), "--config", "settings.yaml"];
    let stranger = at_home(&home).run(tags).await;
    expect(&stranger, 8);
    home.login(&host, "alice", "open sesame");
    let known = at_home(&home).run(tags).await;
    expect(&known, 0);
    let untrusting = at_home(&home)
        .run(["tags", &format!("{host}/app"), "--plain-http", &host])
        .await;
    expect(&untrusting, 1);
}

#[tokio::test]
async fn a_file_of_passwords_that_cannot_be_used_is_named() {
    let home = Home::new();
    home.write("htpasswd", "alice:$apr1$x$y\n");
    let run = at_home(&home)
        .run([
            "registry",
            "serve",
            "store",
            "--listen",
            "127.0.0.1:0",
            "--htpasswd",
            "htpasswd",
        ])
        .await;
    expect(&run, 2);
    assert!(
        run.stderr.contains("htpasswd") && run.stderr.contains("htpasswd -B"),
        "{}",
        run.stderr
    );
    let absent = transship()
        .run([
            "registry",
            "serve",
            "store",
            "--htpasswd",
            "none",
            "--listen",
            "127.0.0.1:0",
        ])
        .await;
    expect(&absent, 2);
}

/// A client that never finishes its request must not keep the process from ending.
#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let home = Home::new();
    let (mut process, host) = serve(&home, &[]).await;
    let mut client = tokio::net::TcpStream::connect(&host).await.unwrap();
    let head = format!(
        "POST /v2/a/blobs/uploads/?digest=sha256:{} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n",
        "0".repeat(64)
    );
    client.write_all(head.as_bytes()).await.unwrap();
    // It is waiting for the body, which never comes.
    let mut answer = [0; 12];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    process.signal("TERM").await;
    process
        .wait_for(|log| log.contains("ending: ").then_some(()))
        .await;
    process.signal("INT").await;
    assert_eq!(process.wait().await.code(), Some(130));
    drop(client);
}
