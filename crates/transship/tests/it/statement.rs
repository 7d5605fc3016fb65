//! The signed record of a run: what is in it, who accepts it, and what is refused.

use std::fs;

use serde_json::{Value, json};
use transship_oci::{Descriptor, Sink};
use transship_testkit::{
    fault::FaultRegistry,
    peers::{Cosign, Home, Run, Tool, Version},
};

use crate::{
    sign::plain_app,
    world::{at_home, expect, json, registry, remote},
};

const POLICY: &str = r"
version: 1
signers:
  acme: {key: cosign.pub, tlog: ignore}
default:
  signed-by: acme
";
const RUN: &str = "urn:transship:run:v1";

struct Scene {
    from: FaultRegistry,
    to: FaultRegistry,
    home: Home,
    tool: Tool,
    app: Descriptor,
}

impl Scene {
    /// A signed app at one registry, and another registry to copy it to.
    async fn start() -> Self {
        let (from, to, home) = (registry().await, registry().await, Home::new());
        let (graph, app, _) = plain_app();
        let tool = at_home(&home);
        let scene = Self {
            from,
            to,
            home,
            tool,
            app,
        };
        graph
            .push_to(&remote(&scene.from.repository("app")))
            .await
            .unwrap();
        scene.home.write("policy.yaml", POLICY);
        scene.tool.ok(["key", "generate"]).await;
        scene
            .tool
            .ok(["sign", &scene.source(), "--key=cosign.key"])
            .await;
        scene
    }

    fn source(&self) -> String {
        format!("{}:1.4", self.from.repository("app"))
    }

    fn target(&self) -> String {
        format!("{}:1.4", self.to.repository("app"))
    }

    async fn copy(&self, more: &[&str]) -> Run {
        let (source, target) = (self.source(), self.target());
        let common = ["copy", &source, &target, "--statement-key=cosign.key"];
        self.tool.run([&common[..], more].concat()).await
    }

    fn written(&self, name: &str) -> Vec<u8> {
        fs::read(self.home.path().join(name)).unwrap()
    }

    async fn verified(&self, name: &str) -> Value {
        let flags = [
            "statement",
            "verify",
            name,
            "--key=cosign.pub",
            "--format=json",
        ];
        let run = self.tool.run(flags).await;
        expect(&run, 0);
        json(&run)
    }

    async fn beside_the_target(&self) -> usize {
        let repository = remote(&self.to.repository("app"));
        Sink::referrers(&repository, &self.app.digest)
            .await
            .unwrap()
            .len()
    }
}

#[tokio::test]
async fn a_statement_tells_all_that_a_run_did() {
    let scene = Scene::start().await;
    let run = scene
        .copy(&["--policy=policy.yaml", "--statement=run.json"])
        .await;
    expect(&run, 0);
    let said = scene.verified("run.json").await;
    let digest = scene.app.digest.to_string();
    let record = &said["record"];
    assert_eq!(
        record["program"],
        json!({"name": "transship", "version": env!("CARGO_PKG_VERSION")})
    );
    let policy = transship_oci::Digest::sha256(POLICY.as_bytes());
    assert_eq!(record["policy"], policy.to_string());
    let moved = &record["artifacts"][0];
    assert_eq!(record["artifacts"].as_array().unwrap().len(), 1);
    assert_eq!(moved["source"], scene.source());
    assert_eq!(moved["sourceDigest"], digest);
    assert_eq!(moved["digest"], digest);
    assert_eq!(moved["targets"], json!([scene.target()]));
    let referrer = &moved["referrers"][0];
    assert_eq!(moved["referrers"].as_array().unwrap().len(), 1);
    let accepted = &moved["verdict"]["accepted"][0];
    assert_eq!(moved["verdict"]["class"], "good");
    assert_eq!(accepted["signer"], "acme");
    assert_eq!(accepted["key"], said["by"]);
    assert_eq!(&accepted["manifest"], referrer);
    // Nothing of it is a secret, and nothing of it is a time.
    let text = String::from_utf8(scene.written("run.json")).unwrap();
    assert!(text.contains("application/vnd.dev.sigstore.bundle.v0.3+json"));
}

#[tokio::test]
async fn the_same_run_gives_the_same_bytes() {
    let scene = Scene::start().await;
    let policy = "--policy=policy.yaml";
    expect(&scene.copy(&[policy, "--statement=one.json"]).await, 0);
    let again = scene.copy(&[policy, "--statement=two.json"]).await;
    expect(&again, 0);
    assert!(again.stdout.contains("unchanged"), "{}", again.stdout);
    assert_eq!(scene.written("one.json"), scene.written("two.json"));
}

#[tokio::test]
async fn cosign_accepts_the_statement_and_refuses_it_for_another_artifact() {
    let scene = Scene::start().await;
    let Some(cosign) = Cosign::new(Version::V3, &scene.home).await else {
        return;
    };
    expect(&scene.copy(&["--statement=run.json"]).await, 0);
    let ask = async |hex: &str| {
        let digest = format!("--digest={hex}");
        let kind = format!("--type={RUN}");
        let flags = [
            "verify-blob-attestation",
            "--key=cosign.pub",
            "--bundle=run.json",
            "--insecure-ignore-tlog",
            "--digestAlg=sha256",
            &digest,
            &kind,
        ];
        cosign.tool().run(flags).await
    };
    let yes = ask(&scene.app.digest.hex()).await;
    assert_eq!(yes.code(), 0, "{}", yes.stderr);
    let no = ask(&"0".repeat(64)).await;
    assert_ne!(no.code(), 0);
}

#[tokio::test]
async fn a_statement_that_was_changed_or_is_by_another_is_refused() {
    let scene = Scene::start().await;
    expect(&scene.copy(&["--statement=run.json"]).await, 0);
    scene
        .tool
        .ok(["key", "generate", "--output-key-prefix=other"])
        .await;
    let verify = async |file: &str, key: &str| {
        let key = format!("--key={key}");
        scene.tool.run(["statement", "verify", file, &key]).await
    };
    let run = verify("run.json", "other.pub").await;
    expect(&run, 5);
    assert!(run.stderr.contains("untrusted-signer"), "{}", run.stderr);

    let mut bundle: Value = serde_json::from_slice(&scene.written("run.json")).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    // The first letter of the payload stands for its first six bits; another one is another payload.
    let changed = format!("f{}", &payload[1..]);
    bundle["dsseEnvelope"]["payload"] = changed.into();
    scene.home.write("changed.json", bundle.to_string());
    let run = verify("changed.json", "cosign.pub").await;
    expect(&run, 5);
    assert!(run.stderr.contains("bad-signature"), "{}", run.stderr);

    let run = verify("policy.yaml", "cosign.pub").await;
    expect(&run, 5);
    let run = verify("run.json", "cosign.key").await;
    expect(&run, 2);
}

#[tokio::test]
async fn show_reads_and_says_that_nothing_was_checked() {
    let scene = Scene::start().await;
    expect(&scene.copy(&["--statement=run.json"]).await, 0);
    let run = scene.tool.run(["statement", "show", "run.json"]).await;
    expect(&run, 0);
    assert!(run.stdout.contains(&scene.target()), "{}", run.stdout);
    assert!(run.stdout.contains("under no policy"), "{}", run.stdout);
    assert!(
        run.stderr.contains("the signature was not checked"),
        "{}",
        run.stderr
    );
    let run = scene.tool.run(["statement", "show", "policy.yaml"]).await;
    expect(&run, 2);
}

#[tokio::test]
async fn a_statement_can_lie_beside_the_artifact_and_is_put_there_once() {
    let scene = Scene::start().await;
    expect(&scene.copy(&["--attach-statement"]).await, 0);
    // The signature that came along, and the statement.
    assert_eq!(scene.beside_the_target().await, 2);
    expect(&scene.copy(&["--attach-statement"]).await, 0);
    assert_eq!(scene.beside_the_target().await, 2);
}

#[tokio::test]
async fn what_was_refused_is_not_stated() {
    let scene = Scene::start().await;
    scene
        .tool
        .ok(["key", "generate", "--output-key-prefix=other"])
        .await;
    scene
        .home
        .write("strict.yaml", POLICY.replace("cosign.pub", "other.pub"));
    let run = scene
        .copy(&["--policy=strict.yaml", "--statement=run.json"])
        .await;
    expect(&run, 5);
    assert!(run.stderr.contains("nothing was stated"), "{}", run.stderr);
    assert!(!scene.home.path().join("run.json").exists());
}

#[tokio::test]
async fn a_statement_that_cannot_be_made_stops_the_run_before_it_begins() {
    let scene = Scene::start().await;
    for (flags, said) in [
        (
            &["--statement=run.json", "--statement-key=none.key"][..],
            "no such file",
        ),
        (&["--statement=run.json"], "--statement-key"),
        (&["--statement-key=cosign.key"], "states nothing"),
    ] {
        let (source, target) = (scene.source(), scene.target());
        let common = ["copy", &source, &target];
        let run = scene.tool.run([&common[..], flags].concat()).await;
        expect(&run, 2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    assert_eq!(scene.beside_the_target().await, 0);
}

#[tokio::test]
async fn a_statement_is_judged_by_an_identity_an_authority_or_a_policys_signer_too() {
    let scene = Scene::start().await;
    expect(&scene.copy(&["--statement=run.json"]).await, 0);
    let record = scene.verified("run.json").await["record"].clone();
    let forge = transship_testkit::sigstore::Forge::new();
    let [between, root] = forge.certificates();
    let files = [
        ("chain.pem", format!("{between}{root}")),
        ("root.json", forge.trusted_root().to_string()),
        (
            "policy.yaml",
            "version: 1\ntrust-root: root.json\nsigners:\n  acme: {key: cosign.pub, tlog: ignore}\n  ci: {keyless: {identities: [{subject: ci@example.com, issuer: 'https://idp.example'}]}}\n  old: {openpgp: {keyring: ring.gpg}}\ndefault: {refuse: nothing is pulled by this}\n".to_owned(),
        ),
    ];
    for (name, text) in files {
        scene.home.write(name, text);
    }
    let ci = forge.signer("ci@example.com", "https://idp.example");
    let logged = ci.attest(&scene.app.digest, RUN, &record);
    let private = ci.private().attest(&scene.app.digest, RUN, &record);
    scene.home.write("logged.json", logged.to_string());
    scene.home.write("private.json", private.to_string());
    let ci = [
        "--certificate-identity=ci@example.com",
        "--certificate-oidc-issuer=https://idp.example",
        "--trusted-root=root.json",
    ];
    let own = [
        "--certificate-identity=ci@example.com",
        "--certificate-chain=chain.pem",
    ];
    let by = "signed by ci@example.com (https://idp.example)\n";
    for (file, flags, code, said) in [
        ("logged.json", &ci[..], 0, by),
        (
            "logged.json",
            &["--policy=policy.yaml", "--signer=ci"],
            0,
            by,
        ),
        (
            "logged.json",
            &["--policy=policy.yaml", "--signer=acme"],
            5,
            "untrusted-signer",
        ),
        (
            "run.json",
            &["--policy=policy.yaml", "--signer=acme"],
            0,
            "signed by key ",
        ),
        (
            "run.json",
            &["--policy=policy.yaml", "--signer=ci"],
            5,
            "untrusted-signer",
        ),
        (
            "run.json",
            &["--policy=policy.yaml", "--signer=old"],
            7,
            "OpenPGP signatures are not supported",
        ),
        (
            "run.json",
            &["--policy=policy.yaml", "--signer=nobody"],
            2,
            "its signers are: acme, ci, old",
        ),
        ("run.json", &["--policy=policy.yaml"], 2, "--signer"),
        (
            "run.json",
            &["--policy=policy.yaml", "--signer=ci", "--key=cosign.pub"],
            2,
            "cannot be used with",
        ),
        ("private.json", &own, 0, by),
        ("private.json", &ci, 5, "no-log-entry"),
        ("run.json", &own, 5, "untrusted-signer"),
        ("run.json", &[], 2, "--key"),
    ] {
        let first = ["statement", "verify", file];
        let run = scene.tool.run([&first[..], flags].concat()).await;
        expect(&run, code);
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(all.contains(said), "{file} {flags:?}: {all}");
    }
}

#[tokio::test]
async fn applying_a_plan_leaves_the_statement_that_copying_would() {
    let scene = Scene::start().await;
    let (source, target) = (scene.source(), scene.target());
    let plan = [
        "copy",
        &source,
        &target,
        "--policy=policy.yaml",
        "--plan=plan.json",
    ];
    expect(&scene.tool.run(plan).await, 0);
    let apply = async |more: &[&str]| {
        let first = ["apply", "plan.json"];
        scene.tool.run([&first[..], more].concat()).await
    };
    expect(&apply(&["--statement=applied.json"]).await, 2);
    let stated = [
        "--statement=applied.json",
        "--statement-key=cosign.key",
        "--attach-statement",
    ];
    expect(&apply(&stated).await, 0);
    assert_eq!(scene.beside_the_target().await, 2);
    let said = scene.verified("applied.json").await;
    assert_eq!(said["record"]["artifacts"][0]["verdict"]["class"], "good");
    let run = scene
        .copy(&["--policy=policy.yaml", "--statement=copied.json"])
        .await;
    expect(&run, 0);
    assert_eq!(scene.written("applied.json"), scene.written("copied.json"));
}
