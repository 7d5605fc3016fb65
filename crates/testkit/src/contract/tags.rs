//! Tags.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use transship_oci::{Name, RawManifest, Tag, media_type};

use super::Pair;

fn tag(text: &str) -> Tag {
    text.parse().expect("a tag")
}

/// An index without children: needs nothing else, and another `number` is another manifest.
fn manifest(number: u32) -> RawManifest {
    let text = format!(r#"{{"schemaVersion":2,"manifests":[],"annotations":{{"n":"{number}"}}}}"#);
    RawManifest::named(media_type::OCI_INDEX, text.into()).expect("a manifest")
}

pub(super) async fn all_tags_are_listed_once(pair: &Pair) {
    let sink = pair.sink();
    let mut wanted = BTreeSet::new();
    for number in 0..25 {
        let name = tag(&format!("v{number}.0_x-Y"));
        sink.tag(std::slice::from_ref(&name), &manifest(number))
            .await
            .expect("a tag");
        wanted.insert(name);
    }
    let listed: Vec<Tag> = pair.source().tags().try_collect().await.expect("a list");
    assert_eq!(listed.len(), 25);
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), wanted);
}

pub(super) async fn a_tag_moves(pair: &Pair) {
    let name = tag("1.4");
    for number in [1, 2, 1] {
        let manifest = manifest(number);
        let sink = pair.sink();
        sink.tag(std::slice::from_ref(&name), &manifest)
            .await
            .expect("a tag");
        let told = sink.tagged(&name).await.expect("an answer").expect("a tag");
        assert_eq!(told.digest, manifest.digest(), "as the same sink sees it");
        let told = pair
            .sink()
            .tagged(&name)
            .await
            .expect("an answer")
            .expect("a tag");
        assert_eq!(told.digest, manifest.digest(), "as another sink sees it");
        let found = pair.source().resolve(&Name::Tag(name.clone())).await;
        assert_eq!(found.expect("a descriptor").digest, manifest.digest());
    }
    // What a tag has left is there still.
    let old = manifest(2);
    let found = pair.source().manifest(old.descriptor()).await;
    assert_eq!(found.expect("the manifest").bytes(), old.bytes());
}

pub(super) async fn several_tags_are_set_at_once(pair: &Pair) {
    let names = ["1", "1.4", "1.4.2", "latest"].map(tag);
    pair.sink().tag(&names, &manifest(1)).await.expect("tags");
    for name in names {
        let found = pair.source().resolve(&Name::Tag(name.clone())).await;
        assert_eq!(
            found.expect("a descriptor").digest,
            manifest(1).digest(),
            "{name}"
        );
    }
}
