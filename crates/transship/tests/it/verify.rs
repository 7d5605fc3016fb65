//! `verify`: cosign's flags, every verdict, and an exit code for each.

use transship_oci::Descriptor;
use transship_testkit::{
    fault::{Answer, FaultRegistry, Route, on},
    peers::{Home, Tool},
};

use crate::{
    pen::Pen,
    world::{at_home, expect, faulty, json, registry, remote, transship, unsigned_app},
};

/// A registry with an index of two platforms at `app:1.4`.
struct Scene {
    home: Home,
    tool: Tool,
    registry: FaultRegistry,
    app: Descriptor,
    children: Vec<Descriptor>,
    reference: String,
}

impl Scene {
    async fn at(registry: FaultRegistry) -> Self {
        let (graph, app) = unsigned_app();
        let repository = remote(&registry.repository("app"));
        graph.push_to(&repository).await.unwrap();
        let index = graph.manifest(&app.digest).unwrap().children().unwrap();
        let home = Home::new();
        Self {
            tool: at_home(&home),
            home,
            reference: format!("{}/app:1.4", registry.host()),
            registry,
            app,
            children: index.manifests,
        }
    }

    async fn new() -> Self {
        Self::at(registry().await).await
    }

    fn remote(&self) -> transship_registry_client::RemoteRepository {
        remote(&self.registry.repository("app"))
    }

    async fn verify(&self, key: &str, more: &[&str]) -> transship_testkit::peers::Run {
        let first = ["verify", &self.reference, "--key", key];
        self.tool.run([&first[..], more].concat()).await
    }
}

const NO_LOG: &str = "--insecure-ignore-tlog";

#[tokio::test]
async fn a_key_is_a_file_a_variable_or_itself() {
    let scene = Scene::new().await;
    let (pen, other) = (Pen::new(), Pen::new());
    pen.sign(&scene.app, &scene.remote()).await;
    let file = pen.file(&scene.home, "cosign.pub").display().to_string();
    let tool = scene.tool.clone().env("ACME_KEY", &pen.public());
    for key in [file.as_str(), "env://ACME_KEY", &pen.public()] {
        let run = tool
            .run(["verify", &scene.reference, "--key", key, NO_LOG])
            .await;
        expect(&run, 0);
        let said = format!("{} has a signature by the given key", scene.app.digest);
        assert!(run.stdout.contains(&said), "{}", run.stdout);
        assert_eq!(run.stderr, "");
    }
    let other = other.public();
    let several = [&["--key", &file, NO_LOG][..]].concat();
    expect(&scene.verify(&other, &several).await, 0);
}

#[tokio::test]
async fn every_verdict_has_its_code_and_its_reason() {
    let pen = Pen::new();
    let scene = Scene::new().await;
    let missing = scene.verify(&pen.public(), &[NO_LOG]).await;
    expect(&missing, 6);
    assert!(
        missing.stderr.contains("has no signature by the given key"),
        "{}",
        missing.stderr
    );
    assert!(missing.stderr.contains("hint: "), "{}", missing.stderr);

    pen.sign(&scene.app, &scene.remote()).await;
    let stranger = scene.verify(&Pen::new().public(), &[NO_LOG]).await;
    expect(&stranger, 5);
    assert!(
        stranger.stdout.contains("untrusted-signer"),
        "{}",
        stranger.stdout
    );
    let unlogged = scene.verify(&pen.public(), &[]).await;
    expect(&unlogged, 5);
    assert!(
        unlogged.stdout.contains("no-log-entry"),
        "{}",
        unlogged.stdout
    );
    assert!(
        unlogged.stderr.contains("--insecure-ignore-tlog"),
        "{}",
        unlogged.stderr
    );
    expect(&scene.verify(&pen.public(), &[NO_LOG]).await, 0);

    pen.annotate(&scene.app, &[("stage", "prod")], &scene.remote())
        .await;
    let annotated = ["-a", "stage=prod", NO_LOG];
    expect(&scene.verify(&pen.public(), &annotated).await, 0);
    expect(
        &scene
            .verify(&pen.public(), &["-a", "stage=dev", NO_LOG])
            .await,
        5,
    );
}

#[tokio::test]
async fn a_forged_signature_is_bad_whatever_lies_beside_it() {
    let scene = Scene::new().await;
    let pen = Pen::new();
    pen.forge(&scene.app, &scene.remote()).await;
    let run = scene.verify(&pen.public(), &[NO_LOG]).await;
    expect(&run, 5);
    assert!(run.stdout.contains("bad-signature"), "{}", run.stdout);
}

#[tokio::test]
async fn what_cannot_be_read_cannot_be_checked() {
    let gone = on(Route::GetBlob).answer(Answer::error(404, "BLOB_UNKNOWN", "gone"));
    let scene = Scene::at(faulty(vec![gone]).await).await;
    let pen = Pen::new();
    pen.sign(&scene.app, &scene.remote()).await;
    let run = scene.verify(&pen.public(), &[NO_LOG]).await;
    expect(&run, 7);
    assert!(
        run.stderr.contains("is listed as evidence for") && run.stderr.contains("cannot be read"),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn every_child_is_asked_for_where_that_is_wanted() {
    let scene = Scene::new().await;
    let pen = Pen::new();
    let repository = scene.remote();
    pen.sign(&scene.app, &repository).await;
    pen.sign_in_tag(&scene.children[0], &repository).await;
    let run = scene.verify(&pen.public(), &["--recursive", NO_LOG]).await;
    expect(&run, 6);
    let said = format!(
        "{} (linux/arm64) has no signature",
        scene.children[1].digest
    );
    assert!(run.stderr.contains(&said), "{}", run.stderr);
    pen.sign_in_tag(&scene.children[1], &repository).await;
    expect(
        &scene.verify(&pen.public(), &["--recursive", NO_LOG]).await,
        0,
    );
}

#[tokio::test]
async fn a_machine_reads_every_piece_and_every_reason() {
    let scene = Scene::new().await;
    let (pen, other) = (Pen::new(), Pen::new());
    let repository = scene.remote();
    other.sign(&scene.app, &repository).await;
    pen.sign_in_tag(&scene.app, &repository).await;
    scene.registry.forget();
    let run = scene
        .verify(&pen.public(), &[NO_LOG, "--format", "json"])
        .await;
    expect(&run, 0);
    let said = json(&run);
    assert_eq!(said["reference"], scene.reference);
    assert_eq!(said["root"], scene.app.digest.to_string());
    assert_eq!(
        (&said["class"], &said["outcome"]),
        (&"good".into(), &"accepted".into())
    );
    let findings = said["checks"][0]["findings"].as_array().unwrap();
    let mut outcomes: Vec<_> = findings
        .iter()
        .map(|one| one["outcome"].as_str().unwrap())
        .collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["accepted", "untrusted-signer"]);
    assert!(
        findings
            .iter()
            .all(|one| !one["detail"].as_str().unwrap().is_empty())
    );
    // The manifests of the SBOM and of the two signatures, and the two signatures. The artifact itself is only looked up,
    // and the children are none of the rule's.
    assert_eq!(
        scene.registry.count(Route::GetManifest),
        3,
        "{:?}",
        scene.registry.counts()
    );
    assert_eq!(scene.registry.count(Route::GetBlob), 2);
    assert_eq!(scene.registry.count(Route::Referrers), 1);
}

#[tokio::test]
async fn a_policy_of_either_kind_serves() {
    let scene = Scene::new().await;
    let pen = Pen::new();
    // podman and skopeo look at the image of a platform, never at the index.
    for subject in scene.children.iter().chain([&scene.app]) {
        pen.sign_in_tag(subject, &scene.remote()).await;
    }
    let own = pen.policy(&scene.home).display().to_string();
    let run = scene
        .tool
        .run(["verify", &scene.reference, "--policy", &own])
        .await;
    expect(&run, 0);
    assert!(
        run.stdout.contains("rule \"default\" holds"),
        "{}",
        run.stdout
    );
    let key = scene.home.path().join("acme.pub").display().to_string();
    let containers = serde_json::json!({
        "default": [{"type": "reject"}],
        "transports": {"docker": {scene.registry.host(): [{
            "type": "sigstoreSigned", "keyPath": key, "signedIdentity": {"type": "matchRepository"},
        }]}},
    });
    let containers = scene.home.write("policy.json", containers.to_string());
    let containers = containers.display().to_string();
    let run = scene
        .tool
        .run(["verify", &scene.reference, "--policy", &containers])
        .await;
    expect(&run, 0);
}

#[tokio::test]
async fn slips_are_said_before_anything_is_asked() {
    let tool = transship();
    let identity = ["--certificate-identity", "me@example.com"];
    for (flags, said) in [
        (&[][..], "--key"),
        (&["--key", "no-such.pub"], "no-such.pub"),
        (&["--key", "env://NOWHERE"], "NOWHERE"),
        (
            &["--key", "a.pub", "--certificate-identity", "x"],
            "cannot be used with",
        ),
        (
            &["--policy", "p.yaml", "--key", "a.pub"],
            "cannot be used with",
        ),
        (&["--key", "a.pub", "-a", "nothing"], "KEY=VALUE"),
        (&identity, "issuer"),
    ] {
        let run = tool
            .run([&["verify", "127.0.0.1:1/app:1"][..], flags].concat())
            .await;
        expect(&run, 2);
        assert!(run.stderr.contains(said), "{flags:?}: {}", run.stderr);
    }
}

#[tokio::test]
async fn an_identity_is_matched_whole_and_an_unanchored_pattern_is_remarked_on() {
    let scene = Scene::new().await;
    Pen::new().sign(&scene.app, &scene.remote()).await;
    let run = scene
        .tool
        .run([
            "verify",
            &scene.reference,
            "--certificate-identity-regexp",
            "acme",
            "--certificate-oidc-issuer",
            "https://accounts.example.com",
        ])
        .await;
    expect(&run, 5);
    assert!(run.stderr.contains("note: the pattern"), "{}", run.stderr);
    assert!(run.stderr.contains("is not anchored"), "{}", run.stderr);
    assert!(run.stdout.contains("trust root sha256:"), "{}", run.stdout);
}
