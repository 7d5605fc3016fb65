//! Sessions at another host: our credentials stay at home.

use std::sync::Arc;

use transship_oci::{Placed, Side, Sink as _};
use transship_registry_client::credentials::{Credential, MemoryCredentials};
use transship_testkit::fault::{
    Route,
    quirks::{LocationStyle, Tokens},
};

use super::support::{Desk, TestBlob, absent, registry};

#[tokio::test]
async fn a_session_at_another_host_gets_no_token() {
    let registry = registry(vec![
        Arc::new(LocationStyle::OtherHost),
        Arc::new(Tokens::new().user("alice", "s3cret")),
    ])
    .await;
    let password = Credential::Password {
        user: "alice".to_owned(),
        password: "s3cret".into(),
    };
    let credentials = MemoryCredentials::default().with(registry.host(), password, "a test");
    let desk = Desk::new().with_credentials(credentials);
    let repository = desk.open(registry.host(), "app", Side::Target);
    let blob = TestBlob::noise(1, 9_000_000);
    let placed = repository.put_blob(&blob, &absent()).await.unwrap();
    assert_eq!(placed, Placed::Sent(9_000_000));
    let seen = registry.seen();
    let (storage, own): (Vec<_>, Vec<_>) =
        seen.iter().partition(|seen| seen.route == Route::Storage);
    assert!(!storage.is_empty());
    assert!(
        storage
            .iter()
            .all(|seen| seen.header("authorization").is_none())
    );
    let posts = own
        .iter()
        .filter(|seen| seen.route == Route::PostUpload && seen.status == 202);
    assert!(
        posts.clone().count() == 1
            && posts
                .clone()
                .all(|seen| seen.header("authorization").is_some())
    );
}
