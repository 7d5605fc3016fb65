use http::HeaderValue;

use super::*;

fn headers(name: HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
}

#[test]
fn any_of_the_tags_will_do() {
    let digest = Digest::sha256(b"x");
    let other = Digest::sha256(b"y");
    for (value, expected) in [
        (format!("\"{digest}\""), true),
        (format!("W/\"{digest}\""), true),
        (format!("\"{other}\", \"{digest}\""), true),
        ("*".to_owned(), true),
        (format!("\"{other}\""), false),
        (digest.to_string(), false),
        ("\"v1\"".to_owned(), false),
    ] {
        let headers = headers(header::IF_NONE_MATCH, &value);
        assert_eq!(not_modified(&headers, &digest), expected, "{value}");
    }
    assert!(!not_modified(&HeaderMap::new(), &digest));
}

#[test]
fn what_is_expected_is_read_from_either_header() {
    let digest = Digest::sha256(b"x");
    let of = |name, value: &str| expected(&headers(name, value));
    assert_eq!(expected(&HeaderMap::new()).unwrap(), Expect::Anything);
    assert_eq!(of(header::IF_NONE_MATCH, "*").unwrap(), Expect::Absent);
    let tag = format!("\"{digest}\"");
    assert_eq!(of(header::IF_MATCH, &tag).unwrap(), Expect::Is(digest));
    let refused = of(header::IF_MATCH, "\"v1\"").unwrap_err();
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
}
