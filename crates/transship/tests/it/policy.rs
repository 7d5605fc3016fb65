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
async fn an_import_keeps_what_people_wrote_and_asks_before_it_changes_what_is_said() {
    let home = Home::new();
    let tool = at_home(&home);
    let old = "# ask the platform team\n\nversion: 1\nsigners:\n  acme: {key: acme.pub, tlog: ignore} # in the vault\ndefault: {refuse: policy.json rejects it}\n\
               rules:\n  # the base\n  - scope: b.example/base\n    signed-by: acme # for now\n    at: every-child\n    signed-name: {match: repository}\n";
    home.write("policy.yaml", old);
    let one = r#"{"type": "sigstoreSigned", "keyPath": "acme.pub", "signedIdentity": {"type": "matchRepository"}}"#;
    let json = |more: &str| {
        format!(
            r#"{{"default": [{{"type": "reject"}}], "transports": {{"docker": {{{more}"b.example/base": [{one}]}}}}}}"#
        )
    };
    home.write("policy.json", json(""));
    let import = ["policy", "import", "policy.json", "-o", "policy.yaml"];
    let read = || std::fs::read_to_string(home.path().join("policy.yaml")).unwrap();
    expect(&tool.run(import).await, 0);
    assert_eq!(read(), old);

    home.write(
        "policy.json",
        json(r#""a.example": [{"type": "reject"}], "#),
    );
    let run = tool.run(import).await;
    expect(&run, 1);
    assert!(
        run.stderr
            .contains("policy.yaml: rule \"a.example\" is new\n")
            && run
                .stderr
                .contains("policy.yaml: the policy there says something else\n"),
        "{}",
        run.stderr
    );
    assert_eq!(read(), old);
    let run = tool.run(import.into_iter().chain(["--force"])).await;
    expect(&run, 0);
    assert_eq!(
        read(),
        format!("{old}  - scope: a.example\n    refuse: policy.json rejects it\n")
    );
    home.write("policy.yaml", "no: policy\n");
    let run = tool.run(import.into_iter().chain(["--force"])).await;
    expect(&run, 2);
    assert_eq!(read(), "no: policy\n");
}

#[tokio::test]
async fn an_export_leaves_in_its_folder_what_is_not_its_own() {
    let (home, pen) = (Home::new(), Pen::new());
    let tool = at_home(&home);
    pen.file(&home, "acme.pub");
    let policy = "version: 1\nsigners:\n  acme: {key: acme.pub, tlog: ignore}\ndefault: {refuse: not known}\nrules:\n  \
                  - {scope: registry.example/team, signed-by: acme}\n";
    home.write("policy.yaml", policy);
    let own = "# ours\ndocker:\n  other.example: {lookaside: https://other.example} # for gpg\n";
    home.write("node/registries.d/transship.yaml", own);
    let foreign = "docker:\n  registry.example/team: {lookaside: https://other.example}\n";
    home.write("node/registries.d/vendor.yaml", foreign);
    home.write("node/registries.d/README", "docker: [");
    home.write("node/policy.json", r#"{"default": [{"type": "reject"}]}"#);
    let read = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap();
    let export = ["policy", "export", "policy.yaml", "-o", "node"];
    let run = tool.run(export).await;
    expect(&run, 1);
    assert!(
        run.stderr
            .contains("node/policy.json: the policy there says something else"),
        "{}",
        run.stderr
    );
    let forced = || export.into_iter().chain(["--force"]);
    let run = tool.run(forced()).await;
    expect(&run, 1);
    assert!(
        run.stderr.contains(
            "node/registries.d/vendor.yaml: \"registry.example/team\" has other settings here"
        ),
        "{}",
        run.stderr
    );
    // Nothing was written so far.
    assert_eq!(
        read("node/policy.json"),
        r#"{"default": [{"type": "reject"}]}"#
    );
    assert_eq!(read("node/registries.d/transship.yaml"), own);

    home.write("node/registries.d/vendor.yaml", "docker: {}\n");
    expect(&tool.run(forced()).await, 0);
    let merged = format!("{own}  registry.example/team:\n    use-sigstore-attachments: true\n");
    assert_eq!(read("node/registries.d/transship.yaml"), merged);
    let written: Value = serde_json::from_str(&read("node/policy.json")).unwrap();
    assert!(written["transports"]["docker"]["registry.example/team"].is_array());
    // Once more is no change, and needs no force.
    expect(&tool.run(export).await, 0);
    assert_eq!(read("node/registries.d/transship.yaml"), merged);
}

#[tokio::test]
async fn the_schema_is_json() {
    let run = transship().run(["policy", "schema"]).await;
    expect(&run, 0);
    let schema: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(schema["title"], "PolicyFile");
}
