//! What belongs to an artifact.

use std::collections::BTreeMap;

use transship_oci::{Descriptor, Digest, Referrer, Tie};

use super::Pair;
use crate::image::{Graph, Image, Kind, layer};

fn image(graph: &mut Graph) -> Descriptor {
    graph.image(Image::new().layer(layer::noise(1, 10)))
}

fn by_digest(listed: Vec<Referrer>) -> BTreeMap<Digest, Referrer> {
    let count = listed.len();
    let map: BTreeMap<_, _> = listed
        .into_iter()
        .map(|it| (it.descriptor.digest, it))
        .collect();
    assert_eq!(map.len(), count, "each is listed once");
    map
}

pub(super) async fn all_that_belongs_to_a_subject_is_listed(pair: &Pair) {
    let mut graph = Graph::new();
    let app = image(&mut graph);
    let sbom = graph.attach(&app, "application/spdx+json", b"{}");
    let notation = graph.attach_by_config(&app, "application/vnd.cncf.notary.signature", b"s");
    let signature = graph.sign_in_tag(&app, &[b"one", b"two"]);
    let attestation = graph.put_beside(&app, Kind::Attestation, &[b"attested"]);
    let listing = graph.put_beside(&app, Kind::Sbom, &[b"listed"]);
    graph.push_to(&*pair.sink()).await.expect("a push");
    let at_source = pair.source().referrers(&app.digest).await.expect("a list");
    let at_sink = pair.sink().referrers(&app.digest).await.expect("a list");
    for listed in [by_digest(at_source), by_digest(at_sink)] {
        assert_eq!(listed.len(), 5, "{listed:?}");
        for node in [&sbom, &notation] {
            assert_eq!(listed[&node.digest].tie, Tie::Subject);
        }
        let tagged = [
            (&signature, Kind::Signature),
            (&attestation, Kind::Attestation),
            (&listing, Kind::Sbom),
        ];
        for (node, kind) in tagged {
            assert_eq!(listed[&node.digest].tie, Tie::Tag(kind.tag(&app.digest)));
        }
        for (digest, referrer) in &listed {
            let wanted = graph.manifest(digest).expect("one of ours").descriptor();
            assert_eq!(referrer.descriptor.size, wanted.size);
            assert_eq!(referrer.descriptor.media_type, wanted.media_type);
        }
    }
    assert!(pair.source().may_have_referrers().await.expect("an answer"));
}

pub(super) async fn a_referrer_of_a_referrer_is_its_own_subjects(pair: &Pair) {
    let mut graph = Graph::new();
    let app = image(&mut graph);
    let sbom = graph.attach(&app, "application/spdx+json", b"{}");
    let signature = graph.attach(&sbom, "application/vnd.example.signature", b"signed");
    graph.push_to(&*pair.sink()).await.expect("a push");
    for (subject, wanted) in [(&app, &sbom), (&sbom, &signature)] {
        let listed = pair
            .source()
            .referrers(&subject.digest)
            .await
            .expect("a list");
        let digests: Vec<_> = listed.iter().map(|it| it.descriptor.digest).collect();
        assert_eq!(digests, [wanted.digest]);
    }
}

pub(super) async fn nothing_belongs_to_a_lonely_manifest(pair: &Pair) {
    let mut graph = Graph::new();
    let app = image(&mut graph);
    graph.tag("1", &app);
    graph.push_to(&*pair.sink()).await.expect("a push");
    assert_eq!(
        pair.source().referrers(&app.digest).await.expect("a list"),
        []
    );
    assert_eq!(
        pair.sink().referrers(&app.digest).await.expect("a list"),
        []
    );
    let unknown = Digest::sha256(b"nowhere");
    assert_eq!(pair.source().referrers(&unknown).await.expect("a list"), []);
}
