use super::*;

#[test]
fn a_shown_url_keeps_its_secrets() {
    let table = [
        ("https://r.example/v2/a", "https://r.example/v2/a"),
        (
            "https://user:s3cret@r.example:8443/v2/",
            "https://r.example:8443/v2/",
        ),
        (
            "https://acct.blob.core.windows.net/c/b?sv=1&sig=s3cret%3D",
            "https://acct.blob.core.windows.net/c/b?sv=…&sig=…",
        ),
        (
            "http://[::1]:5000/v2/a/blobs/uploads/7?_state=s3cret#frag",
            "http://[::1]:5000/v2/a/blobs/uploads/7?_state=…",
        ),
        ("https://r.example/?s3cret", "https://r.example/?…"),
        (
            "https://r.example/?a%0Ab=s3cret&c",
            "https://r.example/?a%0Ab=…&…",
        ),
    ];
    for (url, shown) in table {
        let safe = SafeUrl(url.parse().unwrap());
        assert_eq!(safe.to_string(), shown, "{url}");
        assert_eq!(format!("{safe:?}"), shown, "{url}");
    }
}

#[test]
fn a_location_knows_its_registry() {
    let repository: Repository = "r.example:5000/a/b".parse().unwrap();
    let registry = Location::Registry(repository.clone());
    assert_eq!(registry.to_string(), "r.example:5000/a/b");
    assert_eq!(
        (registry.registry(), registry.repository()),
        (Some("r.example:5000"), Some(&repository))
    );
    let local = Location::Local("memory:x".to_owned());
    assert_eq!(local.to_string(), "memory:x");
    assert_eq!((local.registry(), local.repository()), (None, None));
}
