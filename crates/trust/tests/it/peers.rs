//! What is signed here is verified by cosign 2 and 3, and keys go back and forth.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::json;
use transship_oci::{Descriptor, Digest, Reference, Repository, Side, Sink};
use transship_registry_client::{Client, Context, HostSettings, RemoteRepository};
use transship_testkit::{
    image::{Graph, Image, Index, layer::gzip},
    peers::{Cosign, DockerRegistry, Home, Options, Run, Tool, Version},
};
use transship_trust::{
    Class, KeySigner, Limits, Outcome, Signer, Tlog,
    policy::{
        Beside, Policy, assess,
        containers::{self, Copied, Written, write},
        walk,
    },
    sign::{
        Attestation, LegacySignature, PrivateKey, attest, attest_legacy, legacy_tag, publish, sign,
        sign_legacy, tagged,
    },
    statement::{Moved, Program, RUN, RunRecord},
};

const NOW: &str = "2026-11-24T00:00:00Z";

struct Scene {
    _registry: DockerRegistry,
    home: Home,
    two: Cosign,
    three: Cosign,
    client: Client,
    repository: RemoteRepository,
    graph: Graph,
    index: Descriptor,
    key: PrivateKey,
}

impl Scene {
    /// With a key pair that cosign makes.
    async fn start() -> Option<Self> {
        Self::start_at(Home::new()).await
    }

    /// With the key pair that lies in a home, if one does.
    async fn start_at(home: Home) -> Option<Self> {
        let registry = DockerRegistry::start(&Options::default()).await?;
        let two = Cosign::new(Version::V2, &home).await?;
        let three = Cosign::new(Version::V3, &home).await?;
        let host = registry.host().to_owned();
        let client = Client::new(Context {
            hosts: HostSettings {
                plain_http: [host.clone()].into(),
                ..HostSettings::default()
            },
            ..Context::default()
        })
        .unwrap();
        let name = Repository::new(&host, "app").unwrap();
        let repository = client.repository(&name, Side::Target).unwrap();
        let mut graph = Graph::new();
        let child = graph.image(
            Image::new()
                .platform("linux/amd64")
                .layer(gzip("etc/motd", b"content")),
        );
        let index = graph.index(Index::of([child]));
        graph.tag("1", &index);
        graph.push_to(&repository).await.unwrap();
        let pem = std::fs::read_to_string(home.path().join("cosign.key")).unwrap();
        let key = PrivateKey::from_pem(&pem, Some(&password())).unwrap();
        Some(Self {
            _registry: registry,
            home,
            two,
            three,
            client,
            repository,
            graph,
            index,
            key,
        })
    }

    fn reference(&self) -> String {
        let reference = Reference {
            repository: self.repository.name().clone(),
            tag: None,
            digest: Some(self.index.digest),
        };
        reference.to_string()
    }

    async fn sign_in_tag(&self, annotations: &[(&str, &str)]) -> Digest {
        let annotations = strings(annotations);
        let signature = LegacySignature {
            subject: self.index.digest,
            name: self.repository.name(),
            annotations: &annotations,
        };
        let tag = legacy_tag(&self.index.digest, "sig").unwrap();
        let existing = tagged(&self.repository, &tag).await.unwrap();
        let signed = sign_legacy(&self.key, &signature, existing.as_ref()).unwrap();
        publish(&signed, &self.repository).await.unwrap()
    }

    async fn sign_beside(&self, annotations: &[(&str, &str)]) -> Digest {
        let now = NOW.parse().unwrap();
        let signed = sign(&self.key, &self.index, &strings(annotations), now).unwrap();
        publish(&signed, &self.repository).await.unwrap()
    }
}

/// What the tests' cosign encrypts its keys with.
fn password() -> SecretString {
    SecretString::from("")
}

fn strings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn assert_verified(run: &Run) {
    assert_eq!(run.code(), 0, "{run:?}");
}

#[tokio::test]
async fn cosign_2_verifies_a_signature_in_a_tag_and_others_stay() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let reference = scene.reference();
    assert_ne!(scene.two.verify(&reference).await.code(), 0);
    scene.two.sign(&reference).await;
    let once = scene.sign_in_tag(&[("by", "us")]).await;
    // The same again is the same: nothing is added.
    assert_eq!(scene.sign_in_tag(&[("by", "us")]).await, once);
    let run = scene.two.verify(&reference).await;
    assert_verified(&run);
    let said: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let said = said.as_array().unwrap();
    assert_eq!(said.len(), 2);
    assert!(
        said.iter().any(|one| one["optional"]["by"] == "us"),
        "{said:?}"
    );
    // A third, by cosign, on top of ours.
    scene.two.sign_into_tag(&reference).await;
    assert_verified(&scene.two.verify(&reference).await);
}

#[tokio::test]
async fn cosign_3_verifies_a_bundle_beside_an_image() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let reference = scene.reference();
    assert_ne!(scene.three.verify(&reference).await.code(), 0);
    let once = scene.sign_beside(&[("by", "us")]).await;
    assert_eq!(scene.sign_beside(&[("by", "us")]).await, once);
    assert_verified(&scene.three.verify(&reference).await);
}

/// A key that openssl makes and cosign takes over, under its own encryption.
async fn imported(kind: &[&str]) -> Option<Home> {
    let home = Home::new();
    let openssl = Tool::new("openssl", &home)?;
    let cosign = Tool::new("cosign3", &home)?;
    let make = ["genpkey", "-out", "made.pem"];
    openssl.ok(make.iter().chain(kind)).await;
    let import = [
        "import-key-pair",
        "--key=made.pem",
        "--output-key-prefix=cosign",
    ];
    cosign.ok(import).await;
    Some(home)
}

#[tokio::test]
async fn keys_of_every_kind_that_cosign_imports_sign_for_it() {
    for kind in [
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..],
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        &["-algorithm", "ED25519"],
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    ] {
        let Some(home) = imported(kind).await else {
            return;
        };
        let clear = std::fs::read_to_string(home.path().join("made.pem")).unwrap();
        let Some(scene) = Scene::start_at(home).await else {
            return;
        };
        let clear = PrivateKey::from_pem(&clear, None).unwrap();
        assert_eq!(clear.public(), scene.key.public(), "{kind:?}");
        let public = std::fs::read_to_string(scene.two.public_key()).unwrap();
        assert_eq!(scene.key.public_pem(), public, "{kind:?}");

        // A bundle beside the child, a tag for the index: both generations read both by now.
        let index = Sink::manifest(&scene.repository, &scene.index)
            .await
            .unwrap();
        let child = index.children().unwrap().manifests.remove(0);
        let signed = sign(&scene.key, &child, &strings(&[]), NOW.parse().unwrap()).unwrap();
        let beside = format!("{}@{}", scene.repository.name(), child.digest);
        assert_ne!(scene.three.verify(&beside).await.code(), 0, "{kind:?}");
        publish(&signed, &scene.repository).await.unwrap();
        let tagged = scene.reference();
        assert_ne!(scene.two.verify(&tagged).await.code(), 0, "{kind:?}");
        let once = scene.sign_in_tag(&[]).await;
        assert_eq!(scene.sign_in_tag(&[]).await, once, "{kind:?}");
        for reference in [beside, tagged] {
            for cosign in [&scene.two, &scene.three] {
                let run = cosign.verify(&reference).await;
                assert_eq!(run.code(), 0, "{kind:?} {run:?}");
            }
        }
    }
}

#[tokio::test]
async fn cosign_verifies_attestations_in_both_forms() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let reference = scene.reference();
    let predicate = json!({
        "buildDefinition": {"buildType": "https://example.com/build", "externalParameters": {}},
        "runDetails": {"builder": {"id": "https://example.com/builder"}},
    });
    let said = Attestation {
        subject: &scene.index,
        predicate_type: "slsaprovenance1",
        predicate,
    };
    let name = scene.repository.name();
    let legacy = attest_legacy(&scene.key, said.clone(), name, None).unwrap();
    publish(&legacy, &scene.repository).await.unwrap();
    let two = &scene.two;
    assert_verified(
        &two.verify_attestation_as("slsaprovenance1", &reference)
            .await,
    );
    assert_ne!(
        two.verify_attestation_as("spdxjson", &reference)
            .await
            .code(),
        0
    );

    let bundle = attest(&scene.key, said, NOW.parse().unwrap()).unwrap();
    publish(&bundle, &scene.repository).await.unwrap();
    let three = &scene.three;
    assert_verified(
        &three
            .verify_attestation_as("slsaprovenance1", &reference)
            .await,
    );
    assert_ne!(
        three
            .verify_attestation_as("spdxjson", &reference)
            .await
            .code(),
        0
    );
}

#[tokio::test]
async fn cosign_signs_with_a_key_that_was_made_here() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let key = PrivateKey::generate().unwrap();
    let home = Home::new();
    home.write("cosign.key", key.to_encrypted_pem(&password()).unwrap());
    home.write("cosign.pub", key.public_pem());
    let cosign = Cosign::new(Version::V2, &home).await.unwrap();
    cosign.sign(&scene.reference()).await;
    assert_verified(&cosign.verify(&scene.reference()).await);
}

#[tokio::test]
async fn cosign_3_verifies_the_record_of_a_run() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let record = record(scene.index.digest);
    let bundle = record.sign(&scene.key).unwrap();
    assert_eq!(record.sign(&scene.key).unwrap(), bundle);
    scene.home.write("run.sigstore.json", &bundle);
    let digest = format!("--digest={}", scene.index.digest.hex());
    let kind = format!("--type={RUN}");
    let flags = [
        "verify-blob-attestation",
        "--key=cosign.pub",
        "--bundle=run.sigstore.json",
        "--insecure-ignore-tlog",
        "--digestAlg=sha256",
        &digest,
        &kind,
    ];
    let run = scene.three.tool().run(flags).await;
    assert_verified(&run);
    let other = format!("--digest={}", "0".repeat(64));
    let flags = flags.map(|flag| if flag == digest { other.as_str() } else { flag });
    assert_ne!(scene.three.tool().run(flags).await.code(), 0);

    let signer = Signer::Key(KeySigner {
        keys: vec![scene.key.public().clone()],
        tlog: Tlog::Ignore,
        root: None,
    });
    let judge = transship_trust::Judge::new(NOW.parse().unwrap());
    let (finding, read) = RunRecord::verify(&bundle, &signer, &judge).unwrap();
    assert_eq!(finding.outcome, Outcome::Accepted);
    assert_eq!(read, Some(record));
}

fn record(digest: Digest) -> RunRecord {
    RunRecord {
        program: Program {
            name: "transship".to_owned(),
            version: "0.1.0".to_owned(),
        },
        policy: None,
        trust_roots: [].into(),
        artifacts: vec![Moved {
            source: "registry.example/app:1".to_owned(),
            source_digest: digest,
            digest,
            targets: ["mirror.example/app:1".to_owned()].into(),
            referrers: [].into(),
            verdict: None,
        }],
    }
}

/// What podman, skopeo and CRI-O would say under a policy.
struct Node {
    tool: Tool,
    folder: Home,
}

impl Node {
    fn new(written: &Written) -> Option<Self> {
        let folder = Home::new();
        folder.write("policy.json", &written.policy_json);
        std::fs::create_dir(folder.path().join("registries.d")).unwrap();
        folder.write("registries.d/ours.yaml", written.lookups.to_yaml());
        let tool = Tool::new("polcopy", &folder)?;
        Some(Self { tool, folder })
    }

    async fn pull(&self, reference: &str) -> Run {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let (policy, registries) = (path("policy.json"), path("registries.d"));
        let (from, to) = (
            format!("docker://{reference}"),
            format!("dir:{}", path("out")),
        );
        self.tool.run([policy, registries, from, to]).await
    }
}

impl Scene {
    fn policy(&self, rule: &str) -> Policy {
        let host = self.repository.name().registry();
        let text = format!(
            "version: 1\nsigners: {{us: {{key: cosign.pub, tlog: ignore}}, them: {{key: other.pub, tlog: ignore}}}}\ndefault: {{refuse: no}}\nrules: [{{scope: '{host}/app', {rule}}}]\n"
        );
        Policy::read(&text, "policy.yaml", &Beside::new(self.home.path())).unwrap()
    }
}

/// Do nodes and we answer alike, and so? `false` when there are no nodes here.
async fn agree(written: &Written, reference: &str, source: &RemoteRepository, wanted: i32) -> bool {
    let Some(node) = Node::new(written) else {
        return false;
    };
    let run = node.pull(reference).await;
    assert_eq!(run.code(), wanted, "{reference} {written:?} {run:?}");
    let json = written.policy_json.as_bytes();
    let ours = containers::Policy::read(json, "policy.json", &Beside::new("/nowhere")).unwrap();
    let parsed: Reference = reference.parse().unwrap();
    let walked = walk(&ours, source, Some(&parsed), &parsed.name()).await;
    let judge = transship_trust::Judge::new(NOW.parse().unwrap());
    let said = assess(&ours, &judge, &Limits::default(), &walked.unwrap(), source).await;
    let said = said.unwrap();
    assert_eq!(i32::from(said.class != Class::Good), wanted, "{said:?}");
    true
}

#[tokio::test]
async fn nodes_take_what_is_signed_and_written_here() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let other = PrivateKey::generate().unwrap();
    scene.home.write("other.pub", other.public_pem());
    let app = scene.repository.name().clone();
    let mirror = Repository::new(app.registry(), "mirror/app").unwrap();
    let at_mirror = scene.client.repository(&mirror, Side::Target).unwrap();
    scene.graph.push_to(&at_mirror).await.unwrap();
    let manifests = scene.graph.closure(&scene.index.digest).manifests;
    for subject in manifests {
        let signature = LegacySignature {
            subject,
            name: &app,
            annotations: &BTreeMap::new(),
        };
        let signed = sign_legacy(&scene.key, &signature, None).unwrap();
        publish(&signed, &scene.repository).await.unwrap();
        publish(&signed, &at_mirror).await.unwrap();
    }
    let copied = [Copied {
        from: app.clone(),
        to: mirror.clone(),
    }];
    let (here, there) = (format!("{app}:1"), format!("{mirror}:1"));
    let us = scene.policy("signed-by: us, at: both");
    let them = scene.policy("signed-by: them, at: both");
    let any = scene.policy("signed-by: {any-of: [them, us]}, at: both");
    let all = scene.policy("signed-by: {all-of: [them, us]}, at: both");
    let renamed = scene.policy("signed-by: us, at: both, signed-name: {match: exact}");
    for (policy, copied, reference, wanted) in [
        (&us, &[][..], &here, 0),
        (&us, &copied, &there, 0),
        (&us, &copied, &here, 1),
        (&them, &[], &here, 1),
        (&any, &[], &here, 0),
        (&all, &[], &here, 1),
        (&renamed, &[], &here, 1),
    ] {
        let source = if *reference == here {
            &scene.repository
        } else {
            &at_mirror
        };
        let written = write(policy, copied).unwrap();
        if !agree(&written, reference, source, wanted).await {
            return;
        }
    }
}
