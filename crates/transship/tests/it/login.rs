//! `login` and `logout`: tried first, kept by the owner alone, forgotten when told.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use transship_testkit::peers::{Home, Run, Tool};

use crate::world::{at_home, expect, guarded, registry};

/// Runs the program with this on its standard input.
pub(crate) async fn piped(tool: &Tool, arguments: &[&str], input: &str) -> Run {
    let mut command = tool.command(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that refuses its arguments does not read.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    Run {
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[tokio::test]
async fn a_login_is_tried_kept_used_and_forgotten() {
    let home = Home::new();
    let tool = at_home(&home);
    let registry = guarded("alice", "open sesame").await;
    let host = registry.host();
    let login = ["login", host, "-u", "alice", "--password-stdin"];
    let config = home.docker_config().join("config.json");
    home.write(
        ".docker/config.json",
        r#"{"auths":{"other.example":{"auth":"eDp5"}},"detachKeys":"ctrl-q"}"#,
    );

    let wrong = piped(&tool, &login, "sesame\n").await;
    expect(&wrong, 8);
    assert_eq!(
        read(&config)["auths"].as_object().unwrap().len(),
        1,
        "nothing is stored"
    );

    let tried = piped(
        &tool,
        &[&login[..], &["--dry-run"]].concat(),
        "open sesame\n",
    )
    .await;
    expect(&tried, 0);
    assert_eq!(
        tried.stdout,
        format!("{host} accepts alice; nothing was stored\n")
    );
    assert_eq!(read(&config)["auths"].as_object().unwrap().len(), 1);

    let right = piped(&tool, &login, "open sesame\n").await;
    expect(&right, 0);
    assert_eq!(
        right.stdout,
        format!("logged in at {host} as alice; kept in ~/.docker/config.json\n")
    );
    let kept = read(&config);
    assert_eq!(kept["detachKeys"], "ctrl-q", "what others keep there stays");
    assert_eq!(kept["auths"]["other.example"], json!({"auth": "eDp5"}));
    assert!(kept["auths"][host]["auth"].is_string());

    let known = tool.run(["tags", &format!("{host}/none")]).await;
    assert_ne!(known.code(), 8, "{}", known.stderr);

    let out = tool.run(["logout", host]).await;
    expect(&out, 0);
    assert_eq!(out.stdout, format!("logged out of {host}\n"));
    assert_eq!(
        read(&config)["auths"],
        json!({"other.example": {"auth": "eDp5"}})
    );
    let again = tool.run(["logout", host, "--format", "json"]).await;
    assert_eq!(
        crate::world::json(&again),
        json!({"registry": host, "forgotten": false, "left": null})
    );
    expect(&tool.run(["tags", &format!("{host}/none")]).await, 8);
}

#[cfg(unix)]
#[tokio::test]
async fn an_auth_file_of_ones_own_is_used_alone_and_kept_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let tool = at_home(&home);
    let registry = guarded("alice", "open sesame").await;
    let host = registry.host();
    let login = [
        "login",
        host,
        "-u",
        "alice",
        "--password-stdin",
        "--authfile",
        "auth.json",
    ];
    expect(&piped(&tool, &login, "open sesame").await, 0);
    let path = home.path().join("auth.json");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let tags = format!("{host}/none");
    assert_eq!(
        tool.run(["tags", &tags]).await.code(),
        8,
        "the usual files know nothing"
    );
    assert_ne!(
        tool.run(["tags", &tags, "--authfile", "auth.json"])
            .await
            .code(),
        8
    );
    home.login(host, "alice", "open sesame");
    home.write("empty.json", "{}");
    assert_eq!(
        tool.run(["tags", &tags, "--authfile", "empty.json"])
            .await
            .code(),
        8
    );
    let left = tool.run(["logout", host, "--authfile", "auth.json"]).await;
    assert_eq!(left.stdout, format!("logged out of {host}\n"));
}

#[tokio::test]
async fn what_cannot_be_tried_is_said() {
    let home = Home::new();
    let open = registry().await;
    let login = ["login", open.host(), "-u", "alice", "--password-stdin"];
    let run = piped(&at_home(&home), &login, "any\n").await;
    expect(&run, 0);
    assert!(
        run.stderr.contains("did not ask who we are"),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn logins_that_make_no_sense_are_refused() {
    let home = Home::new();
    let tool = at_home(&home);
    for (host, input, said) in [
        ("r.example", "", "there is no password on standard input"),
        ("r.example", "\n", "there is no password on standard input"),
        ("r.example/app", "x", "write the host alone"),
        ("r example", "x", "is not a registry host"),
    ] {
        let run = piped(
            &tool,
            &["login", host, "-u", "a", "--password-stdin"],
            input,
        )
        .await;
        expect(&run, 2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    let long = "x".repeat(70_000);
    let run = piped(
        &tool,
        &["login", "r.example", "-u", "a", "--password-stdin"],
        &long,
    )
    .await;
    expect(&run, 2);
    assert!(!run.stderr.contains("xxx"), "{}", run.stderr);
}
