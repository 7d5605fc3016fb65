use http::StatusCode;
use proptest::prelude::*;
use transship_oci::ErrorKind;

use super::Problem;

fn problem(status: u16, body: &str) -> Problem {
    Problem::new(StatusCode::from_u16(status).unwrap(), body.as_bytes())
}

#[test]
fn names_code_message_and_detail() {
    let body =
        r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":"1.4"}]}"#;
    let problem = problem(404, body);
    assert_eq!(problem.kind(), ErrorKind::NotFound);
    assert_eq!(
        problem.message(),
        "the registry answered 404 Not Found (MANIFEST_UNKNOWN: manifest unknown: 1.4)"
    );
}

#[test]
fn the_code_decides_where_the_status_is_only_400() {
    let body = |code: &str| format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#);
    assert_eq!(
        problem(400, &body("DIGEST_INVALID")).kind(),
        ErrorKind::DigestMismatch
    );
    assert_eq!(problem(400, &body("DENIED")).kind(), ErrorKind::Denied);
    assert_eq!(
        problem(400, &body("TAG_INVALID")).kind(),
        ErrorKind::Unsupported
    );
    assert_eq!(
        problem(401, &body("DENIED")).kind(),
        ErrorKind::Unauthorized
    );
    assert_eq!(
        problem(503, &body("UNSUPPORTED")).kind(),
        ErrorKind::Unavailable
    );
    assert_eq!(problem(412, "").kind(), ErrorKind::Conflict);
    assert_eq!(problem(302, "").kind(), ErrorKind::Corrupt);
}

#[test]
fn reads_what_token_endpoints_say() {
    let problem = problem(
        401,
        r#"{"error":"invalid_grant","error_description":"no such user"}"#,
    );
    assert_eq!(
        problem.message(),
        "the registry answered 401 Unauthorized (invalid_grant: no such user)"
    );
}

#[test]
fn an_expired_token_is_told_from_other_complaints() {
    let ecr = r#"{"errors":[{"code":"DENIED","message":"Your Authorization Token has expired. Reauthenticate and try again."}]}"#;
    assert!(problem(400, ecr).expired());
    assert!(
        !problem(
            400,
            r#"{"errors":[{"code":"DENIED","message":"no token"}]}"#
        )
        .expired()
    );
}

#[test]
fn html_says_nothing() {
    assert_eq!(
        problem(502, "<html>bad gateway</html>").message(),
        "the registry answered 502 Bad Gateway"
    );
}

#[test]
fn words_from_outside_are_tamed() {
    let long = "x".repeat(10_000);
    let body = format!(r#"{{"errors":[{{"code":"A\nB","message":"\u001b[31m{long}"}}]}}"#);
    let message = problem(400, &body).message();
    assert!(message.chars().count() < 320, "{message}");
    assert!(!message.chars().any(char::is_control));
}

proptest! {
    #[test]
    fn any_body_is_read_without_a_fault(status in 100_u16..1000, body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let problem = Problem::new(StatusCode::from_u16(status).unwrap(), &body);
        prop_assert!(problem.message().starts_with("the registry answered"));
    }
}
