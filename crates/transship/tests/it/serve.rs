//! `registry serve`

use tokio::process::Command;
use transship_oci::Side;
use transship_registry_client::{Client, Context};
use transship_testkit::{
    image::{Graph, Image, layer},
    peers::{Home, Process, Tool},
    tls::Authority,
};

use crate::world::{at_home, expect, image_under, remote, transship};

const HTPASSWD: &str = "alice:$2y$04$ViJ03yfMSxb0vwdDtQGt/.pqbHomOFsG769G0.lT0G5ge/aePIuNm\n";

const SERVE: [&str; 5] = ["registry", "serve", "store", "--listen", "127.0.0.1:0"];

/// Serves the folder `store` of this home, and says where.
pub(crate) async fn serve(home: &Home, flags: &[&str]) -> (Process, String) {
    started(at_home(home).command(SERVE.iter().chain(flags))).await
}

async fn started(command: Command) -> (Process, String) {
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

/// A disk that is full comes as a limit on the size of files here; the signal that goes with it is ignored.
#[tokio::test]
async fn a_full_disk_is_said_to_be_one() {
    let home = Home::new();
    let script = r#"trap '' XFSZ; ulimit -f 1100; exec "$0" "$@""#;
    let program = env!("CARGO_BIN_EXE_transship");
    let arguments = ["-c", script, program].into_iter().chain(SERVE);
    let (process, host) = started(Tool::at("/bin/bash".into(), &home).command(arguments)).await;
    let repository = transship_oci::Repository::new(&host, "a/b").unwrap();
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 2_000_000)));
    graph.tag("1", &image);
    let client = Client::new(Context {
        max_attempts: 2,
        ..Context::default()
    });
    let sink = client
        .unwrap()
        .repository(&repository, Side::Target)
        .unwrap();
    let error = graph.push_to(&sink).await.unwrap_err();
    assert!(
        error
            .message()
            .ends_with("(UNKNOWN: the registry's storage does not answer; its log says why)"),
        "{error}"
    );
    assert!(
        process.log().contains("File too large"),
        "{}",
        process.log()
    );
    let uploads = std::fs::read_dir(home.path().join("store/a/b/.uploads")).unwrap();
    assert_eq!(uploads.count(), 0, "nothing is left of it");
    let small = image_under(&["2"]);
    small.push_to(&sink).await.unwrap();
    small.assert_in(&sink).await;
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
    expect(&known, 1);
    assert!(
        known.stderr.contains("NAME_UNKNOWN"),
        "let in, and told that there is no such repository: {}",
        known.stderr
    );
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
