//! Signature tags that exist at the target.

use transship_engine::TagAction;
use transship_oci::{Descriptor, ErrorKind, Tag};
use transship_testkit::image::{Graph, Image, layer};

use crate::support::{Rig, block_on, digest_of, visible_tags};

/// The same image, signed by these.
fn signed(signatures: &[&[u8]]) -> (Graph, Descriptor) {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 100)));
    graph.tag("v", &image);
    graph.sign_in_tag(&image, signatures);
    (graph, image)
}

async fn signature_at(rig: &Rig, image: &Descriptor) -> transship_oci::Digest {
    let tag = &Tag::legacy(&image.digest)[0];
    let tags = visible_tags(&rig.targets[0].inner).await;
    tags.iter().find(|(name, _)| name == tag).unwrap().1
}

fn signature_in(graph: &Graph, image: &Descriptor) -> transship_oci::Digest {
    digest_of(graph, Tag::legacy(&image.digest)[0].as_str())
}

#[test]
fn a_signature_that_was_added_is_brought() {
    block_on(async {
        let (ours, image) = signed(&[b"one", b"two"]);
        let (theirs, _) = signed(&[b"one"]);
        let rig = Rig::new(&ours, 1).await;
        theirs.push_to(&rig.targets[0].inner).await.unwrap();
        let plan = rig.plan(&["v"]).await.unwrap();
        let planned = &plan.jobs[0].targets[0].legacy_tags[0];
        assert_eq!(planned.action, TagAction::Move);
        assert_eq!(planned.current, Some(signature_in(&theirs, &image)));
        rig.copied(&["v"]).await;
        assert_eq!(
            signature_at(&rig, &image).await,
            signature_in(&ours, &image)
        );
    });
}

#[test]
fn a_target_with_more_signatures_keeps_them() {
    block_on(async {
        let (ours, image) = signed(&[b"one"]);
        let (theirs, _) = signed(&[b"one", b"two"]);
        let rig = Rig::new(&ours, 1).await;
        theirs.push_to(&rig.targets[0].inner).await.unwrap();
        let report = rig.copied(&["v"]).await;
        assert_eq!(report.unchanged(), 1, "{:?}", report.items);
        assert_eq!(
            signature_at(&rig, &image).await,
            signature_in(&theirs, &image)
        );
        assert_eq!(rig.writes.calls("put ") + rig.writes.calls("tag "), 0);
    });
}

#[test]
fn signatures_that_went_apart_are_a_conflict() {
    block_on(async {
        let (ours, image) = signed(&[b"one"]);
        let (theirs, _) = signed(&[b"two"]);
        let mut rig = Rig::new(&ours, 1).await;
        theirs.push_to(&rig.targets[0].inner).await.unwrap();
        let report = rig.copy(&["v"]).await;
        let (_, error) = report.errors().next().unwrap();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let tag = &Tag::legacy(&image.digest)[0];
        let (was, wanted) = (signature_in(&theirs, &image), signature_in(&ours, &image));
        assert_eq!(
            error.message(),
            format!("tag {tag} is {was} there, and would become {wanted}")
        );
        let hint = error.hint().unwrap();
        assert!(
            hint.ends_with("what only the target has under this tag is lost"),
            "{hint}"
        );
        assert_eq!(signature_at(&rig, &image).await, was);
        rig.options.move_tags = true;
        rig.copied(&["v"]).await;
        assert_eq!(signature_at(&rig, &image).await, wanted);
    });
}

#[test]
fn one_sbom_of_two_images_lies_under_both_tags() {
    block_on(async {
        let mut graph = Graph::new();
        let one = graph.image(Image::new().layer(layer::noise(1, 100)));
        let two = graph.image(Image::new().layer(layer::noise(2, 100)));
        let index = graph.index(transship_testkit::image::Index::of([
            one.clone(),
            two.clone(),
        ]));
        graph.tag("v", &index);
        let first = graph.sign_in_tag(&one, &[b"same"]);
        let second = graph.sign_in_tag(&two, &[b"same"]);
        assert_eq!(first.digest, second.digest);
        let rig = Rig::new(&graph, 1).await;
        rig.copied(&["v"]).await;
        graph
            .assert_complete(&index.digest, &rig.targets[0].inner)
            .await;
        // Both tags point at one manifest, and are written in one request.
        assert_eq!(rig.writes.calls("tag sha256-"), 1, "{:?}", rig.writes.log());
    });
}

#[test]
fn a_signature_tag_that_leads_back_to_the_image_is_no_circle() {
    block_on(async {
        let mut graph = Graph::new();
        let child = graph.image(Image::new().layer(layer::noise(1, 100)));
        let root = graph.index(transship_testkit::image::Index::of([child.clone()]));
        graph.tag("v", &root);
        graph.tag(Tag::legacy(&root.digest)[0].as_str(), &child);
        graph.tag(Tag::legacy(&child.digest)[0].as_str(), &root);
        let rig = Rig::new(&graph, 1).await;
        rig.copied(&["v"]).await;
        graph
            .assert_complete(&root.digest, &rig.targets[0].inner)
            .await;
        assert_eq!(rig.copied(&["v"]).await.unchanged(), 1);
    });
}
