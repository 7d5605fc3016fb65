use std::collections::BTreeMap;

use transship_oci::Descriptor;

use super::{Answer, Signers};
use crate::{
    Class, Demand, Evidence, Judge, KeySigner, Outcome, Signer, Tlog,
    sign::{PrivateKey, sign},
};

fn subject() -> Descriptor {
    Descriptor::of("application/vnd.oci.image.manifest.v1+json", b"{}")
}

fn signers(name: &str, key: &PrivateKey) -> Signers {
    Signers::one(
        name,
        Signer::Key(KeySigner {
            keys: vec![key.public().clone()],
            tlog: Tlog::Ignore,
            root: None,
        }),
    )
}

/// A bundle by `key`; spoilt, its signature does not fit.
fn evidence(key: &PrivateKey, spoilt: bool) -> Evidence {
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let annotations = if spoilt {
        BTreeMap::from([("a".to_owned(), "1".to_owned())])
    } else {
        BTreeMap::new()
    };
    let signed = sign(key, &subject(), &annotations, now).unwrap();
    let mut json: serde_json::Value = serde_json::from_slice(&signed.blobs[1].1).unwrap();
    if spoilt {
        let other = sign(key, &subject(), &BTreeMap::new(), now).unwrap();
        let other: serde_json::Value = serde_json::from_slice(&other.blobs[1].1).unwrap();
        json["dsseEnvelope"]["signatures"] = other["dsseEnvelope"]["signatures"].clone();
    }
    Evidence::bundle(subject().digest, json.to_string().as_bytes())
}

struct Scene {
    a: PrivateKey,
    b: PrivateKey,
}

impl Scene {
    fn new() -> Self {
        Self {
            a: PrivateKey::generate().unwrap(),
            b: PrivateKey::generate().unwrap(),
        }
    }

    fn any(&self) -> Signers {
        Signers::AnyOf(vec![signers("a", &self.a), signers("b", &self.b)])
    }

    fn all(&self) -> Signers {
        Signers::AllOf(vec![signers("a", &self.a), signers("b", &self.b)])
    }
}

fn ask(evidence: &[Evidence], by: &Signers) -> (Class, Outcome, usize) {
    let judge = Judge::new("2026-11-24T00:00:00Z".parse().unwrap());
    let answer = Answer::of(&judge, evidence, by, &Demand::signature());
    assert!(!answer.detail.is_empty());
    (answer.class, answer.outcome, answer.findings.len())
}

#[test]
fn any_of_and_all_of() {
    let scene = Scene::new();
    let a = evidence(&scene.a, false);
    let b = evidence(&scene.b, false);
    let stranger = evidence(&PrivateKey::generate().unwrap(), false);
    let (good, bad) = (
        (Class::Good, Outcome::Accepted),
        (Class::Bad, Outcome::UntrustedSigner),
    );
    let none = (Class::Missing, Outcome::None);
    for (found, any, all) in [
        (vec![], none, none),
        (vec![a.clone()], good, bad),
        (vec![b.clone()], good, bad),
        (vec![a.clone(), b], good, good),
        (vec![stranger.clone()], bad, bad),
        (vec![stranger, a], good, bad),
    ] {
        let judged = found.len() * 2;
        let with = |(class, outcome)| (class, outcome, judged);
        assert_eq!(ask(&found, &scene.any()), with(any));
        assert_eq!(ask(&found, &scene.all()), with(all));
    }
}

#[test]
fn one_who_contradicts_himself_is_not_rescued_by_another() {
    let scene = Scene::new();
    let spoilt = evidence(&scene.a, true);
    let good = evidence(&scene.b, false);
    let bad = (Class::Bad, Outcome::BadSignature, 4);
    for found in [vec![spoilt.clone(), good.clone()], vec![good, spoilt]] {
        assert_eq!(ask(&found, &scene.any()), bad);
        assert_eq!(ask(&found, &scene.all()), bad);
        let nested = Signers::AnyOf(vec![
            signers("b", &scene.b),
            Signers::AllOf(vec![signers("b", &scene.b), signers("a", &scene.a)]),
        ]);
        let (class, outcome, _) = ask(&found, &nested);
        assert_eq!((class, outcome), (Class::Bad, Outcome::BadSignature));
    }
}

#[test]
fn one_who_cannot_be_judged_stands_in_the_way_of_all_and_not_of_any() {
    let scene = Scene::new();
    let a = evidence(&scene.a, false);
    let old = || Signers::Unsupported {
        name: "old".to_owned(),
        why: "not here".to_owned(),
    };
    let cannot = (Class::CannotCheck, Outcome::UnsupportedFormat, 1);
    let good = (Class::Good, Outcome::Accepted, 1);
    let with_a = |group: fn(Vec<Signers>) -> Signers| group(vec![old(), signers("a", &scene.a)]);
    assert_eq!(
        ask(std::slice::from_ref(&a), &with_a(Signers::AllOf)),
        cannot
    );
    assert_eq!(ask(std::slice::from_ref(&a), &with_a(Signers::AnyOf)), good);
}

#[test]
fn nobody_is_never_enough() {
    let scene = Scene::new();
    let a = [evidence(&scene.a, false)];
    for group in [Signers::AnyOf(vec![]), Signers::AllOf(vec![])] {
        assert_eq!(ask(&a, &group), (Class::Missing, Outcome::None, 0));
    }
}

#[test]
fn findings_are_in_the_order_of_the_signers() {
    let scene = Scene::new();
    let judge = Judge::new("2026-11-24T00:00:00Z".parse().unwrap());
    for key in [&scene.a, &scene.b] {
        let found = [evidence(key, false)];
        let answer = Answer::of(&judge, &found, &scene.any(), &Demand::signature());
        let names: Vec<_> = answer
            .findings
            .iter()
            .map(|one| one.signer.as_str())
            .collect();
        assert_eq!(names, ["a", "b"]);
    }
}
