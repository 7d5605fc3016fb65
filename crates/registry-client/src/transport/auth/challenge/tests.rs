use http::HeaderMap;
use proptest::prelude::*;

use super::{best, parse};

#[test]
fn reads_what_docker_hub_says() {
    let text = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:acme/app:pull,push",error="insufficient_scope""#;
    let [bearer] = parse(text).try_into().unwrap();
    assert_eq!(bearer.scheme, "bearer");
    assert_eq!(bearer.get("realm"), Some("https://auth.docker.io/token"));
    assert_eq!(bearer.get("service"), Some("registry.docker.io"));
    assert_eq!(bearer.get("scope"), Some("repository:acme/app:pull,push"));
    assert!(bearer.wants_scope());
}

#[test]
fn reads_several_challenges_in_one_header() {
    let text =
        r#"Negotiate, Basic realm="a \"quoted\", realm" , BEARER Realm = https://x/t ,service=y"#;
    let all = parse(text);
    let schemes: Vec<_> = all
        .iter()
        .map(|challenge| challenge.scheme.as_str())
        .collect();
    assert_eq!(schemes, ["negotiate", "basic", "bearer"]);
    assert_eq!(all[1].get("realm"), Some("a \"quoted\", realm"));
    assert_eq!(all[2].get("realm"), Some("https://x/t"));
    assert_eq!(all[2].get("service"), Some("y"));
}

#[test]
fn bearer_is_answered_before_basic() {
    let mut headers = HeaderMap::new();
    headers.append("www-authenticate", "Basic realm=\"x\"".parse().unwrap());
    assert_eq!(best(&headers).unwrap().scheme, "basic");
    headers.append(
        "www-authenticate",
        "Bearer realm=\"https://x\"".parse().unwrap(),
    );
    assert_eq!(best(&headers).unwrap().scheme, "bearer");
    assert_eq!(best(&HeaderMap::new()), None);
}

#[test]
fn what_is_empty_is_not_there() {
    let [bearer] = parse(r#"Bearer realm="https://x",scope="""#)
        .try_into()
        .unwrap();
    assert_eq!(bearer.get("scope"), None);
}

#[test]
fn hostile_texts_end() {
    assert_eq!(
        parse(r#"Bearer realm="never closed"#)[0].get("realm"),
        Some("never closed")
    );
    let known = |text: &str| {
        parse(text)
            .iter()
            .any(|c| matches!(c.scheme.as_str(), "bearer" | "basic"))
    };
    assert!(!known("=,=\"\\"));
    assert_eq!(parse("realm=x").len(), 0);
    let long = format!("Bearer realm=\"{}\"", "x".repeat(1 << 20));
    assert!(
        parse(&long)
            .iter()
            .all(|c| c.get("realm").is_none_or(|realm| realm.len() <= 16 * 1024))
    );
    assert!(parse(&"a ".repeat(1 << 20)).len() <= 8 * 1024);
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_fault(text in "\\PC{0,300}") {
        let _ = parse(&text);
    }

    #[test]
    fn what_is_quoted_comes_back(value in "[ -~]{1,60}") {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let all = parse(&format!("Bearer realm=\"{quoted}\", service=s"));
        prop_assert_eq!(all[0].get("realm"), Some(value.as_str()));
        prop_assert_eq!(all[0].get("service"), Some("s"));
    }
}
