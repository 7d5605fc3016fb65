//! `policy lint|explain|import|export|schema`.

use serde_json::{Value, json};
use transship_testkit::peers::Home;

use crate::{
    pen::Pen,
    world::{at_home, expect, registry, remote, transship, unsigned_app},
};

#[tokio::test]
async fn lint_says_what_is_wrong_and_what_is_probably_not_meant() {
    let (home, pen) = (Home::new(), Pen::new());
    let tool = at_home(&home);
    pen.policy(&home);
    let run = tool
        .run(["policy", "lint", "policy.yaml", "--strict"])
        .await;
    expect(&run, 0);
    assert_eq!(run.stdout, "nothing to remark on\n");

    let loose = "version: 1\nsigners:\n  acme: {key: acme.pub}\n  nobody: {key: acme.pub, tlog: ignore}\n\
                 default: {signed-by: acme}\n";
    home.write("loose.yaml", loose);
    let run = tool.run(["policy", "lint", "loose.yaml"]).await;
    expect(&run, 0);
    for said in [
        "signers.acme: the log is required, and there is no trust root to judge it by\n",
        "signers.nobody: no rule asks for this signer\n",
    ] {
        assert!(run.stdout.contains(said), "{}", run.stdout);
    }
    expect(
        &tool.run(["policy", "lint", "loose.yaml", "--strict"]).await,
        1,
    );

    home.write(
        "wrong.yaml",
        "version: 1\nsigners: {a: {keys: acme.pub}}\ndefault: {signed-by: a}\n",
    );
    let run = tool.run(["policy", "lint", "wrong.yaml"]).await;
    expect(&run, 2);
    assert!(run.stderr.contains("wrong.yaml:2:"), "{}", run.stderr);
    assert!(
        run.stderr.contains("did you mean \"key\"?"),
        "{}",
        run.stderr
    );
    home.write("lost.yaml", loose.replace("acme.pub", "lost.pub"));
    let run = tool.run(["policy", "lint", "lost.yaml"]).await;
    expect(&run, 2);
    assert!(run.stderr.contains("lost.pub"), "{}", run.stderr);
}

#[tokio::test]
async fn explain_names_the_rule_and_what_was_found() {
    let (home, pen, at) = (Home::new(), Pen::new(), registry().await);
    let (graph, app) = unsigned_app();
    let repository = remote(&at.repository("team/app"));
    graph.push_to(&repository).await.unwrap();
    pen.file(&home, "acme.pub");
    let policy = format!(
        "version: 1\nsigners:\n  acme: {{key: acme.pub, tlog: ignore}}\ndefault: {{refuse: not known}}\nrules:\n  \
         - {{scope: {0}/team, signed-by: acme}}\n  - {{scope: \"{0}/free\", unsigned: allow, reason: made here}}\n",
        at.host()
    );
    home.write("policy.yaml", policy);
    let tool = at_home(&home);
    let explain = async |path: &str| {
        let reference = format!("{}/{path}:1.4", at.host());
        tool.run(["policy", "explain", &reference, "--policy", "policy.yaml"])
            .await
    };
    let run = explain("team/app").await;
    expect(&run, 6);
    let expected = format!(
        "{0}/team/app:1.4 is {1}\nrule \"{0}/team\" holds; it wants:\n  signature by acme for the artifact\n\
         signature by acme beside {1}: none\n  nothing was found\nit is refused, because something is missing:\n  \
         {1} has no signature by acme: there is no evidence beside it\n",
        at.host(),
        app.digest
    );
    assert_eq!(run.stdout, expected);
    pen.sign(&app, &repository).await;
    let run = explain("team/app").await;
    expect(&run, 0);
    assert!(run.stdout.contains("it may pass:\n"), "{}", run.stdout);

    graph
        .push_to(&remote(&at.repository("free")))
        .await
        .unwrap();
    graph
        .push_to(&remote(&at.repository("other")))
        .await
        .unwrap();
    let run = explain("free").await;
    expect(&run, 0);
    assert!(
        run.stdout.contains("may be unsigned: made here"),
        "{}",
        run.stdout
    );
    let run = explain("other").await;
    expect(&run, 5);
    assert!(
        run.stderr.contains("not known (rule \"default\")"),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn a_policy_goes_to_nodes_and_back() {
    let (home, pen) = (Home::new(), Pen::new());
    let tool = at_home(&home);
    pen.file(&home, "acme.pub");
    let policy = "version: 1\nsigners:\n  acme: {key: acme.pub, tlog: ignore}\ndefault: {refuse: not known}\nrules:\n  \
                  - {scope: registry.example/team, signed-by: acme}\n";
    home.write("policy.yaml", policy);
    let run = tool
        .run([
            "policy",
            "export",
            "policy.yaml",
            "-o",
            "node",
            "--copied",
            "registry.example/team/app=mirror.example/app",
        ])
        .await;
    expect(&run, 0);
    let read = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap();
    let written: Value = serde_json::from_str(&read("node/policy.json")).unwrap();
    let there = &written["transports"]["docker"]["mirror.example/app"][0];
    assert_eq!(there["type"], "sigstoreSigned");
    assert_eq!(written["default"], json!([{"type": "reject"}]));
    let registries = read("node/registries.d/transship.yaml");
    assert!(
        registries.contains("\"mirror.example/app\":\n    use-sigstore-attachments: true"),
        "{registries}"
    );

    let run = tool
        .run(["policy", "import", "node/policy.json", "-o", "back.yaml"])
        .await;
    expect(&run, 0);
    let run = tool.run(["policy", "lint", "back.yaml"]).await;
    expect(&run, 0);
    assert!(read("back.yaml").contains("mirror.example/app"));
    let run = tool.run(["policy", "import", "policy.yaml"]).await;
    expect(&run, 2);
    home.write(
        "twice.json",
        r#"{"default": [{"type": "reject"}], "default": []}"#,
    );
    expect(&tool.run(["policy", "import", "twice.json"]).await, 2);
}

#[tokio::test]
async fn the_schema_is_json() {
    let run = transship().run(["policy", "schema"]).await;
    expect(&run, 0);
    let schema: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(schema["title"], "PolicyFile");
}
