//! Signatures across programs: what cosign signs is judged here, what is signed here is judged by cosign and by the library
//! of podman and skopeo; at every registry.

use std::collections::BTreeMap;

use transship_oci::{Descriptor, Digest, Repository};
use transship_testkit::peers::{Cosign, Home, Run, Tool, Version};

use super::place::{Kind, Place};
use crate::{
    sign::plain_app,
    world::{at_home, expect, json, remote},
};

const SLSA: &str = "slsaprovenance1";
const PROVENANCE: &str = r#"{"buildDefinition":{"buildType":"https://build.example/v1","externalParameters":{},"resolvedDependencies":[]},"runDetails":{"builder":{"id":"https://build.example"}}}"#;
const BOM: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}"#;

struct Scene {
    place: Place,
    home: Home,
    two: Cosign,
    three: Cosign,
    ours: Tool,
    app: Descriptor,
    children: Vec<Digest>,
}

impl Scene {
    /// An unsigned app; a key pair that cosign made and all share.
    async fn start(kind: Kind) -> Option<Self> {
        let home = Home::new();
        let place = Place::start(kind).await?;
        let two = Cosign::new(Version::V2, &home).await?;
        let three = Cosign::new(Version::V3, &home).await?;
        let (graph, app, children) = plain_app();
        graph
            .push_to(&remote(&place.repository("app")))
            .await
            .unwrap();
        Some(Self {
            ours: at_home(&home),
            place,
            home,
            two,
            three,
            app,
            children,
        })
    }

    fn at(&self, digest: Digest) -> String {
        self.place.at(&format!("app@{digest}"))
    }

    fn all(&self) -> impl Iterator<Item = Digest> {
        std::iter::once(self.app.digest).chain(self.children.iter().copied())
    }

    async fn sign(&self, more: &[&str]) {
        let reference = self.place.at("app:1.4");
        let common = ["sign", &reference, "--key=cosign.key"];
        self.ours.ok([&common[..], more].concat()).await;
    }

    async fn attest(&self, kind: &str, form: &str, predicate: &str) {
        self.home.write("said.json", predicate);
        let reference = self.place.at("app:1.4");
        let (kind, form) = (format!("--type={kind}"), format!("--format={form}"));
        let said = "--predicate=said.json";
        let flags = ["attest", &reference, "--key=cosign.key", &kind, &form, said];
        self.ours.ok(flags).await;
    }

    async fn verify(&self, digest: Digest, more: &[&str]) -> Run {
        let reference = self.at(digest);
        let common = ["verify", &reference];
        self.ours.run([&common[..], more].concat()).await
    }

    async fn by_key(&self, digest: Digest) -> Run {
        let flags = [
            "--key=cosign.pub",
            "--insecure-ignore-tlog",
            "--format=json",
        ];
        self.verify(digest, &flags).await
    }

    fn policy(&self, rule: &str) {
        let text = format!(
            "version: 1\nsigners:\n  acme: {{key: cosign.pub, tlog: ignore}}\ndefault:\n{rule}"
        );
        self.home.write("policy.yaml", text);
    }
}

/// How many pieces of evidence of each form were accepted.
fn accepted(run: &Run) -> BTreeMap<String, usize> {
    let mut forms = BTreeMap::new();
    for check in json(run)["checks"].as_array().unwrap() {
        for finding in check["findings"].as_array().unwrap() {
            if finding["outcome"] == "accepted" {
                let form = finding["form"].as_str().unwrap().to_owned();
                *forms.entry(form).or_default() += 1;
            }
        }
    }
    forms
}

async fn theirs(kind: Kind) {
    let Some(scene) = Scene::start(kind).await else {
        return;
    };
    let index = scene.at(scene.app.digest);
    expect(&scene.by_key(scene.app.digest).await, 6);
    scene.two.sign_recursive(&index).await;
    scene.two.sign_as_referrer(&index).await;
    scene.three.sign_recursive(&index).await;
    let run = scene.by_key(scene.app.digest).await;
    expect(&run, 0);
    let every = ["bundle", "legacy-referrer", "legacy-tag"].map(|form| (form.to_owned(), 1));
    assert_eq!(accepted(&run), BTreeMap::from(every));
    for child in &scene.children {
        let run = scene.by_key(*child).await;
        expect(&run, 0);
        let both = ["bundle", "legacy-tag"].map(|form| (form.to_owned(), 1));
        assert_eq!(accepted(&run), BTreeMap::from(both));
    }

    // A key that had no part in it.
    scene
        .ours
        .ok(["key", "generate", "--output-key-prefix=other"])
        .await;
    let other = ["--key=other.pub", "--insecure-ignore-tlog"];
    expect(&scene.verify(scene.app.digest, &other).await, 5);

    // Provenance and a bill of materials, each demanded, in each form.
    let rule = format!(
        "  signed-by: acme\n  at: both\n  attestations:\n    - {{type: {SLSA}, at: index, conditions: [{{pointer: /runDetails/builder/id, equals: 'https://build.example'}}]}}\n    - {{type: cyclonedx, at: index}}\n"
    );
    scene.policy(&rule);
    let policy = ["--policy=policy.yaml"];
    expect(&scene.verify(scene.app.digest, &policy).await, 6);
    scene.two.attest_as(SLSA, &index, PROVENANCE).await;
    scene.three.attest_as("cyclonedx", &index, BOM).await;
    expect(&scene.verify(scene.app.digest, &policy).await, 0);
    let strict = rule.replace(
        "equals: 'https://build.example'",
        "equals: 'https://other.example'",
    );
    scene.policy(&strict);
    expect(&scene.verify(scene.app.digest, &policy).await, 5);
}

#[tokio::test]
async fn what_cosign_signs_at_docker_registry_is_accepted_here() {
    theirs(Kind::Debian).await;
}

#[tokio::test]
async fn what_cosign_signs_at_distribution_is_accepted_here() {
    theirs(Kind::Distribution).await;
}

#[tokio::test]
async fn what_cosign_signs_at_our_registry_is_accepted_here() {
    theirs(Kind::Ours).await;
}

async fn ours(kind: Kind) {
    let Some(scene) = Scene::start(kind).await else {
        return;
    };
    let index = scene.at(scene.app.digest);
    let verified = async |cosign: &Cosign, subject: Digest| {
        let run = cosign.verify(&scene.at(subject)).await;
        assert_eq!(run.code(), 0, "{subject}: {}", run.stderr);
    };
    assert_ne!(scene.two.verify(&index).await.code(), 0);
    // The first form comes first: where there are bundles, cosign 2.6 looks at nothing else.
    scene.sign(&["--recursive", "--format=cosign"]).await;
    for subject in scene.all() {
        verified(&scene.two, subject).await;
    }
    scene.attest("cyclonedx", "cosign", BOM).await;
    let run = scene.two.verify_attestation_as("cyclonedx", &index).await;
    assert_eq!(run.code(), 0, "{}", run.stderr);
    // cosign finds its own payload signed with its own key there, and adds nothing; what says more is added.
    scene.two.sign_into_tag(&index).await;
    scene.sign(&["--format=cosign", "-a", "by=us"]).await;
    verified(&scene.two, scene.app.digest).await;
    let run = scene.by_key(scene.app.digest).await;
    expect(&run, 0);
    assert_eq!(
        accepted(&run),
        BTreeMap::from([("legacy-tag".to_owned(), 2)])
    );

    scene.sign(&["--recursive"]).await;
    for subject in scene.all() {
        verified(&scene.three, subject).await;
    }
    scene.attest(SLSA, "bundle", PROVENANCE).await;
    let run = scene.three.verify_attestation_as(SLSA, &index).await;
    assert_eq!(run.code(), 0, "{}", run.stderr);
}

#[tokio::test]
async fn what_is_signed_here_is_accepted_by_cosign_at_docker_registry() {
    ours(Kind::Debian).await;
}

#[tokio::test]
async fn what_is_signed_here_is_accepted_by_cosign_at_distribution() {
    ours(Kind::Distribution).await;
}

#[tokio::test]
async fn what_is_signed_here_is_accepted_by_cosign_at_our_registry() {
    ours(Kind::Ours).await;
}

/// Copies by the library of podman and skopeo, under a policy that wants this key.
async fn polcopy(scene: &Scene, polcopy: &Tool, key: &str, identity: &str) -> Run {
    let host = scene.place.host();
    let key = scene.home.path().join(key);
    let policy = format!(
        r#"{{"default":[{{"type":"reject"}}],"transports":{{"docker":{{"{host}":[{{"type":"sigstoreSigned","keyPath":"{}","signedIdentity":{identity}}}]}}}}}}"#,
        key.display()
    );
    scene.home.write("policy.json", policy);
    let attachments = format!("docker:\n  {host}: {{use-sigstore-attachments: true}}\n");
    scene.home.write("registries.d/here.yaml", attachments);
    let source = format!("docker://{}", scene.place.at("app:1.4"));
    polcopy
        .run(["policy.json", "registries.d", &source, "dir:out"])
        .await
}

#[tokio::test]
async fn podmans_library_accepts_what_is_signed_here_for_the_children() {
    for kind in Kind::ALL {
        let Some(scene) = Scene::start(kind).await else {
            return;
        };
        let Some(tool) = Tool::new("polcopy", &scene.home) else {
            return;
        };
        let tool = tool.env("ALL", "1");
        let repository = r#"{"type":"matchRepository"}"#;
        let run = polcopy(&scene, &tool, "cosign.pub", repository).await;
        assert_eq!(run.code(), 1, "{kind:?}");
        assert!(run.stderr.contains("no signature exists"), "{}", run.stderr);

        scene.sign(&["--recursive", "--format=cosign"]).await;
        let run = polcopy(&scene, &tool, "cosign.pub", repository).await;
        assert_eq!(run.code(), 0, "{kind:?}: {}", run.stderr);
        let elsewhere = r#"{"type":"exactRepository","dockerRepository":"registry.example/other"}"#;
        let run = polcopy(&scene, &tool, "cosign.pub", elsewhere).await;
        assert_eq!(run.code(), 1, "{kind:?}");
        scene
            .ours
            .ok(["key", "generate", "--output-key-prefix=other"])
            .await;
        let run = polcopy(&scene, &tool, "other.pub", repository).await;
        assert_eq!(run.code(), 1, "{kind:?}");
        assert!(run.stderr.contains("signature"), "{}", run.stderr);
    }
}

/// A child whose signature was taken away at the source: nothing of it may come to be at the target.
#[tokio::test]
async fn a_child_without_its_signature_is_refused_by_its_digest() {
    let Some(scene) = Scene::start(Kind::Distribution).await else {
        return;
    };
    let Some(crane) = Tool::new("crane", &scene.home) else {
        return;
    };
    let target = Place::start(Kind::Ours).await.unwrap();
    scene.two.sign_recursive(&scene.at(scene.app.digest)).await;
    scene.policy("  signed-by: acme\n  at: both\n");
    let copy = async |to: &Repository| {
        let (from, to) = (scene.place.at("app:1.4"), format!("{to}:1.4"));
        let flags = ["copy", &from, &to, "--policy=policy.yaml"];
        scene.ours.run(flags).await
    };
    expect(&copy(&target.repository("whole")).await, 0);

    let stripped = scene.children[1];
    let tag = format!("app:sha256-{}.sig", stripped.hex());
    let signature = crane
        .ok(["digest", "--insecure", &scene.place.at(&tag)])
        .await;
    let signature = scene.place.at(&format!("app@{signature}"));
    crane.ok(["delete", "--insecure", &signature]).await;
    let run = copy(&target.repository("stripped")).await;
    expect(&run, 6);
    assert!(run.stderr.contains(&stripped.to_string()), "{}", run.stderr);
    let listed = crane
        .run(["ls", "--insecure", &target.at("stripped")])
        .await;
    assert_eq!(listed.stdout, "");
}

#[tokio::test]
async fn fifty_signatures_by_fifty_signers_are_all_looked_at() {
    let Some(scene) = Scene::start(Kind::Debian).await else {
        return;
    };
    let repository = remote(&scene.place.repository("app"));
    for n in 0..49 {
        let pen = crate::pen::Pen::new();
        if n % 2 == 0 {
            pen.sign(&scene.app, &repository).await;
        } else {
            pen.sign_in_tag(&scene.app, &repository).await;
        }
    }
    let run = scene.by_key(scene.app.digest).await;
    expect(&run, 5);
    let findings = json(&run)["checks"][0]["findings"].clone();
    assert_eq!(findings.as_array().unwrap().len(), 49);
    scene.three.sign(&scene.at(scene.app.digest)).await;
    let run = scene.by_key(scene.app.digest).await;
    expect(&run, 0);
    assert_eq!(accepted(&run), BTreeMap::from([("bundle".to_owned(), 1)]));
}
