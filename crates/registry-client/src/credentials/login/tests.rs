use std::{fs, os::unix::fs::PermissionsExt as _};

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::LoginFile;
use crate::{
    Environment,
    credentials::{Credential, Credentials as _, EnvCredentials, FileCredentials, of_machine},
};

fn alice() -> Credential {
    Credential::Password {
        user: "alice".to_owned(),
        password: "s3cret".into(),
    }
}

#[tokio::test]
async fn a_login_is_found_again_and_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let environment = Environment::from_iter([("HOME", home.path().display().to_string())]);
    let file = LoginFile::of_machine(&environment).unwrap();
    assert_eq!(
        file.store("docker.io", &alice()).await.unwrap(),
        "~/.docker/config.json"
    );
    let mode = fs::metadata(home.path().join(".docker/config.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let found = of_machine(&environment)
        .find("docker.io", "acme/app")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.to_string(), "user alice from ~/.docker/config.json");
    assert!(
        of_machine(&environment)
            .find("other.example", "app")
            .await
            .unwrap()
            .is_none()
    );

    assert!(file.erase("docker.io").await.unwrap());
    assert!(!file.erase("docker.io").await.unwrap());
    assert!(
        of_machine(&environment)
            .find("docker.io", "acme/app")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn what_else_is_in_the_file_stays() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("auth.json");
    fs::write(&path, r#"{"auths":{"a":{"auth":"eA==","email":"e"},"index.docker.io":{"auth":"b2xkOm9sZA=="}},"psFormat":"x"}"#)
        .unwrap();
    let environment = Environment::from_iter([("REGISTRY_AUTH_FILE", path.display().to_string())]);
    let file = LoginFile::of_machine(&environment).unwrap();
    file.store(
        "docker.io",
        &Credential::Identity {
            token: "idt".into(),
        },
    )
    .await
    .unwrap();
    let written: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let expected = json!({
        "auths": {
            "a": {"auth": "eA==", "email": "e"},
            "https://index.docker.io/v1/": {"identitytoken": "idt"},
        },
        "psFormat": "x",
    });
    assert_eq!(written, expected);
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[tokio::test]
async fn a_helper_keeps_the_secret() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().display().to_string();
    let program = home.path().join("docker-credential-test");
    fs::write(&program, "#!/bin/sh\ncat > \"$HOME/said-$1\"\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(home.path().join("config.json"), r#"{"credsStore":"test"}"#).unwrap();
    let path = format!("{folder}:/usr/bin:/bin");
    let environment = Environment::from_iter([
        ("HOME", &folder),
        ("DOCKER_CONFIG", &folder),
        ("PATH", &path),
    ]);
    let file = LoginFile::of_machine(&environment).unwrap();
    assert_eq!(
        file.store("registry.example", &alice()).await.unwrap(),
        "docker-credential-test"
    );
    let said = fs::read_to_string(home.path().join("said-store")).unwrap();
    assert!(said.contains("s3cret"));
    let written = fs::read_to_string(home.path().join("config.json")).unwrap();
    assert!(!written.contains("auth\""), "{written}");
    assert!(written.contains("registry.example"));
}

#[tokio::test]
async fn a_file_that_is_none_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("auth.json");
    fs::write(&path, "[1]").unwrap();
    let environment = Environment::from_iter([("REGISTRY_AUTH_FILE", path.display().to_string())]);
    let file = LoginFile::of_machine(&environment).unwrap();
    let error = file.store("x", &alice()).await.unwrap_err();
    assert_eq!(
        error.message(),
        format!("{} is not an auth file", path.display())
    );
    assert_eq!(fs::read(&path).unwrap(), b"[1]");
}

#[tokio::test]
async fn the_environment_needs_a_host() {
    let environment = Environment::from_iter([
        ("TRANSSHIP_REGISTRY_HOST", "registry.example"),
        ("TRANSSHIP_REGISTRY_USER", "alice"),
        ("TRANSSHIP_REGISTRY_PASSWORD", "s3cret"),
    ]);
    let credentials = EnvCredentials::new(&environment);
    let found = credentials
        .find("registry.example", "a")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        found.to_string(),
        "user alice from $TRANSSHIP_REGISTRY_USER"
    );
    assert!(
        credentials
            .find("other.example", "a")
            .await
            .unwrap()
            .is_none()
    );
    assert!(!format!("{credentials:?}").contains("s3cret"));

    let partial = Environment::from_iter([("TRANSSHIP_REGISTRY_USER", "alice")]);
    let error = EnvCredentials::new(&partial)
        .find("x", "a")
        .await
        .unwrap_err();
    assert_eq!(
        error.message(),
        "a credential in the environment is incomplete: TRANSSHIP_REGISTRY_HOST is not set"
    );
}

#[tokio::test]
async fn ci_systems_put_a_file_into_the_environment() {
    let file = r#"{"auths":{"registry.example/team":{"auth":"Ym9iOmJ1aWxkZXI="}}}"#;
    let credentials = EnvCredentials::new(&Environment::from_iter([("DOCKER_AUTH_CONFIG", file)]));
    let found = credentials
        .find("registry.example", "team/app")
        .await
        .unwrap()
        .unwrap();
    let Credential::Password { user, password } = found.credential else {
        panic!("no password")
    };
    assert_eq!(
        (user.as_str(), password.expose_secret()),
        ("bob", "builder")
    );
    assert!(
        credentials
            .find("registry.example", "other")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn podmans_files_are_read_in_order() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "run/containers/auth.json",
        r#"{"auths":{"a":{"auth":"cnVuOng="}}}"#,
    );
    write(
        ".config/containers/auth.json",
        r#"{"auths":{"a":{"auth":"Y2ZnOng="},"b":{"auth":"Y2ZnOng="}}}"#,
    );
    write(
        ".docker/config.json",
        r#"{"auths":{"b":{"auth":"ZG9ja2VyOng="},"c":{"auth":"ZG9ja2VyOng="}}}"#,
    );
    let run = home.path().join("run").display().to_string();
    let environment = Environment::from_iter([
        ("HOME", home.path().display().to_string()),
        ("XDG_RUNTIME_DIR", run),
    ]);
    assert_eq!(FileCredentials::containers(&environment).len(), 2);
    let all = of_machine(&environment);
    let mut users = Vec::new();
    for registry in ["a", "b", "c"] {
        let found = all.find(registry, "x").await.unwrap().unwrap();
        users.push(found.credential.user().unwrap().to_owned());
    }
    assert_eq!(users, ["run", "cfg", "docker"]);
}
