use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::time::Instant;
use transship_oci::ErrorKind;

use super::{Credential, Helpers};
use crate::Environment;

/// A folder on the PATH with a helper `test` that runs `script`.
fn helper(script: &str) -> (TempDir, Helpers) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("docker-credential-test");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let home = folder.path().display().to_string();
    let environment = Environment::from_iter([("PATH", path), ("FOLDER", home)]);
    (folder, Helpers::new(&environment))
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

#[tokio::test]
async fn asks_over_standard_input_and_remembers() {
    let (folder, helpers) = helper(
        r#"cat >> "$FOLDER/asked"; echo " $1" >> "$FOLDER/asked"; echo '{"ServerURL":"x","Username":"alice","Secret":"s3cret"}'"#,
    );
    for _ in 0..3 {
        let found = helpers.get("test", "docker.io").await.unwrap().unwrap();
        assert_eq!(found.to_string(), "user alice from docker-credential-test");
        let Credential::Password { password, .. } = found.credential else {
            panic!("no password")
        };
        assert_eq!(password.expose_secret(), "s3cret");
    }
    assert_eq!(
        read(folder.path(), "asked"),
        "https://index.docker.io/v1/ get\n"
    );
    assert!(!format!("{helpers:?}").contains("s3cret"));
}

#[tokio::test]
async fn the_token_user_means_an_identity_token() {
    let (_folder, helpers) =
        helper(r#"echo '{"ServerURL":"x","Username":"<token>","Secret":"t"}'"#);
    let found = helpers.get("test", "x").await.unwrap().unwrap();
    assert!(matches!(found.credential, Credential::Identity { .. }));
}

#[tokio::test]
async fn not_found_is_nobody() {
    let (_folder, helpers) = helper("echo credentials not found in native keychain; exit 1");
    assert!(helpers.get("test", "x").await.unwrap().is_none());
}

#[tokio::test]
async fn failures_are_named_and_not_quoted() {
    let (_folder, helpers) = helper("echo s3cret; exit 3");
    let error = helpers.get("test", "x").await.unwrap_err();
    assert_eq!(
        error.message(),
        "credential helper docker-credential-test ended with exit status: 3"
    );
    let (_folder, helpers) = helper("echo s3cret");
    let error = helpers.get("test", "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(!format!("{error}").contains("s3cret"));
    let error = helpers.get("absent", "x").await.unwrap_err();
    assert_eq!(
        error.message(),
        "credential helper docker-credential-absent cannot be started"
    );
    let error = helpers.get("../../bin/sh", "x").await.unwrap_err();
    assert_eq!(
        error.message(),
        "\"../../bin/sh\" is no name of a credential helper"
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_is_given_up() {
    let (_folder, helpers) = helper("sleep 600");
    let start = Instant::now();
    let error = helpers.get("test", "x").await.unwrap_err();
    assert_eq!(
        error.message(),
        "credential helper docker-credential-test did not answer within 10 s"
    );
    assert!(start.elapsed() >= Duration::from_secs(10));
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let (_folder, helpers) = helper("yes");
    let error = helpers.get("test", "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
}

#[tokio::test]
async fn stores_and_erases() {
    let (folder, helpers) = helper(
        r#"cat > "$FOLDER/$1"; [ "$1" = get ] && echo '{"Username":"a","Secret":"b"}'; true"#,
    );
    let credential = Credential::Password {
        user: "alice".to_owned(),
        password: "s3cret".into(),
    };
    helpers
        .store("test", "registry.example", &credential)
        .await
        .unwrap();
    assert_eq!(
        read(folder.path(), "store"),
        r#"{"ServerURL":"registry.example","Username":"alice","Secret":"s3cret"}"#
    );
    assert!(helpers.erase("test", "registry.example").await.unwrap());
    assert_eq!(read(folder.path(), "erase"), "registry.example");
}
