//! policy.json: the cases of containers/image through the whole of it, its own example, and the rows on names and scopes.

use std::{collections::BTreeMap, path::Path};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use transship_oci::{
    Descriptor, Error, ErrorKind, RawManifest, Reference, Referrer, Result, Source as _, Walked,
    media_type,
};
use transship_testkit::image::{Graph, Image, Kind, Layer};
use transship_trust::{
    Class, Judge, Limits,
    policy::{
        Beside, Match, Materials, NameSpec, Policy, Rules as _, Stance, assess,
        containers::{self, File, Matched},
    },
};

use crate::{
    shelf::Shelf,
    vectors::{folder, read},
};

fn rows(name: &str) -> Option<Value> {
    let folder = folder("containers-image-fixtures")?;
    let all: Value = serde_json::from_slice(&read(&folder, "identity-match.json")).unwrap();
    Some(all[name].clone())
}

fn accepts(spec: &NameSpec, asked: &str, signed: &str) -> bool {
    // What is no reference is never asked for.
    let Ok(asked) = asked.parse::<Reference>() else {
        return false;
    };
    spec.accepts(Some(&asked), signed).is_ok()
}

/// Rows of texts, and a verdict at the end.
fn cases<const N: usize>(rows: &Value) -> Vec<([String; N], Value)> {
    let rows: Vec<Vec<Value>> = serde_json::from_value(rows.clone()).unwrap();
    rows.into_iter()
        .map(|mut row| {
            let verdict = row.pop().unwrap();
            let texts: Vec<String> = row
                .iter()
                .map(|one| one.as_str().unwrap().to_owned())
                .collect();
            (texts.try_into().unwrap(), verdict)
        })
        .collect()
}

#[test]
fn names_match_as_they_do_there() {
    let Some(exact) = rows("matchExact_symmetric") else {
        return;
    };
    let repository = rows("matchRepository_symmetric").unwrap();
    let either = rows("matchRepoDigestOrExact_extra_image_vs_signature").unwrap();
    let mut counted = 0;
    let mut check = |how: Match, asked: &str, signed: &str, verdict: &Value| {
        let found = accepts(&NameSpec::Match(how), asked, signed);
        assert_eq!(&json!(found), verdict, "{how:?} {asked} {signed}");
        counted += 1;
    };
    for ([a, b], verdict) in cases::<2>(&exact) {
        check(Match::Exact, &a, &b, &verdict);
        check(Match::Exact, &b, &a, &verdict);
    }
    for ([a, b], verdict) in cases::<2>(&repository) {
        check(Match::Repository, &a, &b, &verdict);
        check(Match::Repository, &b, &a, &verdict);
    }
    for ([asked, signed], verdict) in cases::<2>(&either) {
        check(Match::DigestOrExact, &asked, &signed, &verdict);
    }
    assert_eq!(counted, 2 * 25 + 2 * 31 + 20);
}

#[test]
fn names_are_remapped_as_they_are_there() {
    let Some(prefixes) = rows("remap_prefix_matches_ref_prefix") else {
        return;
    };
    let remap = |prefix: &str, signed_prefix: &str, then| NameSpec::Remap {
        prefix: prefix.to_owned(),
        signed_prefix: signed_prefix.to_owned(),
        then,
    };
    for ([name, prefix], verdict) in cases::<2>(&prefixes) {
        let spec = remap(&prefix, "moved.example/z", Match::Repository);
        let asked: Reference = name.parse().unwrap();
        let stays = accepts(&spec, &name, &asked.repository.to_string());
        assert_eq!(json!(!stays), verdict, "{name} {prefix}");
        if !stays {
            let moved = asked.repository.to_string();
            let moved = moved.replacen(&prefix, "moved.example/z", 1);
            assert!(accepts(&spec, &name, &moved), "{name} {prefix}");
        }
    }
    let results = rows("remap_result_prefix_signedPrefix_ref_expected").unwrap();
    for ([prefix, signed_prefix, asked], expected) in cases::<3>(&results) {
        let expected = expected.as_str().unwrap();
        let bare = !asked.rsplit('/').next().unwrap().contains([':', '@']);
        let how = if bare {
            Match::Repository
        } else {
            Match::Exact
        };
        let spec = remap(&prefix, &signed_prefix, how);
        if expected.is_empty() {
            let asked: Reference = asked.parse().unwrap();
            let why = spec.accepts(Some(&asked), "a.b/c:tag").unwrap_err();
            assert!(
                why.ends_with("is no full reference") || why.ends_with("is no reference"),
                "{why}"
            );
        } else {
            assert!(
                accepts(&spec, &asked, expected),
                "{spec:?} {asked} {expected}"
            );
        }
    }
    let matches = rows("remap_match_prefix_signedPrefix_image_sig").unwrap();
    for ([prefix, signed_prefix, asked, signed], verdict) in cases::<4>(&matches) {
        let spec = remap(&prefix, &signed_prefix, Match::DigestOrExact);
        assert_eq!(
            json!(accepts(&spec, &asked, &signed)),
            verdict,
            "{spec:?} {asked} {signed}"
        );
    }
}

#[derive(Deserialize)]
struct Lookup {
    docker_scopes: Vec<String>,
    atomic_scopes: Vec<String>,
    cases_transport_ref_matched: Vec<(String, String, Option<String>)>,
}

#[test]
fn scopes_are_looked_up_as_they_are_there() {
    let Some(rows) = rows("scope_lookup") else {
        return;
    };
    let rows: Lookup = serde_json::from_value(rows).unwrap();
    let entries = |scopes: &[String]| {
        let entry = |scope: &String| (scope.clone(), json!([{"type": "reject"}]));
        scopes.iter().map(entry).collect::<BTreeMap<_, _>>()
    };
    let file = json!({
        "default": [{"type": "reject"}],
        "transports": {"docker": entries(&rows.docker_scopes), "atomic": entries(&rows.atomic_scopes)},
    });
    let file = File::parse(file.to_string().as_bytes()).unwrap();
    for (transport, name, wanted) in &rows.cases_transport_ref_matched {
        let found = file.matched(transport, name).unwrap();
        let wanted = wanted.as_deref().map_or(Matched::Default, Matched::Scope);
        assert_eq!(found, wanted, "{transport} {name}");
    }
    assert_eq!(rows.cases_transport_ref_matched.len(), 11);
}

#[test]
fn the_example_of_containers_image_is_read_and_imported() {
    let Some(folder) = folder("containers-image-fixtures") else {
        return;
    };
    let json = read(&folder, "signature/fixtures/policy.json");
    let file = File::parse(&json).unwrap();
    let before: Value = serde_json::from_slice(&json).unwrap();
    let after: Value = serde_json::from_str(&file.to_json().unwrap()).unwrap();
    assert_eq!(after, before);
    // It has data that is no key.
    assert_eq!(
        file.import().unwrap_err().message(),
        "data is not PEM in base64"
    );
    let mut file = file;
    let docker = file.transports.get_mut("docker").unwrap();
    docker
        .remove("example.com/sigstore/key-data-example")
        .unwrap();
    let imported = file.import().unwrap();
    // Two are in no reference: their first part is no host.
    assert_eq!(imported.policy.rules.len(), docker_len(&file) - 2);
    let text = imported.policy.to_yaml().unwrap();
    let policy = Policy::read(&text, "policy.yaml", &OneKey).unwrap();
    let stance = |scope: &str| {
        let (_, rule) = policy
            .rules()
            .iter()
            .find(|(known, _)| known.to_string() == scope)
            .unwrap();
        format!("{:?}", rule.stance)
    };
    assert!(stance("example.com/playground").starts_with("Unsigned"));
    assert!(stance("example.com/production").contains("Unsupported"));
    assert!(stance("example.com/hardened").starts_with("Refuse"));
    assert!(stance("example.com/sigstore/key-path-example").contains("Repository"));
    assert!(matches!(policy.default_rule().stance, Stance::Refuse(_)));
    assert!(
        imported
            .notes
            .iter()
            .any(|note| note.starts_with("transport \"dir\" is left out"))
    );
}

fn docker_len(file: &File) -> usize {
    file.transports["docker"].len()
}

/// Whatever file is asked for, it is a key.
struct OneKey;

impl Materials for OneKey {
    fn file(&self, _: &str) -> Result<Vec<u8>> {
        let key = transship_trust::sign::PrivateKey::generate().unwrap();
        Ok(key.public_pem().into_bytes())
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

#[derive(Deserialize)]
struct Verdicts {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    image: String,
    image_ref: String,
    requirement: Value,
    expect: String,
    remove_annotation: Option<String>,
    replace_annotation: Option<(String, String)>,
    replace_annotation_from: Option<(String, String)>,
}

impl Case {
    /// The image and its signatures as they would lie in a repository.
    fn graph(&self, folder: &Path) -> Result<(Graph, Descriptor)> {
        let bytes = Bytes::from(read(folder, &format!("{}/manifest.json", self.image)));
        let corrupt = |cause| Error::new(ErrorKind::Corrupt, "no manifest").because(cause);
        let fields: Value = serde_json::from_slice(&bytes).map_err(corrupt)?;
        let kind = fields["mediaType"]
            .as_str()
            .unwrap_or(media_type::OCI_MANIFEST);
        let manifest = RawManifest::named(kind, bytes)?;
        manifest.children()?;
        let mut graph = Graph::new();
        let files = (1..)
            .map(|n| folder.join(format!("{}/signature-{n}", self.image)))
            .take_while(|path| path.is_file());
        let layers: Vec<Layer> = files
            .filter_map(|path| self.layer(folder, &std::fs::read(path).unwrap()))
            .collect();
        if !layers.is_empty() {
            let node = graph.image(Image::new().layers(layers));
            graph.tag(Kind::Signature.tag(&manifest.digest()).as_str(), &node);
        }
        Ok((graph, manifest.descriptor().clone()))
    }

    /// A signature as a layer, changed as the case wants it; `None` for `OpenPGP`.
    fn layer(&self, folder: &Path, file: &[u8]) -> Option<Layer> {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let signature = |file: &[u8]| {
            let json = file.strip_prefix(b"\0sigstore-json\n")?;
            Some(serde_json::from_slice::<Value>(json).unwrap())
        };
        let mut it = signature(file)?;
        let annotations = it["annotations"].as_object_mut().unwrap();
        if let Some(name) = &self.remove_annotation {
            annotations.remove(name).unwrap();
        }
        if let Some((name, value)) = &self.replace_annotation {
            annotations.insert(name.clone(), json!(value));
        }
        if let Some((name, other)) = &self.replace_annotation_from {
            let other = signature(&read(folder, other)).unwrap();
            annotations.insert(name.clone(), other["annotations"][name].clone());
        }
        let payload = STANDARD.decode(it["payload"].as_str().unwrap()).unwrap();
        let layer = Layer::new(it["mimeType"].as_str().unwrap(), payload);
        let annotations = it["annotations"].as_object().unwrap().iter();
        Some(annotations.fold(layer, |layer, (name, value)| {
            layer.annotated(name, value.as_str().unwrap())
        }))
    }

    async fn class(&self, folder: &Path) -> Result<Class> {
        let (graph, root) = self.graph(folder)?;
        let file = json!({"default": [self.requirement]}).to_string();
        let policy =
            containers::Policy::read(file.as_bytes(), "policy.json", &Beside::new(folder))?;
        let source = Shelf::holding(&graph).await;
        let referrers: Vec<Referrer> = source.referrers(&root.digest).await?;
        let walked = Walked {
            reference: Some(self.image_ref.parse().unwrap()),
            children: Vec::new(),
            referrers: referrers
                .into_iter()
                .map(|one| (root.digest, one))
                .collect(),
            root,
        };
        let judge = Judge::new("2026-11-24T00:00:00Z".parse().unwrap());
        let assessment = assess(&policy, &judge, &Limits::default(), &walked, &source).await?;
        assert_eq!(
            policy
                .rule(walked.reference.as_ref(), &walked.root.digest)?
                .name,
            "default"
        );
        Ok(assessment.class)
    }
}

#[tokio::test]
async fn every_image_case_has_its_verdict() {
    let Some(folder) = folder("containers-image-fixtures") else {
        return;
    };
    let verdicts: Verdicts = serde_json::from_slice(&read(&folder, "verdicts.json")).unwrap();
    for case in &verdicts.cases {
        let class = case.class(&folder).await;
        let agrees = match (case.expect.as_str(), case.requirement["type"].as_str()) {
            ("error", _) => class.is_err(),
            // What OpenPGP signatures are worth is not for this version to say.
            (_, Some("signedBy")) => class.as_ref().ok() == Some(&Class::CannotCheck),
            ("accept", _) => class.as_ref().ok() == Some(&Class::Good),
            _ => class.as_ref().is_ok_and(|class| *class != Class::Good),
        };
        assert!(agrees, "{}: {class:?}", case.id);
    }
    assert_eq!(verdicts.cases.len(), 31);
}
