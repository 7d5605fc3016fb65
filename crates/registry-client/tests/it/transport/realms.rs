//! Token endpoints that are where they should not be.

use std::sync::Arc;

use transship_oci::{
    Descriptor, ErrorKind, MemoryBlob, Name, Placement, Side, Sink as _, Source as _, media_type,
};
use transship_registry_client::{
    Client, Context, HostSettings, TlsMaterial,
    credentials::{Credential, MemoryCredentials},
};
use transship_testkit::tls::Authority;

use super::fake::{Fake, json, manifest, with};

#[tokio::test]
async fn a_secure_registry_cannot_send_a_password_over_plain_http() {
    let endpoint = Fake::start(|_| json(200, r#"{"token":"t"}"#)).await;
    let realm = format!("Bearer realm=\"http://{}/token\"", endpoint.host());
    let authority = Authority::new();
    let registry = Fake::start_tls(&authority, move |_| {
        with(401, &[("www-authenticate", &realm)])
    })
    .await;
    let password = Credential::Password {
        user: "alice".to_owned(),
        password: "s3cret".into(),
    };
    let mut hosts = HostSettings::default();
    let authorities = vec![authority.certificate().as_bytes().to_vec()];
    hosts.tls.insert(
        registry.host(),
        TlsMaterial {
            authorities,
            client: None,
        },
    );
    let client = Client::new(Context {
        credentials: Arc::new(MemoryCredentials::default().with(
            &registry.host(),
            password,
            "the test",
        )),
        hosts,
        ..Context::default()
    })
    .unwrap();
    let name = Name::Tag("1".parse().unwrap());
    let error = registry
        .source(&client, "app")
        .fetch(&name)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(
        error.message(),
        format!(
            "the registry's token realm to http://{}/token is refused: it leads from https to http",
            endpoint.host()
        )
    );
    assert_eq!(endpoint.seen().len(), 0);
}

#[tokio::test]
async fn a_token_endpoint_may_be_at_another_host() {
    let endpoint = Fake::start(|_| json(200, r#"{"token":"t"}"#)).await;
    let realm = format!("Bearer realm=\"http://{}/token?tenant=7\"", endpoint.host());
    let registry = Fake::start(move |seen| match &seen.authorization {
        Some(_) => manifest(),
        None => with(401, &[("www-authenticate", &realm)]),
    })
    .await;
    let client = super::fake::client_of(&registry.host(), "alice", "s3cret");
    let name = Name::Tag("1".parse().unwrap());
    registry.source(&client, "app").fetch(&name).await.unwrap();
    let asked = &endpoint.seen()[0];
    assert_eq!(
        asked.query,
        "tenant=7&account=alice&scope=repository%3Aapp%3Apull"
    );
    assert_eq!(
        asked.authorization.as_deref(),
        Some("Basic YWxpY2U6czNjcmV0")
    );
    assert_eq!(
        registry.seen()[1].authorization.as_deref(),
        Some("Bearer t")
    );
}

#[tokio::test]
async fn a_session_that_forgot_its_https_is_continued_in_https() {
    let authority = Authority::new();
    let registry = Fake::start_tls(&authority, |seen| match seen.method.as_str() {
        "POST" => with(
            202,
            &[(
                "location",
                &format!("http://{}/v2/app/blobs/uploads/7", seen.host),
            )],
        ),
        _ => with(201, &[]),
    })
    .await;
    let mut hosts = HostSettings::default();
    let authorities = vec![authority.certificate().as_bytes().to_vec()];
    hosts.tls.insert(
        registry.host(),
        TlsMaterial {
            authorities,
            client: None,
        },
    );
    let client = Client::new(Context {
        hosts,
        ..Context::default()
    })
    .unwrap();
    let bytes = bytes::Bytes::from_static(b"hello");
    let blob = MemoryBlob::new(Descriptor::of(media_type::OCI_LAYER, &bytes), bytes);
    let placement = Placement {
        mount_from: None,
        absent: true,
    };
    let target = registry.repository(&client, "app", Side::Target);
    target.put_blob(&blob, &placement).await.unwrap();
    assert_eq!(
        registry.lines(),
        ["POST /v2/app/blobs/uploads/", "PUT /v2/app/blobs/uploads/7"]
    );
}
