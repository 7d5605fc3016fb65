use serde_json::{Value, json};
use transship_oci::Digest;

use super::{Copied, Written, write};
use crate::{
    policy::{Beside, Policy, containers::File},
    sign::PrivateKey,
};

struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.pub", "b.pub", "log.pub"] {
            let pem = PrivateKey::generate().unwrap().public_pem();
            std::fs::write(folder.path().join(name), pem).unwrap();
        }
        Self(folder)
    }

    fn data(&self, name: &str) -> Value {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        json!(STANDARD.encode(std::fs::read(self.0.path().join(name)).unwrap()))
    }

    fn policy(&self, rest: &str) -> Policy {
        let text = format!(
            "version: 1\nsigners:\n  a: {{key: a.pub, tlog: ignore}}\n  b: {{key: b.pub, tlog: ignore}}\n  logged: {{key: a.pub, log-keys: log.pub}}\n  old: {{openpgp: {{}}}}\n  ci: {{keyless: {{identities: [{{subject: 'https://ci', issuer: i}}]}}}}\n{rest}\n"
        );
        Policy::read(&text, "policy.yaml", &Beside::new(self.0.path())).unwrap()
    }

    fn written(&self, rest: &str, copied: &[Copied]) -> (Value, Written) {
        let written = write(&self.policy(rest), copied).unwrap();
        // Whatever is written is a file that can be read, to the same.
        let file = File::parse(written.policy_json.as_bytes()).unwrap();
        assert_eq!(file.to_json().unwrap(), written.policy_json);
        (serde_json::from_str(&written.policy_json).unwrap(), written)
    }
}

fn pair(from: &str, to: &str) -> Copied {
    Copied {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    }
}

#[test]
fn rules_as_they_are() {
    let scene = Scene::new();
    let (json, written) = scene.written(
        "default: {refuse: no}\nrules:\n  - {scope: reg.example, signed-by: a, at: every-child}\n  - {scope: 'reg.example/app:1', unsigned: allow, reason: x}\n  - {scope: '*.other.example', signed-by: {all-of: [a, logged]}, at: every-child, signed-name: {match: digest-or-exact}}\n  - {scope: reg.example/any, signed-by: {any-of: [a, b]}, at: both}",
        &[],
    );
    let (a, b) = (scene.data("a.pub"), scene.data("b.pub"));
    let repository = json!({"type": "matchRepository"});
    let exact = json!({"type": "matchRepoDigestOrExact"});
    assert_eq!(
        json,
        json!({
            "default": [{"type": "reject"}],
            "transports": {"docker": {
                "reg.example": [{"type": "sigstoreSigned", "keyData": a, "signedIdentity": repository}],
                "reg.example/app:1": [{"type": "insecureAcceptAnything"}],
                "reg.example/any": [{"type": "sigstoreSigned", "keyDatas": [a, b], "signedIdentity": repository}],
                "*.other.example": [
                    {"type": "sigstoreSigned", "keyData": a, "signedIdentity": exact},
                    {"type": "sigstoreSigned", "keyData": a, "rekorPublicKeyData": scene.data("log.pub"), "signedIdentity": exact},
                ],
            }},
        })
    );
    assert_eq!(written.notes, Vec::<String>::new());
    assert!(written.lookups.to_yaml().starts_with("default-docker:\n"));
    assert!(!written.lookups.to_yaml().contains("app:1"));
}

#[test]
fn what_was_copied_is_trusted_under_its_old_name() {
    let scene = Scene::new();
    let denied = Digest::sha256(b"denied");
    let (json, written) = scene.written(
        &format!(
            "default: {{refuse: no}}\nrules:\n  - {{scope: vendor.example, signed-by: a, at: any}}\n  - {{scope: vendor.example/tools, unsigned: allow, reason: x}}\n  - {{scope: 'vendor.example/app:1', signed-by: b, at: every-child, signed-name: {{match: digest-or-exact}}}}\ndenied: [{{digest: '{denied}', reason: x}}]"
        ),
        &[
            pair("vendor.example/app", "mirror.example/v/app"),
            pair("vendor.example/tools/x", "mirror.example/v/x"),
            pair("other.example/y", "mirror.example/y"),
        ],
    );
    let reject = json!([{"type": "reject"}]);
    assert_eq!(
        json["transports"]["docker"],
        json!({
            "mirror.example/v/app": [{"type": "sigstoreSigned", "keyData": scene.data("a.pub"),
                "signedIdentity": {"type": "exactRepository", "dockerRepository": "vendor.example/app"}}],
            "mirror.example/v/app:1": [{"type": "sigstoreSigned", "keyData": scene.data("b.pub"),
                "signedIdentity": {"type": "remapIdentity", "prefix": "mirror.example/v/app", "signedPrefix": "vendor.example/app"}}],
            (format!("mirror.example/v/app@{denied}")): reject,
            "mirror.example/v/x": [{"type": "insecureAcceptAnything"}],
            (format!("mirror.example/v/x@{denied}")): reject,
            "mirror.example/y": reject,
            (format!("mirror.example/y@{denied}")): reject,
        })
    );
    assert_eq!(
        written.lookups.to_yaml(),
        "docker:\n  \"mirror.example/v/app\":\n    use-sigstore-attachments: true\n"
    );
}

#[test]
fn what_cannot_be_said_is_rejected_or_told() {
    let scene = Scene::new();
    let (json, written) = scene.written(
        "default: {refuse: no}\nrules:\n  - {scope: a.example, signed-by: ci, at: both}\n  - {scope: b.example, signed-by: old, at: both}\n  - {scope: c.example, signed-by: {any-of: [a, logged]}, at: both}\n  - {scope: d.example, attestations: [{type: vuln, signed-by: a}]}\n  - {scope: e.example, signed-by: a, annotations: {x: y}, valid-until: 2027-01-01, attestations: [{type: vuln}]}\ndenied: [{digest: 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', reason: x}]",
        &[],
    );
    let scopes = &json["transports"]["docker"];
    for scope in ["a.example", "b.example", "c.example", "d.example"] {
        assert_eq!(scopes[scope], json!([{"type": "reject"}]), "{scope}");
    }
    assert_eq!(scopes["e.example"].as_array().unwrap().len(), 1);
    assert_eq!(
        written.notes,
        [
            "stricter: a.example: nothing passes, because policy.json has words for one mail address and one issuer only, not for patterns, URIs or claims",
            "stricter: b.example: nothing passes, because old: OpenPGP signatures are not supported by this version",
            "stricter: c.example: nothing passes, because policy.json has no word for any-of but with keys alone",
            "stricter: d.example: nothing passes, because policy.json has no word for attestations",
            "stricter: e.example: nodes judge the manifest of their own platform; sign those too (cosign sign --recursive)",
            "weaker: d.example: attestation https://cosign.sigstore.dev/attestation/vuln/v1 is left out",
            "weaker: digests denied by name can be written only for repositories that were copied",
            "weaker: e.example: annotations are left out",
            "weaker: e.example: attestation https://cosign.sigstore.dev/attestation/vuln/v1 is left out",
            "weaker: e.example: valid-from and valid-until are left out",
        ]
    );
}

#[test]
fn a_pattern_of_tags_has_no_safe_way_round() {
    let scene = Scene::new();
    let policy = scene.policy(
        "default: {refuse: no}\nrules: [{scope: 'reg.example/app:v*', unsigned: allow, reason: x}]",
    );
    let why = "policy.json has no word for the pattern of tags in reg.example/app:v*";
    assert_eq!(write(&policy, &[]).unwrap_err().message(), why);
    let copied = [pair("reg.example/app", "mirror.example/app")];
    assert_eq!(write(&policy, &copied).unwrap_err().message(), why);
    let other = [pair("reg.example/other", "mirror.example/other")];
    assert!(write(&policy, &other).is_ok());
}
