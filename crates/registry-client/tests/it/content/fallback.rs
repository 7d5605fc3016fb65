use std::sync::Arc;

use http::HeaderValue;
use transship_oci::{
    Descriptor, Digest, ErrorKind, RawManifest, Side, Sink as _, Source, Tag, media_type,
};
use transship_testkit::{
    fault::{
        Answer, FaultRegistry, Quirk, Route, on,
        quirks::{ConcurrentWriter, FallbackTag, Referrers},
    },
    image::{Graph, Image},
};

use super::support::{Desk, at_tag, fill, registry, source, target};

/// An image, and so many referrers of it that are not pushed yet.
fn signed(count: u8) -> (Graph, Digest, Vec<RawManifest>) {
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    graph.tag("1", &image);
    let base = graph.clone();
    let mut manifests = Vec::new();
    for n in 0..count {
        let node = graph.attach(&image, "application/x.signature", &[n]);
        manifests.push(graph.manifest(&node.digest).unwrap().clone());
    }
    let mut blobs = base;
    for bytes in graph.blobs().values() {
        blobs.blob(&transship_testkit::image::Layer::new(
            "application/octet-stream",
            bytes.clone(),
        ));
    }
    (blobs, image.digest, manifests)
}

async fn listed(registry: &FaultRegistry, subject: &Digest) -> Vec<Digest> {
    let tag = Tag::fallback(subject).to_string();
    let index = at_tag(registry.host(), "app", &tag).await;
    assert_eq!(index.media_type(), media_type::OCI_INDEX);
    let children = index.children().unwrap();
    let mut digests: Vec<_> = children
        .manifests
        .iter()
        .map(|child| child.digest)
        .collect();
    digests.sort();
    digests
}

fn digests(manifests: &[RawManifest]) -> Vec<Digest> {
    let mut digests: Vec<_> = manifests.iter().map(RawManifest::digest).collect();
    digests.sort();
    digests
}

#[tokio::test]
async fn a_registry_with_the_api_is_never_given_a_fallback_tag() {
    let registry = registry(vec![]).await;
    let (graph, subject, manifests) = signed(3);
    fill(&registry, "app", &graph).await;
    let repository = target(registry.host(), "app");
    for manifest in &manifests {
        repository.put_manifest(manifest).await.unwrap();
    }
    // The first is looked for in the list; then the registry is trusted.
    assert_eq!(
        registry.counts(),
        [("put-manifest", 3), ("referrers", 1)].into()
    );
    let found = Source::referrers(&source(registry.host(), "app"), &subject)
        .await
        .unwrap();
    assert_eq!(found.len(), 3);
}

#[tokio::test]
async fn without_the_api_the_writer_keeps_the_list() {
    for quirk in [
        Referrers::Missing,
        Referrers::NotAllowed,
        Referrers::Html,
        Referrers::Lie,
    ] {
        let registry = registry(vec![Arc::new(quirk)]).await;
        let (graph, subject, manifests) = signed(2);
        fill(&registry, "app", &graph).await;
        let repository = target(registry.host(), "app");
        for manifest in &manifests {
            repository.put_manifest(manifest).await.unwrap();
        }
        assert_eq!(
            listed(&registry, &subject).await,
            digests(&manifests),
            "{quirk:?}"
        );
        assert_eq!(registry.count(Route::Referrers), 1, "{quirk:?}");
    }
}

#[tokio::test]
async fn an_entry_carries_type_and_annotations_and_is_written_once() {
    let registry = registry(vec![Arc::new(Referrers::Missing)]).await;
    let (mut graph, subject, _) = signed(0);
    let image = graph.manifest(&subject).unwrap().descriptor().clone();
    let node = graph.image(
        Image::new()
            .subject(&image)
            .artifact_type("application/x.sbom")
            .annotated("a", "1")
            .annotated("b", "2"),
    );
    let manifest = graph.manifest(&node.digest).unwrap().clone();
    let mut base = Graph::new();
    base.add(graph.manifest(&subject).unwrap().clone());
    for bytes in graph.blobs().values() {
        base.blob(&transship_testkit::image::Layer::new(
            "application/octet-stream",
            bytes.clone(),
        ));
    }
    fill(&registry, "app", &base).await;
    let repository = target(registry.host(), "app");
    repository.put_manifest(&manifest).await.unwrap();
    let first = at_tag(registry.host(), "app", &Tag::fallback(&subject).to_string()).await;
    registry.forget();
    repository.put_manifest(&manifest).await.unwrap();
    // The manifest, and a look at the list: there is nothing to write.
    assert_eq!(
        registry.counts(),
        [("get-manifest", 1), ("put-manifest", 1)].into()
    );
    let again = at_tag(registry.host(), "app", &Tag::fallback(&subject).to_string()).await;
    assert_eq!(first, again);
    let entry: Descriptor = first.children().unwrap().manifests[0].clone();
    assert_eq!(entry.artifact_type.as_deref(), Some("application/x.sbom"));
    assert_eq!(entry.annotations.len(), 2);
    assert_eq!(entry.size, manifest.descriptor().size);
}

#[tokio::test]
async fn many_writers_in_one_process_lose_nothing_and_share_their_writes() {
    let registry = registry(vec![Arc::new(Referrers::Missing)]).await;
    let (graph, subject, manifests) = signed(16);
    fill(&registry, "app", &graph).await;
    let repository = target(registry.host(), "app");
    let puts = manifests
        .iter()
        .map(|manifest| repository.put_manifest(manifest));
    for put in futures::future::join_all(puts).await {
        put.unwrap();
    }
    assert_eq!(listed(&registry, &subject).await, digests(&manifests));
    let index_puts = registry.count(Route::PutManifest) - manifests.len();
    assert!(
        index_puts <= 4,
        "{index_puts} writes of the index for 16 entries"
    );
}

#[tokio::test]
async fn eight_writers_of_eight_processes_lose_nothing() {
    // With entity tags, and without any.
    let plain: Vec<Arc<dyn Quirk>> = vec![
        on(Route::GetManifest)
            .or(Route::HeadManifest)
            .header("etag", None),
        Arc::new(Referrers::Missing),
    ];
    for quirks in [vec![Arc::new(Referrers::Missing) as Arc<dyn Quirk>], plain] {
        let registry = registry(quirks).await;
        let (graph, subject, manifests) = signed(8);
        fill(&registry, "app", &graph).await;
        let desks: Vec<_> = manifests
            .iter()
            .map(|_| target(registry.host(), "app"))
            .collect();
        let puts = desks
            .iter()
            .zip(&manifests)
            .map(|(desk, manifest)| desk.put_manifest(manifest));
        for put in futures::future::join_all(puts).await {
            put.unwrap();
        }
        assert_eq!(listed(&registry, &subject).await, digests(&manifests));
    }
}

#[tokio::test]
async fn an_entry_that_another_writer_wrote_over_is_put_in_again() {
    let registry = registry(vec![
        Arc::new(ConcurrentWriter::new(2)),
        on(Route::GetManifest)
            .or(Route::HeadManifest)
            .header("etag", None),
        Arc::new(Referrers::Missing),
    ])
    .await;
    let (graph, subject, manifests) = signed(1);
    fill(&registry, "app", &graph).await;
    target(registry.host(), "app")
        .put_manifest(&manifests[0])
        .await
        .unwrap();
    let listed = listed(&registry, &subject).await;
    assert!(listed.contains(&manifests[0].digest()), "{listed:?}");
    assert!(
        listed.len() >= 2,
        "the other writer's entry is kept: {listed:?}"
    );
}

#[tokio::test]
async fn writers_without_end_are_named() {
    let registry = registry(vec![
        Arc::new(ConcurrentWriter::new(1000)),
        Arc::new(Referrers::Missing),
    ])
    .await;
    let (graph, subject, manifests) = signed(1);
    fill(&registry, "app", &graph).await;
    let error = target(registry.host(), "app")
        .put_manifest(&manifests[0])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(
        error.message(),
        format!(
            "other writers changed tag {} 10 times while a referrer was being added",
            Tag::fallback(&subject)
        )
    );
}

#[tokio::test]
async fn an_entity_tag_is_sent_back() {
    let registry = registry(vec![
        on(Route::GetManifest).header("etag", Some("\"the-tag\"")),
        Arc::new(Referrers::Missing),
    ])
    .await;
    let (graph, _, manifests) = signed(2);
    fill(&registry, "app", &graph).await;
    let repository = target(registry.host(), "app");
    repository.put_manifest(&manifests[0]).await.unwrap();
    let second = repository.put_manifest(&manifests[1]).await;
    let sent: Vec<_> = registry
        .seen()
        .iter()
        .filter_map(|seen| seen.headers.get("if-match").cloned())
        .collect();
    // Our registry has other tags than the one that the quirk made up, and refuses it; then it is left out.
    assert_eq!(sent, [HeaderValue::from_static("\"the-tag\"")]);
    second.unwrap();
}

#[tokio::test]
async fn a_tag_that_is_something_else_is_not_written_over() {
    let registry = registry(vec![Arc::new(Referrers::Missing)]).await;
    let (mut graph, subject, manifests) = signed(1);
    let image = graph.manifest(&subject).unwrap().descriptor().clone();
    let tag = Tag::fallback(&subject);
    graph.tag(tag.to_string().as_str(), &image);
    fill(&registry, "app", &graph).await;
    let error = target(registry.host(), "app")
        .put_manifest(&manifests[0])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(
        error.message(),
        format!("tag {tag} is where the list of referrers belongs, but it is the subject itself")
    );
    assert_eq!(
        error.hint().unwrap(),
        format!(
            "remove or rename tag {tag} at the target, or use a registry that has the referrers API"
        )
    );
    assert_eq!(
        at_tag(registry.host(), "app", &tag.to_string())
            .await
            .digest(),
        subject
    );
}

#[tokio::test]
async fn a_tag_that_resolves_by_itself_is_put_where_it_is_known_not_to_exist() {
    let conjured = || -> Vec<Arc<dyn Quirk>> {
        vec![Arc::new(FallbackTag::Subject), Arc::new(Referrers::Missing)]
    };
    let listing = registry(conjured()).await;
    let (graph, subject, manifests) = signed(2);
    fill(&listing, "app", &graph).await;
    let desk = Desk::new();
    let repository = desk.open(listing.host(), "app", Side::Target);
    for manifest in &manifests {
        repository.put_manifest(manifest).await.unwrap();
    }
    assert_eq!(listed(&listing, &subject).await, digests(&manifests));
    assert_eq!(
        desk.observer.all(),
        ["is answered but not listed; the list of referrers is put there"]
    );

    let mut silent = conjured();
    silent.push(on(Route::Tags).answer(Answer::new(405)));
    let silent = registry(silent).await;
    fill(&silent, "app", &graph).await;
    let error = target(silent.host(), "app")
        .put_manifest(&manifests[0])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
}

#[tokio::test]
async fn an_api_that_never_lists_what_was_put_is_an_error() {
    let empty = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
    let registry = registry(vec![
        on(Route::Referrers).answer(Answer::new(200).body(media_type::OCI_INDEX, empty)),
    ])
    .await;
    let (graph, subject, manifests) = signed(1);
    fill(&registry, "app", &graph).await;
    let error = target(registry.host(), "app")
        .put_manifest(&manifests[0])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(
        error.message(),
        format!(
            "{} is there, but the registry's referrers API does not list it for {subject}",
            manifests[0].digest()
        )
    );
}

#[tokio::test]
async fn a_foreign_entry_and_its_unknown_fields_survive() {
    let registry = registry(vec![Arc::new(Referrers::Missing)]).await;
    let (mut graph, subject, manifests) = signed(2);
    let image = graph.manifest(&subject).unwrap().descriptor().clone();
    graph.add(manifests[0].clone());
    let tag = Tag::fallback(&subject).to_string();
    let old = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","org.example":{{"kept":[1,2]}},"manifests":[{{"mediaType":"{}","digest":"{}","size":{},"odd":true}}]}}"#,
        media_type::OCI_INDEX,
        media_type::OCI_MANIFEST,
        manifests[0].digest(),
        manifests[0].descriptor().size
    );
    let index = graph.add(RawManifest::named(media_type::OCI_INDEX, old.into()).unwrap());
    graph.tag(&tag, &index);
    // The graph's own order would put the referrer through the client, which lists it: by hand, then.
    assert_eq!(image.digest, subject);
    super::support::push(registry.host(), "app", &graph).await;
    let repository = Desk::new().open(registry.host(), "app", Side::Target);
    repository.put_manifest(&manifests[1]).await.unwrap();
    let text =
        String::from_utf8(at_tag(registry.host(), "app", &tag).await.bytes().to_vec()).unwrap();
    assert!(text.contains(r#""org.example":{"kept":[1,2]}"#), "{text}");
    assert!(text.contains(r#""odd":true"#), "{text}");
    assert_eq!(listed(&registry, &subject).await, digests(&manifests));
}

#[tokio::test]
async fn an_api_that_denied_itself_once_is_believed_when_it_lists() {
    let denial = on(Route::Referrers).first(1).answer(Answer::new(404));
    let registry = registry(vec![denial]).await;
    let (graph, subject, manifests) = signed(1);
    fill(&registry, "app", &graph).await;
    let repository = target(registry.host(), "app");
    assert!(
        transship_oci::Sink::referrers(&repository, &subject)
            .await
            .unwrap()
            .is_empty()
    );
    repository.put_manifest(&manifests[0]).await.unwrap();
    let found = transship_oci::Sink::referrers(&repository, &subject)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(registry.count(Route::PutManifest), 1, "no fallback tag");
}
