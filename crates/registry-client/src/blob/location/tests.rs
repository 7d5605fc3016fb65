use proptest::prelude::*;

use super::*;

fn from() -> Url {
    Url::parse("https://r.example/v2/a/blobs/uploads/").unwrap()
}

fn closed(location: &str) -> String {
    let url = resolve(&from(), location).unwrap();
    let session = Session {
        url: SafeUrl(url),
        least_chunk: 0,
    };
    session.closing(&Digest::sha256(b"")).into()
}

const DIGEST: &str =
    "digest=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn the_digest_is_added_and_the_rest_kept_byte_for_byte() {
    assert_eq!(
        closed("/v2/a/blobs/uploads/1"),
        format!("https://r.example/v2/a/blobs/uploads/1?{DIGEST}")
    );
    assert_eq!(
        closed("https://r.example/u/1?_state=a%2Bb%3D%3D&x=1+2"),
        format!("https://r.example/u/1?_state=a%2Bb%3D%3D&x=1+2&{DIGEST}")
    );
    assert_eq!(
        closed("?"),
        format!("https://r.example/v2/a/blobs/uploads/?{DIGEST}")
    );
    assert_eq!(
        closed("../1"),
        format!("https://r.example/v2/a/blobs/1?{DIGEST}")
    );
}

#[test]
fn a_registry_behind_tls_may_call_itself_http() {
    assert_eq!(
        resolve(&from(), "http://r.example/u/1?s=1")
            .unwrap()
            .as_str(),
        "https://r.example/u/1?s=1"
    );
}

#[test]
fn another_host_is_taken_when_it_is_as_safe() {
    assert_eq!(
        resolve(&from(), "https://store.example/u")
            .unwrap()
            .as_str(),
        "https://store.example/u"
    );
    let error = resolve(&from(), "http://store.example/u?key=s3cret").unwrap_err();
    assert_eq!(
        error.message(),
        "the upload session is at http://store.example/u?key=…, which is not encrypted as the registry itself is"
    );
}

#[test]
fn a_session_shows_no_secret() {
    let session = Session::kept("https://r.example/u?_state=s3cret").unwrap();
    assert!(!format!("{session:?}").contains("s3cret"));
}

proptest! {
    #[test]
    fn no_location_breaks_it(text in "\\PC{0,60}") {
        _ = resolve(&from(), &text);
    }
}
