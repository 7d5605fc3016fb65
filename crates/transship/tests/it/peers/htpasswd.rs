//! docker-registry with a password at both ends.

use transship_testkit::{
    image::{Graph, Image, layer},
    peers::{DockerRegistry, Home, Options, Tool},
};

use crate::{
    login::piped,
    world::{at_home, expect},
};

/// Logs in with a password on standard input.
async fn login(tool: &Tool, host: &str, user: &str, password: &str) {
    let arguments = ["login", host, "-u", user, "--password-stdin"];
    expect(&piped(tool, &arguments, password).await, 0);
}

/// What is said when the target does not let us in.
fn refusal(host: &str, why: &str) -> String {
    format!(
        "error: target {host}/app: resolve 1: {why}\n  hint: log in with `transship login HOST`, or check the credential that was used\n"
    )
}

#[tokio::test]
async fn a_copy_between_registries_that_ask_for_passwords() {
    let home = Home::new();
    let (Some(from), Some(to), Some(crane)) = (
        DockerRegistry::start(&Options::default().user("alice", "open sesame")).await,
        DockerRegistry::start(&Options::default().user("bob", "swordfish")).await,
        Tool::new("crane", &home),
    ) else {
        return;
    };
    let tool = at_home(&home);
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::gzip("a", b"a")));
    graph.tag("1", &image);
    graph.write_layout(&home.path().join("app")).unwrap();
    let (source, target) = (
        format!("{}/app:1", from.host()),
        format!("{}/app:1", to.host()),
    );
    let copy = ["copy", &source, &target];

    login(&tool, from.host(), "alice", "open sesame").await;
    crane.ok(["push", "--insecure", "app", &source]).await;
    let stranger = tool.run(copy).await;
    expect(&stranger, 8);
    assert_eq!(
        stranger.stderr,
        refusal(
            to.host(),
            &format!(
                "the registry wants a login, and there is none for {}",
                to.host()
            )
        )
    );

    home.login(to.host(), "bob", "cod");
    let wrong = tool.run(copy).await;
    expect(&wrong, 8);
    assert_eq!(
        wrong.stderr,
        refusal(
            to.host(),
            "the registry answered 401 Unauthorized; asked as user bob from ~/.docker/config.json"
        )
    );

    login(&tool, to.host(), "bob", "swordfish").await;
    expect(&tool.run(copy).await, 0);
    // crane reads the same file of credentials.
    assert_eq!(
        crane.ok(["digest", "--insecure", &target]).await,
        image.digest.to_string()
    );

    for host in [from.host(), to.host()] {
        let out = tool.run(["logout", host]).await;
        expect(&out, 0);
        assert_eq!(out.stdout, format!("logged out of {host}\n"));
    }
    expect(&tool.run(copy).await, 8);
    assert_ne!(crane.run(["digest", "--insecure", &target]).await.code(), 0);
}
