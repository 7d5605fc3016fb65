use futures::{StreamExt as _, TryStreamExt as _};
use transship_oci::{ErrorKind, Side, Sink as _, Source as _, Tag};
use transship_testkit::{
    fault::{
        Answer, Route, on,
        quirks::{ManyTags, Paging},
    },
    image::{Graph, Image},
};

use super::support::{Desk, fill, registry, source, target};

fn tagged(names: &[&str]) -> Graph {
    let mut graph = Graph::new();
    let image = graph.image(Image::new());
    for name in names {
        graph.tag(name, &image);
    }
    graph
}

async fn names(repository: &impl transship_oci::Source) -> Vec<String> {
    repository
        .tags()
        .map_ok(|tag| tag.to_string())
        .try_collect()
        .await
        .unwrap()
}

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

#[tokio::test]
async fn all_pages_are_read_whichever_way_they_are_linked() {
    for paging in [Paging::relative(2), Paging::absolute(2)] {
        let registry = registry(vec![std::sync::Arc::new(paging)]).await;
        fill(&registry, "app", &tagged(&["a", "b", "c", "d", "e"])).await;
        let found = names(&source(registry.host(), "app")).await;
        assert_eq!(found, ["a", "b", "c", "d", "e"]);
        assert_eq!(registry.count(Route::Tags), 3);
    }
}

#[tokio::test]
async fn a_page_at_another_host_is_not_followed() {
    let link = r#"<http://127.0.0.2:1/v2/app/tags/list>; rel="next""#;
    let registry = registry(vec![on(Route::Tags).header("link", Some(link))]).await;
    fill(&registry, "app", &tagged(&["a"])).await;
    let repository = source(registry.host(), "app");
    let error = repository.tags().try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(registry.total(), 1);
}

#[tokio::test]
async fn a_repository_that_does_not_exist_has_no_tags() {
    let registry = registry(vec![]).await;
    assert!(names(&source(registry.host(), "nowhere")).await.is_empty());
    assert_eq!(
        target(registry.host(), "nowhere")
            .tagged(&tag("1"))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_refused_list_is_an_error_to_who_wants_the_list() {
    let refused = on(Route::Tags).answer(Answer::error(405, "UNSUPPORTED", "no lists here"));
    let registry = registry(vec![refused]).await;
    fill(&registry, "app", &tagged(&["a"])).await;
    let repository = source(registry.host(), "app");
    let error = repository.tags().next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_hundred_thousand_tags_in_one_page_are_read() {
    let registry = registry(vec![std::sync::Arc::new(ManyTags(100_000))]).await;
    fill(&registry, "app", &tagged(&["a"])).await;
    let repository = source(registry.host(), "app");
    assert_eq!(repository.tags().count().await, 100_001);
    assert_eq!(registry.count(Route::Tags), 1);
}

#[tokio::test]
async fn who_asks_for_many_absent_tags_gets_them_from_one_list() {
    let registry = registry(vec![]).await;
    fill(&registry, "app", &tagged(&["a"])).await;
    let repository = target(registry.host(), "app");
    for n in 0..50 {
        assert_eq!(
            repository.tagged(&tag(&format!("t{n}"))).await.unwrap(),
            None
        );
    }
    assert_eq!(
        registry.counts(),
        [("head-manifest", 3), ("tags", 1)].into()
    );
    assert!(repository.tagged(&tag("a")).await.unwrap().is_some());
    assert_eq!(
        registry.counts(),
        [("head-manifest", 4), ("tags", 1)].into()
    );
}

#[tokio::test]
async fn a_single_question_is_one_head() {
    let registry = registry(vec![]).await;
    fill(&registry, "app", &tagged(&["a"])).await;
    assert_eq!(
        target(registry.host(), "app")
            .tagged(&tag("b"))
            .await
            .unwrap(),
        None
    );
    assert_eq!(registry.counts(), [("head-manifest", 1)].into());
}

#[tokio::test]
async fn listing_the_tags_pays_for_the_questions_that_follow() {
    let registry = registry(vec![]).await;
    fill(&registry, "app", &tagged(&["a", "b"])).await;
    let repository = Desk::new().open(registry.host(), "app", Side::Source);
    assert_eq!(names(&repository).await, ["a", "b"]);
    registry.forget();
    let subject = tagged(&["a"]).manifests()[0].digest();
    assert!(
        transship_oci::Source::referrers(&repository, &subject)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(registry.counts(), [("referrers", 1)].into());
}
