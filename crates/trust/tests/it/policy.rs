//! Policies over whole artifacts: levels, attestations, names, and what a gate costs.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};
use transship_oci::{
    Descriptor, ErrorKind, Gate as _, Name, Reference, Source as _, Verdict, Walked,
};
use transship_testkit::image::{Graph, Image, Index, Kind, Layer};
use transship_trust::{
    Class, Judge, Limits, Outcome,
    policy::{Assessment, Beside, Policy, PolicyGate, Rules, explain, walk},
    sign::{Attestation, LegacySignature, PrivateKey, Signed, attest, sign, sign_legacy},
};

use crate::shelf::Shelf;

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const NOW: &str = "2026-11-24T00:00:00Z";

struct Scene {
    graph: Graph,
    index: Descriptor,
    children: [Descriptor; 2],
    vendor: PrivateKey,
    ci: PrivateKey,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let mut graph = Graph::new();
        let children = ["linux/amd64", "linux/arm64"].map(|platform| {
            let layer = Layer::new("application/x", platform);
            graph.image(Image::new().platform(platform).layer(layer))
        });
        let index = graph.index(Index::of(children.clone()));
        let folder = tempfile::tempdir().unwrap();
        let key = |name: &str| {
            let key = PrivateKey::generate().unwrap();
            std::fs::write(folder.path().join(name), key.public_pem()).unwrap();
            key
        };
        Self {
            graph,
            index,
            children,
            vendor: key("vendor.pub"),
            ci: key("ci.pub"),
            folder,
        }
    }

    /// A policy with two signers that need no log.
    fn policy(&self, rest: &str) -> Policy {
        let text = format!(
            "version: 1\nsigners:\n  vendor: {{key: vendor.pub, tlog: ignore}}\n  ci: {{key: ci.pub, tlog: ignore}}\n{rest}\n"
        );
        Policy::read(&text, "policy.yaml", &Beside::new(self.folder.path())).unwrap()
    }

    fn put(&mut self, subject: &Descriptor, signed: &Signed) -> Descriptor {
        self.graph.attach(subject, BUNDLE, &signed.blobs[1].1)
    }

    fn sign(&mut self, key: &PrivateKey, subject: &Descriptor) -> Descriptor {
        let signed = sign(key, subject, &BTreeMap::new(), NOW.parse().unwrap()).unwrap();
        self.put(subject, &signed)
    }

    fn attest(&mut self, key: &PrivateKey, subject: &Descriptor, kind: &str, predicate: Value) {
        let said = Attestation {
            subject,
            predicate_type: kind,
            predicate,
        };
        let signed = attest(key, said, NOW.parse().unwrap()).unwrap();
        self.put(subject, &signed);
    }

    fn sign_in_tag(&mut self, key: &PrivateKey, subject: &Descriptor, name: &str) {
        let signature = LegacySignature {
            subject: subject.digest,
            name: &name.parse().unwrap(),
            annotations: &BTreeMap::new(),
        };
        let signed = sign_legacy(key, &signature, None).unwrap();
        let (layer, bytes) = &signed.blobs[1];
        let fields: Value = serde_json::from_slice(signed.manifest.bytes()).unwrap();
        let annotations = fields["layers"][0]["annotations"].as_object().unwrap();
        let (key, value) = annotations.iter().next().unwrap();
        let layer =
            Layer::new(&layer.media_type, bytes.to_vec()).annotated(key, value.as_str().unwrap());
        let node = self.graph.image(Image::new().layers([layer]));
        self.graph
            .tag(Kind::Signature.tag(&subject.digest).as_str(), &node);
    }

    async fn walked(&self, rules: &dyn Rules, source: &Shelf, reference: &str) -> Walked {
        let reference: Reference = reference.parse().unwrap();
        let name = Name::Digest(self.index.digest);
        walk(rules, source, Some(&reference), &name).await.unwrap()
    }

    async fn assessed(&self, policy: &Policy) -> Assessment {
        self.assessed_as(policy, "reg.example/app:1").await
    }

    async fn assessed_as(&self, policy: &Policy, reference: &str) -> Assessment {
        let source = Shelf::holding(&self.graph).await;
        let walked = self.walked(policy, &source, reference).await;
        let gate = gate(policy.clone());
        let assessment = gate.assessment(&walked, &source).await.unwrap();
        Arc::unwrap_or_clone(assessment)
    }

    async fn class(&self, rest: &str) -> (Class, Outcome) {
        let assessment = self.assessed(&self.policy(rest)).await;
        (assessment.class, assessment.outcome)
    }
}

fn gate(policy: Policy) -> PolicyGate {
    let judge = Judge::new(NOW.parse().unwrap());
    PolicyGate::new(Arc::new(policy), judge, Limits::default())
}

const GOOD: (Class, Outcome) = (Class::Good, Outcome::Accepted);
const MISSING: (Class, Outcome) = (Class::Missing, Outcome::None);

#[tokio::test]
async fn each_level_looks_at_what_it_says() {
    let levels = ["index", "every-child", "both", "any"];
    for (index, first, second, wanted) in [
        (false, false, false, [MISSING, MISSING, MISSING, MISSING]),
        (true, false, false, [GOOD, MISSING, MISSING, GOOD]),
        (false, true, true, [MISSING, GOOD, MISSING, GOOD]),
        (false, true, false, [MISSING, MISSING, MISSING, MISSING]),
        (true, true, false, [GOOD, MISSING, MISSING, GOOD]),
        (true, true, true, [GOOD, GOOD, GOOD, GOOD]),
    ] {
        let mut scene = Scene::new();
        let key = scene.vendor.clone();
        let nodes = [
            scene.index.clone(),
            scene.children[0].clone(),
            scene.children[1].clone(),
        ];
        for (node, signed) in nodes.iter().zip([index, first, second]) {
            if signed {
                scene.sign(&key, node);
            }
        }
        for (level, wanted) in levels.iter().zip(wanted) {
            let found = scene
                .class(&format!("default: {{signed-by: vendor, at: {level}}}"))
                .await;
            assert_eq!(found, wanted, "{level} {index} {first} {second}");
        }
    }
}

#[tokio::test]
async fn a_child_without_a_signature_is_named() {
    let mut scene = Scene::new();
    let key = scene.vendor.clone();
    let first = scene.children[0].clone();
    scene.sign(&key, &first);
    let policy = scene.policy("default: {signed-by: vendor, at: every-child}");
    let assessment = scene.assessed(&policy).await;
    assert_eq!(
        assessment.reasons,
        [format!(
            "{} (linux/arm64) has no signature by vendor: there is no evidence beside it",
            scene.children[1].digest
        )]
    );
    assert_eq!(
        assessment.verdict(),
        Verdict {
            refusal: Some(ErrorKind::SignatureMissing),
            reasons: assessment.reasons.clone(),
        }
    );
}

#[tokio::test]
async fn a_single_image_is_what_every_level_means() {
    let mut scene = Scene::new();
    let key = scene.vendor.clone();
    scene.index = scene.children[0].clone();
    for level in ["index", "every-child", "both", "any"] {
        let rest = format!("default: {{signed-by: vendor, at: {level}}}");
        assert_eq!(scene.class(&rest).await, MISSING);
    }
    let image = scene.index.clone();
    scene.sign(&key, &image);
    for level in ["index", "every-child", "both", "any"] {
        let rest = format!("default: {{signed-by: vendor, at: {level}}}");
        assert_eq!(scene.class(&rest).await, GOOD);
    }
}

#[tokio::test]
async fn every_child_of_an_index_that_was_not_walked_is_no_yes() {
    let mut scene = Scene::new();
    let (key, index) = (scene.vendor.clone(), scene.index.clone());
    scene.sign(&key, &index);
    let source = Shelf::holding(&scene.graph).await;
    for (level, wanted) in [
        ("index", Class::Good),
        ("every-child", Class::CannotCheck),
        ("both", Class::CannotCheck),
        ("any", Class::Good),
    ] {
        let policy = scene.policy(&format!("default: {{signed-by: vendor, at: {level}}}"));
        let mut walked = scene.walked(&policy, &source, "reg.example/app").await;
        let root = walked.root.digest;
        walked.children.clear();
        walked.referrers = source
            .referrers(&root)
            .await
            .unwrap()
            .into_iter()
            .map(|one| (root, one))
            .collect();
        let assessment = gate(policy).assessment(&walked, &source).await.unwrap();
        assert_eq!(assessment.class, wanted, "{level}");
        if wanted == Class::CannotCheck {
            let reason = format!("{root} is an index, and no manifest below it is known");
            assert_eq!(assessment.reasons, [reason]);
        }
    }
}

#[tokio::test]
async fn an_index_that_contradicts_itself_is_not_rescued_by_its_children() {
    let mut scene = Scene::new();
    let key = scene.vendor.clone();
    for child in scene.children.clone() {
        scene.sign(&key, &child);
    }
    // A signature of the first child, put beside the index.
    let (child, index) = (scene.children[0].clone(), scene.index.clone());
    let moved = sign(&key, &child, &BTreeMap::new(), NOW.parse().unwrap()).unwrap();
    scene.put(&index, &moved);
    let found = scene.class("default: {signed-by: vendor, at: any}").await;
    assert_eq!(found, (Class::Bad, Outcome::SubjectMismatch));
}

#[tokio::test]
async fn attestations_and_conditions() {
    let mut scene = Scene::new();
    let (vendor, ci, index) = (scene.vendor.clone(), scene.ci.clone(), scene.index.clone());
    scene.sign(&vendor, &index);
    let wants = |condition: &str| {
        format!(
            "default:\n  signed-by: vendor\n  attestations: [{{type: slsaprovenance1, signed-by: ci, conditions: [{condition}]}}]"
        )
    };
    let builder = "{pointer: /runDetails/builder/id, equals: 'https://ci.example'}";
    assert_eq!(
        scene.class(&wants(builder)).await,
        (Class::Missing, Outcome::WrongPredicateType)
    );
    // By the wrong signer.
    let predicate = json!({"runDetails": {"builder": {"id": "https://ci.example"}}, "n": 3});
    scene.attest(&vendor, &index, "slsaprovenance1", predicate.clone());
    assert_eq!(
        scene.class(&wants(builder)).await,
        (Class::Bad, Outcome::UntrustedSigner)
    );
    scene.attest(&ci, &index, "slsaprovenance1", predicate);
    assert_eq!(scene.class(&wants(builder)).await, GOOD);
    assert_eq!(scene.class(&wants("{pointer: /n, at-most: 3}")).await, GOOD);
    assert_eq!(
        scene.class(&wants("{pointer: /n, less-than: 3}")).await,
        (Class::Bad, Outcome::PolicyRefuses)
    );
    // An attestation alone is no signature.
    assert_eq!(
        scene.class("default: {signed-by: ci}").await,
        (Class::Bad, Outcome::UntrustedSigner)
    );
}

#[tokio::test]
async fn what_is_said_without_evidence() {
    let scene = Scene::new();
    let policy = scene.policy("default: {unsigned: allow, reason: an old tool}");
    let assessment = scene.assessed(&policy).await;
    assert_eq!(
        (assessment.class, assessment.outcome),
        (Class::Good, Outcome::None)
    );
    let root = scene.index.digest;
    assert_eq!(
        assessment.reasons,
        [format!("{root} may be unsigned: an old tool")]
    );

    let refusals = [
        (
            "default: {refuse: not from here}".to_owned(),
            "not from here (rule \"default\")".to_owned(),
        ),
        (
            "default: {unsigned: allow, reason: x, valid-until: 2026-11-23}".to_owned(),
            "the rule held until 2026-11-23 only (rule \"default\")".to_owned(),
        ),
        (
            "default: {unsigned: allow, reason: x, valid-from: 2026-11-25}".to_owned(),
            "the rule holds from 2026-11-25 on only (rule \"default\")".to_owned(),
        ),
        (
            format!(
                "default: {{unsigned: allow, reason: x}}\ndenied: [{{digest: '{root}', reason: withdrawn}}]"
            ),
            format!("{root} is denied by name: withdrawn"),
        ),
    ];
    for (rest, why) in refusals {
        let assessment = scene.assessed(&scene.policy(&rest)).await;
        let found = (assessment.class, assessment.outcome);
        assert_eq!(found, (Class::Bad, Outcome::PolicyRefuses), "{rest}");
        assert_eq!(assessment.reasons, [why]);
    }
}

#[tokio::test]
async fn a_child_that_is_denied_denies_the_index() {
    let scene = Scene::new();
    let child = scene.children[1].digest;
    let policy = scene.policy(&format!(
        "default: {{unsigned: allow, reason: x}}\ndenied: [{{digest: '{child}', reason: withdrawn}}]"
    ));
    let source = Shelf::holding(&scene.graph).await;
    let mut walked = scene.walked(&policy, &source, "reg.example/app").await;
    // A copy walks everything; whoever verifies walks what the rule speaks of, and what is denied.
    assert_eq!(walked.children.len(), 2);
    let gate = gate(policy);
    let verdict = gate.admit(&walked, &source).await.unwrap();
    assert_eq!(
        verdict.reasons,
        [format!("{child} is denied by name: withdrawn")]
    );
    walked.children.clear();
    assert!(gate.admit(&walked, &source).await.unwrap().is_admitted());
}

#[tokio::test]
async fn the_name_that_was_signed_is_held_against_the_one_that_is_asked_for() {
    let mut scene = Scene::new();
    let (key, index) = (scene.vendor.clone(), scene.index.clone());
    scene.sign_in_tag(&key, &index, "vendor.example/app");
    let policy = scene.policy(
        "default: {refuse: no}\nrules:\n  - scope: reg.example\n    signed-by: vendor\n    signed-name: {match: repository, remap: {prefix: reg.example, signed-prefix: vendor.example}}",
    );
    assert_eq!(
        scene.assessed_as(&policy, "reg.example/app:1").await.class,
        Class::Good
    );
    let other = scene.assessed_as(&policy, "reg.example/other:1").await;
    assert_eq!(
        (other.class, other.outcome),
        (Class::Bad, Outcome::PolicyRefuses)
    );
}

#[tokio::test]
async fn evidence_costs_one_request_each_and_the_same_question_nothing() {
    let mut scene = Scene::new();
    let (key, index) = (scene.vendor.clone(), scene.index.clone());
    for child in scene.children.clone() {
        scene.sign(&key, &child);
    }
    scene.sign(&key, &index);
    let source = Shelf::holding(&scene.graph).await;
    let policy = scene.policy("default: {signed-by: vendor}");
    let everything = scene.policy("default: {signed-by: vendor, at: both}");
    let walked = scene
        .walked(&everything, &source, "reg.example/app:1")
        .await;
    let before = source.asked();
    let cost = |source: &Shelf| {
        let (manifests, blobs) = source.asked();
        (manifests - before.0, blobs - before.1)
    };
    // The children have signatures too, which nobody asks for.
    let gate = gate(policy);
    let first = gate.assessment(&walked, &source).await.unwrap();
    assert_eq!(cost(&source), (1, 1));
    let again = gate.assessment(&walked, &source).await.unwrap();
    assert_eq!(cost(&source), (1, 1));
    assert!(Arc::ptr_eq(&first, &again));
    // Under another tag it is the same artifact, under the same rule.
    let mut other = walked.clone();
    other.reference = Some("reg.example/app:latest".parse().unwrap());
    let latest = gate.assessment(&other, &source).await.unwrap();
    assert_eq!(cost(&source), (1, 1));
    assert_eq!(latest.reference.as_deref(), Some("reg.example/app:latest"));
    assert_eq!(first.reference.as_deref(), Some("reg.example/app:1"));
    assert_eq!(gate.assessments().len(), 2);
    // With less evidence listed it is another question.
    other
        .referrers
        .retain(|(subject, _)| *subject != index.digest);
    let bare = gate.assessment(&other, &source).await.unwrap();
    assert_eq!((bare.class, cost(&source)), (Class::Missing, (1, 1)));

    let all = self::gate(everything);
    assert!(all.admit(&walked, &source).await.unwrap().is_admitted());
    assert_eq!(cost(&source), (4, 4));
}

#[tokio::test]
async fn many_who_ask_at_once_cost_what_one_does() {
    let mut scene = Scene::new();
    let (key, index) = (scene.vendor.clone(), scene.index.clone());
    scene.sign(&key, &index);
    let source = Shelf::holding(&scene.graph).await;
    let policy = scene.policy("default: {signed-by: vendor}");
    let walked = scene.walked(&policy, &source, "reg.example/app:1").await;
    let before = source.asked();
    let gate = gate(policy);
    let asked = (0..20).map(|_| gate.admit(&walked, &source));
    let verdicts = futures::future::join_all(asked).await;
    assert!(
        verdicts
            .iter()
            .all(|one| one.as_ref().unwrap().is_admitted())
    );
    let after = source.asked();
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1));
}

#[tokio::test]
async fn what_is_listed_and_cannot_be_read_is_no_verdict_and_is_asked_again() {
    let mut scene = Scene::new();
    let (key, index) = (scene.vendor.clone(), scene.index.clone());
    let signature = scene.sign(&key, &index);
    let mut source = Shelf::holding(&scene.graph).await;
    let policy = scene.policy("default: {signed-by: vendor}");
    let walked = scene.walked(&policy, &source, "reg.example/app:1").await;
    let gate = gate(policy);
    source.lost.insert(signature.digest);
    let error = gate.admit(&walked, &source).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CannotCheck);
    source.lost.clear();
    assert!(gate.admit(&walked, &source).await.unwrap().is_admitted());
}

#[tokio::test]
async fn all_of_it_can_be_explained() {
    let mut scene = Scene::new();
    let (key, index) = (scene.vendor.clone(), scene.index.clone());
    scene.sign(&key, &index);
    let policy = scene.policy(
        "default: {refuse: no}\nrules: [{scope: reg.example/app, signed-by: {all-of: [vendor, ci]}}]",
    );
    let assessment = scene.assessed(&policy).await;
    let root = index.digest;
    let reference: Reference = "reg.example/app:1".parse().unwrap();
    let rule = policy.rule(Some(&reference), &root).unwrap();
    let lines = explain(rule, &assessment);
    let blob = assessment.checks[0].findings[0]
        .finding
        .blob
        .unwrap()
        .short();
    assert_eq!(
        lines,
        [
            format!("reg.example/app:1 is {root}"),
            "rule \"reg.example/app\" holds; it wants:".to_owned(),
            "  signature by vendor and ci for the artifact".to_owned(),
            format!("signature by vendor and ci beside {root}: untrusted-signer"),
            format!(
                "  bundle {blob} against vendor: accepted: the key made it; the log was not asked for"
            ),
            format!(
                "  bundle {blob} against ci: untrusted-signer: it was made with another key than those asked for"
            ),
            "it is refused:".to_owned(),
            format!(
                "  {root}: the signature by vendor and ci is bad: it was made with another key than those asked for"
            ),
        ]
    );
    // What machines read is the same again.
    let json = serde_json::to_string(&assessment).unwrap();
    assert_eq!(
        serde_json::from_str::<Assessment>(&json).unwrap(),
        assessment
    );
}

#[tokio::test]
async fn a_walk_costs_what_the_rule_speaks_of() {
    let mut scene = Scene::new();
    let (key, index) = (scene.vendor.clone(), scene.index.clone());
    scene.sign(&key, &index);
    let source = Shelf::holding(&scene.graph).await;
    let policy = scene.policy("default: {signed-by: vendor}");
    let walked = scene.walked(&policy, &source, "reg.example/app:1").await;
    assert_eq!((walked.children.len(), walked.referrers.len()), (0, 1));
    assert_eq!(source.asked(), (0, 0));
    let children = scene.policy("default: {signed-by: vendor, at: every-child}");
    let walked = scene.walked(&children, &source, "reg.example/app:1").await;
    assert_eq!((walked.children.len(), walked.referrers.len()), (2, 0));
    assert_eq!(source.asked(), (1, 0));
    let platforms: Vec<_> = walked
        .children
        .iter()
        .filter_map(|one| one.platform.clone())
        .collect();
    assert_eq!(platforms.len(), 2);
    let refuse = scene.policy("default: {refuse: no}");
    let walked = scene.walked(&refuse, &source, "reg.example/app:1").await;
    assert_eq!((walked.children.len(), walked.referrers.len()), (0, 0));
    assert_eq!(
        walked.root,
        source.resolve(&Name::Digest(index.digest)).await.unwrap()
    );
}
