//! Secrets: whatever way a credential is given, no output of any command has it.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use transship_registry_server::{Auth, Memory, Registry, Users};
use transship_testkit::{
    fault::{Answer, FaultRegistry, Route, on},
    peers::{Home, Run, Tool},
};

use crate::{
    login::piped,
    world::{at_home, guarded, image_under},
};

const PASSWORD: &str = "pLaNtEd-s3cret-0123456789";

/// Every way of giving a credential for `host`, each with a home of its own.
fn ways(host: &str) -> Vec<(&'static str, Tool)> {
    let basic = STANDARD.encode(format!("alice:{PASSWORD}"));
    let auths = format!(r#"{{"auths":{{"{host}":{{"auth":"{basic}"}}}}}}"#);
    let docker = Home::new();
    docker.write(".docker/config.json", &auths);
    let containers = Home::new();
    containers.write("run/containers/auth.json", &auths);
    let named = Home::new();
    let named_file = named.write("somewhere.json", &auths).display().to_string();
    let helper = Home::new();
    helper.write(
        ".docker/config.json",
        format!(r#"{{"credHelpers":{{"{host}":"planted"}}}}"#),
    );
    let script =
        format!("#!/bin/sh\necho '{{\"Username\":\"alice\",\"Secret\":\"{PASSWORD}\"}}'\n");
    let program = helper.write("bin/docker-credential-planted", script);
    make_executable(&program);
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    vec![
        ("docker config.json", at_home(&docker)),
        ("containers auth.json", at_home(&containers)),
        (
            "REGISTRY_AUTH_FILE",
            at_home(&named).env("REGISTRY_AUTH_FILE", &named_file),
        ),
        ("helper", at_home(&helper).env("PATH", &path)),
        (
            "environment",
            at_home(&Home::new())
                .env("TRANSSHIP_REGISTRY_HOST", host)
                .env("TRANSSHIP_REGISTRY_USER", "alice")
                .env("TRANSSHIP_REGISTRY_PASSWORD", PASSWORD),
        ),
        (
            "DOCKER_AUTH_CONFIG",
            at_home(&Home::new()).env("DOCKER_AUTH_CONFIG", &auths),
        ),
    ]
}

fn make_executable(path: &std::path::Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

fn assert_clean(what: &str, text: &str) {
    let basic = STANDARD.encode(format!("alice:{PASSWORD}"));
    for secret in [PASSWORD, &basic, "Bearer ey", "Basic YWxpY2U"] {
        assert!(
            !text.contains(secret),
            "{what} gives the secret away:\n{text}"
        );
    }
}

async fn check(tool: &Tool, way: &str, arguments: &[&str]) -> Run {
    let loud = ["--verbose", "--verbose", "--events-file", "events.jsonl"];
    let run = tool.run(arguments.iter().chain(&loud)).await;
    let what = format!("{way}: {arguments:?}");
    assert_clean(&what, &run.stdout);
    assert_clean(&what, &run.stderr);
    let events = tool.home().path().join("events.jsonl");
    assert_clean(&what, &fs::read_to_string(events).unwrap_or_default());
    run
}

#[tokio::test]
async fn no_command_gives_a_password_away_however_it_was_given() {
    let registry = guarded("alice", PASSWORD).await;
    let host = registry.host();
    let (app, copy) = (format!("{host}/app:1"), format!("{host}/copy"));
    seed(host).await;
    let list = format!("sync: [{{source: {host}/app, target: {host}/mirror, tags: ['1']}}]\n");
    for (way, tool) in ways(host) {
        tool.home().write("list.yaml", &list);
        let commands: [&[&str]; 14] = [
            &["copy", &app, &copy],
            &["copy", &app, &copy, "--plan", "plan.json"],
            &["apply", "plan.json"],
            &["inspect", &app],
            &["tree", &app],
            &["tags", &copy],
            &["inspect", &format!("{host}/app:none")],
            &[
                "copy",
                &app,
                &copy,
                "--also",
                &format!("{host}/more"),
                "--recheck",
            ],
            &["sync", "-f", "list.yaml"],
            &["sync", "-f", "list.yaml", "--explain"],
            &["sync", "-f", "list.yaml", "--plan", "-"],
            &["inspect", &format!("me:{PASSWORD}@{app}")],
            &["doctor", &copy],
            &["logout", host, "--dry-run"],
        ];
        for arguments in commands {
            let run = check(&tool, way, arguments).await;
            assert_ne!(
                run.code(),
                8,
                "{way} {arguments:?}: the credential is used: {}",
                run.stderr
            );
        }
        assert_clean(
            way,
            &fs::read_to_string(tool.home().path().join("plan.json")).unwrap(),
        );
    }
}

/// Puts an image there, logged in.
async fn seed(host: &str) {
    let graph = image_under(&["1"]);
    let credential = transship_registry_client::credentials::Credential::Password {
        user: "alice".to_owned(),
        password: PASSWORD.into(),
    };
    let known = transship_registry_client::credentials::MemoryCredentials::default()
        .with(host, credential, "the test");
    let context = transship_registry_client::Context {
        credentials: std::sync::Arc::new(known),
        ..Default::default()
    };
    let name = transship_oci::Repository::new(host, "app").unwrap();
    let sink = transship_registry_client::Client::new(context)
        .unwrap()
        .repository(&name, transship_oci::Side::Target)
        .unwrap();
    graph.push_to(&sink).await.unwrap();
}

/// Refusals are where secrets slip out: a wrong password, a server that repeats what it was sent, a token service.
#[tokio::test]
async fn refusals_do_not_repeat_what_they_refuse() {
    let wrong = guarded("alice", "another").await;
    let echo = FaultRegistry::start(
        Registry::new(Memory::new()).router(),
        vec![
            on(Route::Tags).answer(
                Answer::error(403, "DENIED", "you may not")
                    .header("www-authenticate", "Basic realm=\"x\""),
            ),
        ],
    )
    .await;
    let users = Users::single("alice", "another").unwrap();
    let token =
        Registry::new(Memory::new()).auth(Auth::token(users, std::time::Duration::from_mins(1)));
    let token = FaultRegistry::start(token.router(), Vec::new()).await;
    for registry in [&wrong, &echo, &token] {
        let host = registry.host();
        for (way, tool) in ways(host) {
            let run = check(&tool, way, &["tags", &format!("{host}/app")]).await;
            assert_eq!(run.code(), 8, "{way}: {}", run.stderr);
        }
        let tool = at_home(&Home::new());
        let run = piped(
            &tool,
            &["login", host, "-u", "alice", "--password-stdin", "-vv"],
            PASSWORD,
        )
        .await;
        assert_clean("login", &run.stdout);
        assert_clean("login", &run.stderr);
    }
}

#[tokio::test]
async fn the_journal_and_the_login_are_the_only_files_that_may_hold_one() {
    let registry = guarded("alice", PASSWORD).await;
    let home = Home::new();
    let tool = at_home(&home);
    let login = ["login", registry.host(), "-u", "alice", "--password-stdin"];
    assert_eq!(piped(&tool, &login, PASSWORD).await.code(), 0);
    seed(registry.host()).await;
    let (app, copy) = (
        format!("{}/app:1", registry.host()),
        format!("{}/copy", registry.host()),
    );
    assert_eq!(tool.run(["copy", &app, &copy]).await.code(), 0);
    let mut files = Vec::new();
    walk(home.path(), &mut files);
    let holders: Vec<_> = files
        .iter()
        .filter(|path| {
            let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
            let basic = STANDARD.encode(format!("alice:{PASSWORD}"));
            text.contains(PASSWORD) || text.contains(&basic)
        })
        .collect();
    assert_eq!(holders, [&home.docker_config().join("config.json")]);
}

pub(crate) fn walk(folder: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}
