use std::time::Duration;

use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};
use transship_oci::ErrorKind;
use url::Url;

use super::{Proof, bearer, form, get_url, parse, scopes};
use crate::transport::{Access, Scope};

fn scope(repository: &str, access: Access) -> Scope {
    Scope {
        repository: repository.to_owned(),
        access,
    }
}

#[test]
fn asks_for_several_scopes_in_order() {
    let realm = Url::parse("https://auth.example/token?tenant=1").unwrap();
    let wanted = [scope("dst", Access::Push), scope("src", Access::Pull)];
    let url = get_url(&realm, Some("registry.example"), &wanted, Some("alice"));
    assert_eq!(
        url.as_str(),
        "https://auth.example/token?tenant=1&account=alice&service=registry.example\
         &scope=repository%3Adst%3Apull%2Cpush&scope=repository%3Asrc%3Apull"
    );
    let realm = Url::parse("https://auth.example/token").unwrap();
    assert_eq!(get_url(&realm, None, &[], None), realm);
}

#[test]
fn posts_a_refresh_token() {
    let secret = SecretString::from("s3 cret");
    let wanted = [scope("dst", Access::Push), scope("src", Access::Pull)];
    assert_eq!(
        form(Some("x"), &wanted, &Proof::Refresh(&secret)),
        "client_id=transship&service=x&scope=repository%3Adst%3Apull%2Cpush+repository%3Asrc%3Apull\
         &grant_type=refresh_token&refresh_token=s3+cret"
    );
}

#[test]
fn a_life_is_cut_by_a_margin() {
    let life = |body: &str| parse(body.as_bytes()).unwrap().life;
    assert_eq!(
        life(r#"{"token":"t","expires_in":300}"#),
        Duration::from_secs(290)
    );
    assert_eq!(
        life(r#"{"token":"t","expires_in":"300"}"#),
        Duration::from_secs(290)
    );
    assert_eq!(life(r#"{"access_token":"t"}"#), Duration::from_secs(50));
    assert_eq!(
        life(r#"{"token":"t","expires_in":null}"#),
        Duration::from_secs(50)
    );
    assert_eq!(
        life(r#"{"token":"t","expires_in":0}"#),
        Duration::from_secs(50)
    );
    assert_eq!(
        life(r#"{"token":"t","expires_in":4}"#),
        Duration::from_secs(3)
    );
    assert_eq!(
        life(r#"{"token":"t","expires_in":1e300}"#),
        Duration::from_secs(7 * 24 * 3600 - 10)
    );
}

#[test]
fn takes_either_name_for_the_token() {
    let token = |body: &str| parse(body.as_bytes()).unwrap().secret;
    assert_eq!(
        token(r#"{"token":"a","access_token":"b"}"#).expose_secret(),
        "a"
    );
    assert_eq!(
        token(r#"{"token":"","access_token":"b"}"#).expose_secret(),
        "b"
    );
}

#[test]
fn what_is_no_answer_is_corrupt_and_not_quoted() {
    for body in ["", "{}", r#"{"token":7777777}"#, "<html>7777777"] {
        let error = parse(body.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(!format!("{error} {error:?}").contains("7777777"), "{error}");
    }
    let error = bearer(&SecretString::from("a\r\nHost: evil")).unwrap_err();
    assert!(!error.to_string().contains("evil"));
}

#[test]
fn headers_do_not_show_in_debug() {
    let header = bearer(&SecretString::from("tok3n")).unwrap();
    assert_eq!(header.to_str().unwrap(), "Bearer tok3n");
    assert!(!format!("{header:?}").contains("tok3n"));
}

#[test]
fn reads_the_scope_of_a_challenge() {
    assert_eq!(
        scopes(
            "repository:a/b:pull,push registry:catalog:* repository:host:5000/c:pull repository:x:fly"
        ),
        [
            scope("a/b", Access::Push),
            scope("host:5000/c", Access::Pull)
        ]
    );
}

proptest! {
    #[test]
    fn any_body_is_read_without_a_fault(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body);
    }

    #[test]
    fn scopes_come_back(repository in "[a-z][a-z0-9/]{0,20}") {
        let wanted = scope(&repository, Access::Delete);
        prop_assert_eq!(scopes(&wanted.to_string()), vec![wanted]);
    }
}
