use http::{HeaderMap, HeaderValue};
use transship_oci::ErrorKind;

use super::judge;

#[test]
fn refusals_are_told_apart() {
    for (code, kind, word) in [
        (
            "InvalidAccessKeyId",
            ErrorKind::Unauthorized,
            "AWS_ACCESS_KEY_ID",
        ),
        ("ExpiredToken", ErrorKind::Unauthorized, "new session token"),
        ("RequestTimeTooSkewed", ErrorKind::Unauthorized, "clock"),
        ("AccessDenied", ErrorKind::Denied, "s3:PutObject"),
        ("NoSuchBucket", ErrorKind::NotFound, "create"),
        ("PreconditionFailed", ErrorKind::Conflict, "overwrite"),
        ("SlowDown", ErrorKind::RateLimited, ""),
        ("NotImplemented", ErrorKind::Unsupported, ""),
        (
            "PermanentRedirect",
            ErrorKind::Invalid,
            "region of the bucket",
        ),
    ] {
        let (found, hint) = judge(code, &HeaderMap::new()).expect(code);
        assert_eq!(found, kind, "{code}");
        assert!(hint.unwrap_or_default().contains(word), "{code}");
    }
    assert_eq!(judge("NoSuchKey", &HeaderMap::new()), None);
}

#[test]
fn the_region_that_the_answer_names_is_the_hint() {
    let mut headers = HeaderMap::new();
    headers.insert(
        "x-amz-bucket-region",
        HeaderValue::from_static("eu-central-1"),
    );
    let (_, hint) = judge("PermanentRedirect", &headers).unwrap();
    assert_eq!(hint.as_deref(), Some("set AWS_REGION=eu-central-1"));
}
