use axum::response::IntoResponse as _;
use http::StatusCode;
use proptest::prelude::*;

use super::*;

fn digest() -> Digest {
    Digest::sha256(b"content")
}

#[test]
fn every_path_of_the_interface_is_told_apart() {
    let hex = digest();
    let of = |path: &str| Route::parse(path).unwrap();
    assert_eq!(of("/v2"), Route::Ping);
    assert_eq!(of("/v2/"), Route::Ping);
    assert_eq!(of("/token"), Route::Token);
    assert_eq!(of("/v2/_catalog"), Route::Catalog);
    assert_eq!(of("/v2/a/b/tags/list"), Route::Tags("a/b".into()));
    assert_eq!(
        of("/v2/a/manifests/1.0"),
        Route::Manifest("a".into(), Name::Tag("1.0".parse().unwrap()))
    );
    assert_eq!(
        of(&format!("/v2/a/manifests/{hex}")),
        Route::Manifest("a".into(), Name::Digest(hex))
    );
    assert_eq!(
        of(&format!("/v2/a/blobs/{hex}")),
        Route::Blob("a".into(), hex)
    );
    assert_eq!(of("/v2/a/blobs/uploads/"), Route::Uploads("a".into()));
    assert_eq!(of("/v2/a/blobs/uploads"), Route::Uploads("a".into()));
    assert_eq!(
        of("/v2/a/blobs/uploads/0f"),
        Route::Upload("a".into(), "0f".into())
    );
    assert_eq!(
        of(&format!("/v2/a/referrers/{hex}")),
        Route::Referrers("a".into(), hex)
    );
}

#[test]
fn names_may_hold_the_words_of_the_interface() {
    let of = |path: &str| Route::parse(path).unwrap();
    assert_eq!(
        of("/v2/a/manifests/tags/list"),
        Route::Tags("a/manifests".into())
    );
    assert_eq!(
        of("/v2/blobs/blobs/uploads/"),
        Route::Uploads("blobs".into())
    );
    assert_eq!(
        of("/v2/a/tags/manifests/list"),
        Route::Manifest("a/tags".into(), Name::Tag("list".parse().unwrap()))
    );
}

#[test]
fn an_escaped_colon_is_a_colon() {
    let path = format!("/v2/a/blobs/sha256%3A{}", digest().hex());
    assert_eq!(
        Route::parse(&path).unwrap(),
        Route::Blob("a".into(), digest())
    );
}

#[test]
fn what_is_malformed_is_refused_by_its_own_code() {
    for (path, status) in [
        ("/", StatusCode::NOT_FOUND),
        ("/v1/", StatusCode::NOT_FOUND),
        ("/v2x", StatusCode::NOT_FOUND),
        ("/v2/a", StatusCode::NOT_FOUND),
        ("/v2/a/other/b", StatusCode::NOT_FOUND),
        ("/v2/UPPER/tags/list", StatusCode::BAD_REQUEST),
        ("/v2/../tags/list", StatusCode::BAD_REQUEST),
        ("/v2/a//b/tags/list", StatusCode::BAD_REQUEST),
        ("/v2/a/blobs/sha256:12", StatusCode::BAD_REQUEST),
        ("/v2/a/blobs/md5:12", StatusCode::BAD_REQUEST),
        ("/v2/a/manifests/.dot", StatusCode::BAD_REQUEST),
    ] {
        let refusal = Route::parse(path).unwrap_err().into_response();
        assert_eq!(refusal.status(), status, "{path}");
    }
}

proptest! {
    #[test]
    fn any_path_is_read_without_panic(path in "\\PC*") {
        let _ = Route::parse(&path);
        let _ = Route::parse(&format!("/v2/{path}"));
    }

    #[test]
    fn no_route_leaves_its_folder(path in "(/|\\.|%2e|%2f|[a-z]|manifests|blobs|tags|list){1,20}") {
        if let Ok(route) = Route::parse(&format!("/v2/{path}"))
            && let Some(name) = route.repository()
        {
            prop_assert!(!name.split('/').any(|part| part.is_empty() || part.starts_with('.')));
        }
    }
}
