use reqwest::{Method, StatusCode};
use transship_registry_server::{Registry, Settings};

use crate::support::{Running, code, json, store, text};

/// Follows `Link` from page to page and returns all pages.
async fn pages(registry: &Running, path: &str, field: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let response = registry.get(&path).await;
        assert_eq!(response.status(), StatusCode::OK);
        let link = text(response.headers(), "link").to_owned();
        next = link
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""))
            .map(str::to_owned);
        assert!(link.is_empty() || next.is_some(), "{link}");
        let body = json(response).await;
        let list = body[field].as_array().unwrap();
        let list = list.iter().map(|entry| entry.as_str().unwrap().to_owned());
        pages.push(list.collect());
    }
    pages
}

#[tokio::test]
async fn tags_come_in_pages() {
    for registry in Running::everywhere().await {
        for tag in ["c", "a", "b", "e", "d"] {
            registry.image("x/y", tag, b"layer").await;
        }
        let all = pages(&registry, "/v2/x/y/tags/list", "tags").await;
        assert_eq!(all, [["a", "b", "c", "d", "e"]]);
        let two = pages(&registry, "/v2/x/y/tags/list?n=2", "tags").await;
        assert_eq!(two, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
        let rest = pages(&registry, "/v2/x/y/tags/list?last=c", "tags").await;
        assert_eq!(rest, [["d", "e"]]);
        let none = pages(&registry, "/v2/x/y/tags/list?n=0", "tags").await;
        assert_eq!(none, [Vec::<String>::new()]);
        let five = pages(&registry, "/v2/x/y/tags/list?n=5", "tags").await;
        assert_eq!(five.len(), 1);
        let odd = registry.get("/v2/x/y/tags/list?n=-1").await;
        assert_eq!(odd.status(), StatusCode::BAD_REQUEST);
        assert_eq!(code(odd).await, "PAGINATION_NUMBER_INVALID");
        let unknown = registry.get("/v2/x/tags/list").await;
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
        assert_eq!(code(unknown).await, "NAME_UNKNOWN");
    }
}

#[tokio::test]
async fn a_page_has_a_limit_of_its_own() {
    let settings = Settings {
        page: 2,
        ..Settings::default()
    };
    let registry = Running::start(Registry::new(store()).settings(settings)).await;
    for tag in ["a", "b", "c"] {
        registry.image("x", tag, b"layer").await;
    }
    let paged = pages(&registry, "/v2/x/tags/list?n=100", "tags").await;
    assert_eq!(paged, [vec!["a", "b"], vec!["c"]]);
}

#[tokio::test]
async fn repositories_are_listed_by_name() {
    for registry in Running::everywhere().await {
        for name in ["b", "a/blobs", "a", "a/b/c"] {
            registry.image(name, "t", b"layer").await;
        }
        let all = pages(&registry, "/v2/_catalog?n=3", "repositories").await;
        assert_eq!(all, [vec!["a", "a/b/c", "a/blobs"], vec!["b"]]);
    }
}

#[tokio::test]
async fn every_path_says_what_can_be_done_there() {
    let registry = Running::memory().await;
    registry.image("a", "t", b"layer").await;
    for (method, path, allowed) in [
        (Method::POST, "/v2/a/tags/list", "GET, HEAD"),
        (Method::DELETE, "/v2/_catalog", "GET, HEAD"),
        (Method::POST, "/v2/a/manifests/t", "GET, HEAD, PUT, DELETE"),
        (Method::GET, "/v2/a/blobs/uploads/", "POST"),
    ] {
        let response = registry.request(method, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(text(response.headers(), "allow"), allowed);
        assert_eq!(code(response).await, "UNSUPPORTED");
    }
    let ping = registry.get("/v2/").await;
    let version = text(ping.headers(), "docker-distribution-api-version");
    assert_eq!(version, "registry/2.0");
}

#[tokio::test]
async fn nothing_is_written_to_what_is_read_only() {
    let store = store();
    let writable = Running::start(Registry::new(store.clone())).await;
    let digest = writable.image("a", "t", b"layer").await;
    let settings = Settings {
        read_only: true,
        ..Settings::default()
    };
    let registry = Running::start(Registry::new(store).settings(settings)).await;
    assert_eq!(registry.get("/v2/a/manifests/t").await.status(), 200);
    let by_digest = format!("/v2/a/manifests/{digest}");
    for (method, path) in [
        (Method::POST, "/v2/a/blobs/uploads/"),
        (Method::PUT, "/v2/a/manifests/t"),
        (Method::DELETE, by_digest.as_str()),
    ] {
        let response = registry.request(method, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(registry.head(&by_digest).await.status(), 200);
}
