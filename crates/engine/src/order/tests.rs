use std::collections::BTreeMap;

use transship_oci::{Descriptor, RawManifest, Referrer, Tag, Tie, media_type};

use super::*;
use crate::graph::{Content, Edge, Node};

fn manifest(children: &[&RawManifest], name: &str) -> RawManifest {
    let children: Vec<&Descriptor> = children.iter().map(|child| child.descriptor()).collect();
    let text = serde_json::json!({"manifests": children, "annotations": {"name": name}});
    RawManifest::named(media_type::OCI_INDEX, text.to_string().into()).unwrap()
}

fn graph(root: &RawManifest, others: &[&RawManifest], edges: Vec<Edge>) -> Graph {
    let node = |manifest: &RawManifest| Node {
        descriptor: manifest.descriptor().clone(),
        content: Some(Content::read(manifest.clone()).unwrap()),
        depth: 0,
        present: Vec::new(),
    };
    let all = others.iter().copied().chain([root]);
    Graph {
        root: root.digest(),
        nodes: all
            .map(|one| (one.digest(), node(one)))
            .collect::<BTreeMap<_, _>>(),
        edges,
        lost: Vec::new(),
        missing: Vec::new(),
    }
}

fn edge(subject: &RawManifest, referrer: &RawManifest, tie: Tie) -> Edge {
    Edge {
        subject: subject.digest(),
        referrer: Referrer {
            descriptor: referrer.descriptor().clone(),
            tie,
        },
        listed: Vec::new(),
    }
}

#[test]
fn children_then_the_root_then_what_refers_to_it() {
    let (one, two) = (manifest(&[], "one"), manifest(&[], "two"));
    let root = manifest(&[&one, &two], "root");
    let (sbom, signature) = (manifest(&[], "sbom"), manifest(&[], "signature"));
    let edges = vec![
        edge(&root, &sbom, Tie::Subject),
        edge(&sbom, &signature, Tie::Subject),
    ];
    let graph = graph(&root, &[&one, &two, &sbom, &signature], edges);
    let all: BTreeSet<Digest> = graph.nodes.keys().copied().collect();
    let mut first = vec![one.digest(), two.digest()];
    first.sort();
    let expected = vec![
        first,
        vec![root.digest()],
        vec![sbom.digest()],
        vec![signature.digest()],
    ];
    assert_eq!(steps(&graph, &all).unwrap(), expected);
    let rest = BTreeSet::from([root.digest(), signature.digest()]);
    assert_eq!(
        steps(&graph, &rest).unwrap().len(),
        1,
        "what is there need not be waited for"
    );
}

#[test]
fn tags_order_nothing() {
    let child = manifest(&[], "child");
    let root = manifest(&[&child], "root");
    let tag = || Tie::Tag(Tag::legacy(&root.digest())[0].clone());
    let edges = vec![edge(&root, &child, tag()), edge(&child, &root, tag())];
    let graph = graph(&root, &[&child], edges);
    let all = graph.nodes.keys().copied().collect();
    assert_eq!(
        steps(&graph, &all).unwrap(),
        [vec![child.digest()], vec![root.digest()]]
    );
}

fn tag(name: &str) -> Tie {
    Tie::Tag(name.parse::<Tag>().unwrap())
}

#[test]
fn tags_of_what_belongs_to_a_signature_come_before_its_own() {
    let image = manifest(&[], "image");
    let (signature, sbom) = (manifest(&[], "signature"), manifest(&[], "sbom"));
    let second = manifest(&[], "of the sbom");
    let root = manifest(&[&image, &sbom], "root");
    let edges = vec![
        edge(&image, &signature, tag("image.sig")),
        edge(&signature, &sbom, Tie::Subject),
        edge(&sbom, &second, tag("sbom.sig")),
    ];
    let graph = graph(&root, &[&image, &signature, &sbom, &second], edges);
    let signed = BTreeSet::from([signature.digest(), second.digest()]);
    let expected = BTreeMap::from([(second.digest(), 0), (signature.digest(), 1)]);
    assert_eq!(ranks(&graph, &signed), expected);
}

#[test]
fn tags_in_a_circle_have_some_order() {
    let (one, two) = (manifest(&[], "one"), manifest(&[], "two"));
    let edges = vec![
        edge(&one, &two, tag("one.sig")),
        edge(&two, &one, tag("two.sig")),
    ];
    let graph = graph(&one, &[&two], edges);
    let signed = BTreeSet::from([one.digest(), two.digest()]);
    let ranks: BTreeSet<usize> = ranks(&graph, &signed).into_values().collect();
    assert_eq!(ranks, BTreeSet::from([0, 1]));
}

#[test]
fn what_a_tag_ties_is_published_after_its_subject() {
    let (one, two) = (manifest(&[], "one"), manifest(&[], "two"));
    let root = manifest(&[&one, &two], "root");
    let signatures: Vec<_> = ["a", "b", "c"].map(|name| manifest(&[], name)).into();
    let edges = vec![
        edge(&root, &signatures[0], tag("root.sig")),
        edge(&signatures[0], &signatures[1], tag("sig.sig")),
        edge(&one, &signatures[2], tag("one.sig")),
    ];
    let others: Vec<&RawManifest> = signatures.iter().chain([&one, &two]).collect();
    let order = publication(&graph(&root, &others, edges)).unwrap();
    let place = |manifest: &RawManifest| {
        let digest = manifest.digest();
        order.iter().position(|one| *one == digest).unwrap()
    };
    assert_eq!(order.len(), 6);
    assert!(place(&one) < place(&root) && place(&two) < place(&root));
    assert!(place(&root) < place(&signatures[0]));
    assert!(place(&signatures[0]) < place(&signatures[1]));
    assert!(place(&one) < place(&signatures[2]));
}

#[test]
fn what_names_what_counts_for_more_than_a_circle_of_tags() {
    let child = manifest(&[], "child");
    let root = manifest(&[&child], "root");
    let other = manifest(&[], "other");
    let edges = vec![
        edge(&root, &child, tag("root.sig")),
        edge(&child, &root, tag("child.sig")),
        edge(&other, &other, tag("other.sig")),
    ];
    let order = publication(&graph(&root, &[&child, &other], edges)).unwrap();
    assert_eq!(order.len(), 3);
    let place = |manifest: &RawManifest| order.iter().position(|one| *one == manifest.digest());
    assert!(place(&child) < place(&root));
}
