use http::{HeaderMap, StatusCode};
use transship_oci::ErrorKind;

use super::Fault;

fn read(status: u16, body: &str) -> Fault {
    Fault::read(
        StatusCode::from_u16(status).unwrap(),
        HeaderMap::new(),
        body.as_bytes(),
    )
}

#[test]
fn the_reason_is_found_in_every_form() {
    let azure = read(
        403,
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthorizationFailure</Code>\
         <Message>No.\nRequestId:1</Message><More>x</More></Error>",
    );
    assert_eq!(azure.code, "AuthorizationFailure");
    assert_eq!(
        azure.message(),
        "the store answered 403 AuthorizationFailure: No."
    );
    assert_eq!(azure.kind(), ErrorKind::Denied);
    let google = read(
        412,
        r#"{"error":{"code":412,"message":"Precondition Failed","errors":[{"reason":"conditionNotMet"}]}}"#,
    );
    assert_eq!(
        google.message(),
        "the store answered 412 conditionNotMet: Precondition Failed"
    );
    assert_eq!(google.kind(), ErrorKind::Conflict);
    assert_eq!(read(500, "oops").message(), "the store answered 500");
    assert_eq!(
        read(503, "<Error><Code>SlowDown</Code></Error>").kind(),
        ErrorKind::RateLimited
    );
    assert_eq!(read(503, "").kind(), ErrorKind::Unavailable);
}

#[test]
fn the_answer_to_a_head_says_it_in_a_header() {
    let headers = HeaderMap::from_iter([(
        http::HeaderName::from_static("x-ms-error-code"),
        "BlobNotFound".parse().unwrap(),
    )]);
    let fault = Fault::read(StatusCode::NOT_FOUND, headers, b"");
    assert_eq!(fault.message(), "the store answered 404 BlobNotFound");
}

#[test]
fn long_words_are_cut() {
    let body = format!(
        "<Error><Code>X</Code><Message>{}</Message></Error>",
        "m".repeat(5000)
    );
    assert_eq!(
        read(400, &body).message().len(),
        "the store answered 400 X: ".len() + 200
    );
}
