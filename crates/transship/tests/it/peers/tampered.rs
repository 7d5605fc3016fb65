//! Signatures by a key with one thing changed, at a registry of others: each is refused with its reason and its exit code.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use transship_oci::{Descriptor, Digest};
use transship_testkit::{
    image::{Graph, Image, Kind as Beside, layer},
    peers::{Home, Run, Tool},
    sigstore::Layer,
};
use transship_trust::{
    SIGN, Statement, StatementSubject,
    sign::{PrivateKey, bundle},
};

use super::place::{Kind, Place};
use crate::world::{at_home, expect, json as shown, remote};

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const VULN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";

struct Scene {
    place: Place,
    tool: Tool,
    key: PrivateKey,
    graph: Graph,
    app: Descriptor,
}

/// An artifact with something beside it that was changed, and what is said of it.
struct Case {
    name: &'static str,
    graph: Graph,
    flags: &'static [&'static str],
    code: i32,
    outcome: &'static str,
}

const SIGNED: &[&str] = &[];
const STATED: &[&str] = &["--type=vuln"];

impl Scene {
    async fn start() -> Option<Self> {
        let (home, place) = (Home::new(), Place::start(Kind::Distribution).await?);
        let mut graph = Graph::new();
        let app = graph.image(Image::new().layer(layer::gzip("etc/motd", b"hello")));
        graph.tag("1.4", &app);
        let key = PrivateKey::generate().unwrap();
        home.write("cosign.pub", key.public_pem());
        Some(Self {
            place,
            tool: at_home(&home),
            key,
            graph,
            app,
        })
    }

    async fn verify(&self, name: &str, graph: &Graph, flags: &[&str]) -> Run {
        let repository = remote(&self.place.repository(name));
        graph.push_to(&repository).await.unwrap();
        let reference = self.place.at(&format!("{name}:1.4"));
        let first = [
            "verify",
            &reference,
            "--key=cosign.pub",
            "--insecure-ignore-tlog",
            "--format=json",
        ];
        self.tool.run([&first[..], flags].concat()).await
    }

    /// A bundle about a digest.
    fn bundle(&self, subject: Digest, kind: &str) -> Value {
        let statement = Statement {
            form: "https://in-toto.io/Statement/v1".to_owned(),
            subject: vec![StatementSubject {
                name: String::new(),
                digest: BTreeMap::from([("sha256".to_owned(), subject.hex())]),
                annotations: None,
            }],
            predicate_type: kind.to_owned(),
            predicate: json!({"scanner": "none"}),
        };
        serde_json::from_slice(&bundle(&self.key, &statement).unwrap()).unwrap()
    }

    /// A signature in cosign's first form.
    fn layer(&self, subject: Digest) -> Layer {
        let payload = json!({"critical": {
            "identity": {"docker-reference": "registry.example/app"},
            "image": {"docker-manifest-digest": subject},
            "type": "cosign container image signature",
        }, "optional": null})
        .to_string();
        let signature = STANDARD.encode(self.key.sign(payload.as_bytes()).unwrap());
        Layer {
            payload: payload.into(),
            annotations: [(SIGNATURE.to_owned(), signature)].into(),
        }
    }

    fn with_bundle(&self, bundle: &str) -> Graph {
        let mut graph = self.graph.clone();
        graph.attach_bundle(&self.app, bundle);
        graph
    }

    fn with_layer(&self, layer: Layer) -> Graph {
        let mut graph = self.graph.clone();
        graph.sign_in_tag_by(&self.app, &[layer]);
        graph
    }

    fn with_envelope(&self, envelope: &Value) -> Graph {
        let mut graph = self.graph.clone();
        let text = envelope.to_string();
        graph.put_beside(&self.app, Beside::Attestation, &[text.as_bytes()]);
        graph
    }

    /// What is damaged is bad, not unknown: somebody made it so.
    fn bundles(&self) -> Vec<Case> {
        let sound = self.bundle(self.app.digest, SIGN);
        let elsewhere = self.bundle(Digest::sha256(b"another"), SIGN);
        let stated = self.bundle(self.app.digest, VULN);
        let set = |pointer: &str, value: Value| {
            let mut changed = sound.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            changed.to_string()
        };
        let mut annotated = self.graph.clone();
        annotated.attach(
            &self.app,
            "application/vnd.dev.sigstore.bundle.v0.3+json",
            sound.to_string().as_bytes(),
        );
        let hint = "/verificationMaterial/publicKey/hint";
        let two = json!([
            sound["dsseEnvelope"]["signatures"][0],
            sound["dsseEnvelope"]["signatures"][0]
        ]);
        let case =
            |name, bundle: String, code, outcome| self.case(name, &bundle, SIGNED, code, outcome);
        vec![
            case("bundle", sound.to_string(), 0, "accepted"),
            // What is written in the manifest is covered by nothing, and nothing is read from it.
            Case {
                name: "annotation",
                graph: annotated,
                flags: SIGNED,
                code: 0,
                outcome: "accepted",
            },
            // The hint helps to find the key and proves nothing.
            case("hint", set(hint, json!("another")), 0, "accepted"),
            case(
                "payload",
                bent(&sound, "/dsseEnvelope/payload"),
                5,
                "bad-signature",
            ),
            case(
                "signature",
                bent(&sound, "/dsseEnvelope/signatures/0/sig"),
                5,
                "bad-signature",
            ),
            case(
                "payload-type",
                set("/dsseEnvelope/payloadType", json!("text/plain")),
                5,
                "bad-signature",
            ),
            case(
                "two-signatures",
                set("/dsseEnvelope/signatures", two),
                5,
                "bad-signature",
            ),
            case(
                "no-signature",
                set("/dsseEnvelope/signatures", json!([])),
                5,
                "bad-signature",
            ),
            case(
                "version",
                set(
                    "/mediaType",
                    json!("application/vnd.dev.sigstore.bundle.v9+json"),
                ),
                7,
                "unsupported-format",
            ),
            case(
                "half",
                sound.to_string()[..200].to_owned(),
                5,
                "bad-signature",
            ),
            case("subject", elsewhere.to_string(), 5, "subject-mismatch"),
            case("type", stated.to_string(), 6, "wrong-predicate-type"),
            self.case("stated", &stated.to_string(), STATED, 0, "accepted"),
            self.case(
                "stated-payload",
                &bent(&stated, "/dsseEnvelope/payload"),
                STATED,
                5,
                "bad-signature",
            ),
            self.case(
                "signed-only",
                &sound.to_string(),
                STATED,
                6,
                "wrong-predicate-type",
            ),
        ]
    }

    fn case(
        &self,
        name: &'static str,
        bundle: &str,
        flags: &'static [&'static str],
        code: i32,
        outcome: &'static str,
    ) -> Case {
        Case {
            name,
            graph: self.with_bundle(bundle),
            flags,
            code,
            outcome,
        }
    }

    fn layers(&self) -> Vec<Case> {
        let sound = || self.layer(self.app.digest);
        let annotated = |name: &str, value: &str| {
            let mut layer = sound();
            layer.annotations.insert(name.to_owned(), value.to_owned());
            layer
        };
        let mut payload = sound();
        payload.payload = String::from_utf8(payload.payload.to_vec())
            .unwrap()
            .replace("registry.example", "registry.examplf")
            .into();
        let signature = bent(&json!({"it": sound().annotations[SIGNATURE]}), "/it");
        let signature: Value = serde_json::from_str(&signature).unwrap();
        let mut bare = sound();
        bare.annotations.clear();
        let certificate = "dev.sigstore.cosign/certificate";
        [
            ("layer", sound(), 0, "accepted"),
            ("layer-payload", payload, 5, "bad-signature"),
            (
                "layer-signature",
                annotated(SIGNATURE, signature["it"].as_str().unwrap()),
                5,
                "bad-signature",
            ),
            (
                "layer-base64",
                annotated(SIGNATURE, "%%%"),
                5,
                "bad-signature",
            ),
            ("layer-bare", bare, 5, "bad-signature"),
            (
                "layer-certificate",
                annotated(certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n"),
                5,
                "bad-signature",
            ),
            // The log is not asked for, so what is said of it is not read.
            (
                "layer-log",
                annotated("dev.sigstore.cosign/bundle", "{"),
                0,
                "accepted",
            ),
            (
                "layer-subject",
                self.layer(Digest::sha256(b"another")),
                5,
                "subject-mismatch",
            ),
        ]
        .map(|(name, layer, code, outcome)| Case {
            name,
            graph: self.with_layer(layer),
            flags: SIGNED,
            code,
            outcome,
        })
        .into()
    }

    fn envelopes(&self) -> Vec<Case> {
        let sound = self.bundle(self.app.digest, VULN);
        let elsewhere = self.bundle(Digest::sha256(b"another"), VULN);
        let changed: Value = serde_json::from_str(&bent(&sound, "/dsseEnvelope/payload")).unwrap();
        [
            ("envelope", sound, 0, "accepted"),
            ("envelope-payload", changed, 5, "bad-signature"),
            ("envelope-subject", elsewhere, 5, "subject-mismatch"),
            (
                "envelope-form",
                json!({"dsseEnvelope": {"payload": 1}}),
                5,
                "bad-signature",
            ),
        ]
        .map(|(name, bundle, code, outcome)| Case {
            name,
            graph: self.with_envelope(&bundle["dsseEnvelope"]),
            flags: STATED,
            code,
            outcome,
        })
        .into()
    }
}

/// The JSON with a bit of what this base64 stands for turned over.
fn bent(json: &Value, pointer: &str) -> String {
    let mut json = json.clone();
    let field = json.pointer_mut(pointer).unwrap();
    let mut bytes = STANDARD.decode(field.as_str().unwrap()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    *field = json!(STANDARD.encode(bytes));
    json.to_string()
}

#[tokio::test]
async fn whatever_is_changed_is_refused_with_its_reason_and_code() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let cases = [scene.bundles(), scene.layers(), scene.envelopes()];
    let (mut said, mut expected) = (Vec::new(), Vec::new());
    for case in cases.iter().flatten() {
        let run = scene.verify(case.name, &case.graph, case.flags).await;
        let findings = &shown(&run)["checks"][0]["findings"];
        assert_eq!(
            findings.as_array().map(Vec::len),
            Some(1),
            "{}: {findings}",
            case.name
        );
        let finding = &findings[0];
        assert!(!finding["detail"].as_str().unwrap().is_empty());
        said.push(format!(
            "{} {} {}",
            case.name,
            run.code(),
            finding["outcome"].as_str().unwrap()
        ));
        expected.push(format!("{} {} {}", case.name, case.code, case.outcome));
    }
    assert_eq!(said, expected);
    let run = scene.verify("nothing", &scene.graph, SIGNED).await;
    expect(&run, 6);
}
