use std::sync::Arc;

use transship_oci::{Descriptor, Digest, ErrorKind, Referrer, Side, Source, Tag, Tie};
use transship_testkit::{
    fault::{
        Answer, FaultRegistry, Route, on,
        quirks::{FallbackTag, Referrers},
    },
    image::{Graph, Image, layer},
};

use super::support::{Desk, fill, registry, registry_with, source};

struct Signed {
    graph: Graph,
    subject: Digest,
    bundle: Descriptor,
    sbom: Descriptor,
    legacy: Descriptor,
}

fn signed() -> Signed {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::plain("a", b"x")));
    graph.tag("1.0", &image);
    let bundle = graph.attach(
        &image,
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        b"sig",
    );
    let sbom = graph.attach(&image, "application/spdx+json", b"sbom");
    let legacy = graph.sign_in_tag(&image, &[b"payload"]);
    Signed {
        graph,
        subject: image.digest,
        bundle,
        sbom,
        legacy,
    }
}

/// Digest and tie of each, in an order of their own.
fn found(referrers: &[Referrer]) -> Vec<(Digest, String)> {
    let mut found: Vec<_> = referrers
        .iter()
        .map(|referrer| {
            let tie = match &referrer.tie {
                Tie::Subject => "subject".to_owned(),
                Tie::Tag(tag) => tag.to_string(),
            };
            (referrer.descriptor.digest, tie)
        })
        .collect();
    found.sort();
    found
}

fn expected(signed: &Signed) -> Vec<(Digest, String)> {
    let [sig, ..] = Tag::legacy(&signed.subject);
    let mut all = vec![
        (signed.bundle.digest, "subject".to_owned()),
        (signed.sbom.digest, "subject".to_owned()),
        (signed.legacy.digest, sig.to_string()),
    ];
    all.sort();
    all
}

async fn ask(registry: &FaultRegistry, subject: &Digest) -> Vec<Referrer> {
    let repository = source(registry.host(), "app");
    Source::referrers(&repository, subject).await.unwrap()
}

#[tokio::test]
async fn api_and_legacy_tags_are_united() {
    let registry = registry(vec![]).await;
    let signed = signed();
    fill(&registry, "app", &signed.graph).await;
    assert_eq!(
        found(&ask(&registry, &signed.subject).await),
        expected(&signed)
    );
    assert_eq!(
        registry.counts(),
        [("head-manifest", 1), ("referrers", 1), ("tags", 1)].into()
    );
}

#[tokio::test]
async fn without_the_api_the_fallback_index_is_read() {
    for quirk in [
        Referrers::Missing,
        Referrers::NotAllowed,
        Referrers::Html,
        Referrers::Lie,
    ] {
        let registry = registry(vec![Arc::new(quirk)]).await;
        let signed = signed();
        fill(&registry, "app", &signed.graph).await;
        assert_eq!(
            found(&ask(&registry, &signed.subject).await),
            expected(&signed)
        );
        assert_eq!(
            registry.counts(),
            [
                ("get-manifest", 1),
                ("head-manifest", 1),
                ("referrers", 1),
                ("tags", 1)
            ]
            .into()
        );
    }
}

#[tokio::test]
async fn a_null_list_is_a_list() {
    let registry = registry(vec![Arc::new(Referrers::NullList)]).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    fill(&registry, "app", &graph).await;
    assert!(ask(&registry, &image.digest).await.is_empty());
    let repository = source(registry.host(), "app");
    Source::referrers(&repository, &image.digest).await.unwrap();
    assert!(
        Source::may_have_referrers(&repository).await.unwrap(),
        "there is an API"
    );
}

#[tokio::test]
async fn that_there_is_no_api_is_found_out_once_for_many_digests() {
    let registry = registry(vec![Arc::new(Referrers::Missing)]).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    graph.tag("1", &image);
    fill(&registry, "app", &graph).await;
    let repository = source(registry.host(), "app");
    let digests: Vec<Digest> = (0..40u32)
        .map(|n| Digest::sha256(&n.to_le_bytes()))
        .collect();
    let asked = digests
        .iter()
        .map(|digest| Source::referrers(&repository, digest));
    for answer in futures::future::join_all(asked).await {
        assert!(answer.unwrap().is_empty());
    }
    assert_eq!(registry.counts(), [("referrers", 1), ("tags", 1)].into());
    assert!(!Source::may_have_referrers(&repository).await.unwrap());
    assert_eq!(registry.total(), 2);
}

#[tokio::test]
async fn with_the_api_each_digest_is_one_request() {
    let registry = registry(vec![]).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    graph.tag("1", &image);
    fill(&registry, "app", &graph).await;
    let repository = source(registry.host(), "app");
    let digests: Vec<Digest> = (0..40u32)
        .map(|n| Digest::sha256(&n.to_le_bytes()))
        .collect();
    let asked = digests
        .iter()
        .map(|digest| Source::referrers(&repository, digest));
    for answer in futures::future::join_all(asked).await {
        assert!(answer.unwrap().is_empty());
    }
    assert_eq!(registry.counts(), [("referrers", 40), ("tags", 1)].into());
}

#[tokio::test]
async fn a_list_of_referrers_has_pages() {
    let settings = transship_registry_server::Settings {
        page: 2,
        ..Default::default()
    };
    let registry = registry_with(settings, vec![]).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    for n in 0..5u8 {
        graph.attach(&image, "application/x", &[n]);
    }
    fill(&registry, "app", &graph).await;
    assert_eq!(ask(&registry, &image.digest).await.len(), 5);
    assert_eq!(registry.count(Route::Referrers), 3);
}

#[tokio::test]
async fn an_api_that_fails_is_not_an_empty_list() {
    for (status, kind) in [(403, ErrorKind::Denied), (500, ErrorKind::Unavailable)] {
        let registry = registry(vec![on(Route::Referrers).answer(Answer::new(status))]).await;
        let signed = signed();
        let repository = source(registry.host(), "app");
        let error = Source::referrers(&repository, &signed.subject)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(
            error.operation(),
            Some(format!("list referrers of {}", signed.subject).as_str())
        );
    }
}

#[tokio::test]
async fn where_tags_are_not_listed_each_is_asked_for() {
    let refused = on(Route::Tags).answer(Answer::error(401, "UNAUTHORIZED", "no lists"));
    let registry = registry(vec![refused, Arc::new(Referrers::Missing)]).await;
    let signed = signed();
    fill(&registry, "app", &signed.graph).await;
    assert_eq!(
        found(&ask(&registry, &signed.subject).await),
        expected(&signed)
    );
    assert_eq!(registry.count(Route::HeadManifest), 3);
    assert_eq!(registry.count(Route::GetManifest), 1);
}

#[tokio::test]
async fn a_tag_that_is_the_image_itself_is_no_list_of_referrers() {
    for quirk in [FallbackTag::Subject, FallbackTag::Stranger] {
        let refused = on(Route::Tags).answer(Answer::error(405, "UNSUPPORTED", "no lists"));
        let registry = registry(vec![refused, Arc::new(quirk)]).await;
        let mut graph = Graph::new();
        let image = graph.image(Image::new());
        graph.tag("1", &image);
        fill(&registry, "app", &graph).await;
        let desk = Desk::new();
        let repository = desk.open(registry.host(), "app", Side::Source);
        assert!(
            Source::referrers(&repository, &image.digest)
                .await
                .unwrap()
                .is_empty()
        );
        let notes = desk.observer.all();
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0].starts_with("is not read as a list of referrers: it is "),
            "{notes:?}"
        );
    }
}

#[tokio::test]
async fn any_suffix_of_a_digest_tag_belongs_to_the_digest() {
    let registry = registry(vec![]).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    let other = graph.image(Image::new().layer(layer::plain("doc", b"doc")));
    let tag = format!("{}.vex", Tag::fallback(&image.digest));
    graph.tag(&tag, &other);
    fill(&registry, "app", &graph).await;
    assert_eq!(
        found(&ask(&registry, &image.digest).await),
        [(other.digest, tag)]
    );
}
