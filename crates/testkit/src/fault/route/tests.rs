use http::Method;

use super::Route;

#[test]
fn every_request_has_its_class() {
    let digest = "sha256:0000";
    let table = [
        ("GET", "/v2/", "", "ping"),
        ("GET", "/token", "scope=x", "token"),
        ("GET", "/v2/_catalog", "n=1", "catalog"),
        ("GET", "/v2/a/b/tags/list", "", "tags"),
        ("GET", &format!("/v2/a/referrers/{digest}"), "", "referrers"),
        ("HEAD", "/v2/a/manifests/1", "", "head-manifest"),
        ("GET", "/v2/a/manifests/1", "", "get-manifest"),
        ("PUT", "/v2/a/manifests/1", "tag=2", "put-manifest"),
        ("DELETE", "/v2/a/manifests/1", "", "delete-manifest"),
        ("HEAD", &format!("/v2/a/blobs/{digest}"), "", "head-blob"),
        (
            "GET",
            &format!("/v2/uploads/blobs/{digest}"),
            "",
            "get-blob",
        ),
        (
            "DELETE",
            &format!("/v2/a/blobs/{digest}"),
            "",
            "delete-blob",
        ),
        ("POST", "/v2/a/blobs/uploads/", "", "post-upload"),
        ("POST", "/v2/a/blobs/uploads/", "digest=x", "post-upload"),
        (
            "POST",
            "/v2/a/blobs/uploads/",
            "from=b&mount=x",
            "post-mount",
        ),
        ("GET", "/v2/a/blobs/uploads/7", "", "get-upload"),
        ("PATCH", "/v2/a/blobs/uploads/7", "_state=1", "patch"),
        ("PUT", "/v2/a/blobs/uploads/7", "digest=x", "put-blob"),
        ("DELETE", "/v2/a/blobs/uploads/7", "", "delete-upload"),
        ("POST", "/v2/a/manifests/1", "", "other"),
        ("GET", "/", "", "other"),
    ];
    for (method, path, query, name) in table {
        let method: Method = method.parse().unwrap();
        assert_eq!(
            Route::of(&method, path, query).name(),
            name,
            "{method} {path}"
        );
    }
}
