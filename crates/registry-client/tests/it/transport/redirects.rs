//! Redirects: followed as far as they are harmless.

use std::sync::{Arc, OnceLock};

use futures::TryStreamExt as _;
use transship_oci::{
    Descriptor, ErrorKind, MemoryBlob, Name, Placed, Placement, RawManifest, Side, Sink as _,
    Source as _, media_type,
};
use transship_registry_client::{Client, Context, HostSettings, TlsMaterial};
use transship_testkit::tls::Authority;

use super::fake::{Fake, MANIFEST, anonymous, client_of, manifest, status, with};

fn tag() -> Name {
    Name::Tag("1".parse().unwrap())
}

#[tokio::test]
async fn storage_never_sees_our_credentials() {
    let content = b"the layer";
    let storage = Fake::start(|seen| {
        // As S3 does: one way to show who one is, or none at all.
        if seen.authorization.is_some() {
            return status(400);
        }
        axum::response::Response::new(axum::body::Body::from(&b"the layer"[..]))
    })
    .await;
    let place = format!("http://{}/bucket/x?signature=s1gned", storage.host());
    let registry = Fake::start(move |seen| match &seen.authorization {
        Some(_) => with(307, &[("location", &place)]),
        None => with(401, &[("www-authenticate", "Basic realm=\"x\"")]),
    })
    .await;
    let client = client_of(&registry.host(), "alice", "s3cret");
    let node = Descriptor::of(media_type::OCI_LAYER, content);
    let stream = registry
        .source(&client, "app")
        .blob(&node, 0)
        .await
        .unwrap();
    let bytes: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), content);
    assert_eq!(storage.seen().len(), 1);
    assert_eq!(storage.seen()[0].query, "signature=s1gned");
}

#[tokio::test]
async fn within_the_host_credentials_go_along() {
    let registry = Fake::start(|seen| match (&seen.authorization, seen.path.as_str()) {
        (None, _) => with(401, &[("www-authenticate", "Basic realm=\"x\"")]),
        (Some(_), "/v2/app/manifests/1") => with(301, &[("location", "../other/1")]),
        (Some(_), _) => manifest(),
    })
    .await;
    let client = client_of(&registry.host(), "alice", "s3cret");
    registry.source(&client, "app").fetch(&tag()).await.unwrap();
    assert_eq!(registry.lines().last().unwrap(), "GET /v2/app/other/1");
}

#[tokio::test]
async fn a_way_back_home_does_not_bring_credentials_back() {
    let home = Arc::new(OnceLock::<String>::new());
    let back = Arc::clone(&home);
    let outside = Fake::start(move |_| {
        let back = format!("http://{}/back", back.get().unwrap());
        with(307, &[("location", &back)])
    })
    .await;
    let away = format!("http://{}/", outside.host());
    let registry = Fake::start(
        move |seen| match (&seen.authorization, seen.path.as_str()) {
            (_, "/back") => manifest(),
            (None, _) => with(401, &[("www-authenticate", "Basic realm=\"x\"")]),
            (Some(_), _) => with(307, &[("location", &away)]),
        },
    )
    .await;
    home.set(registry.host()).unwrap();
    let client = client_of(&registry.host(), "alice", "s3cret");
    registry.source(&client, "app").fetch(&tag()).await.unwrap();
    assert_eq!(outside.seen()[0].authorization, None);
    let last = registry.seen().pop().unwrap();
    assert_eq!((last.path.as_str(), last.authorization), ("/back", None));
}

#[tokio::test]
async fn circles_end() {
    let registry = Fake::start(|seen| with(307, &[("location", &seen.path)])).await;
    let error = registry
        .source(&anonymous(), "app")
        .fetch(&tag())
        .await
        .unwrap_err();
    assert_eq!(error.message(), "more than 10 redirects");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(registry.seen().len(), 11);
}

#[tokio::test]
async fn https_does_not_lead_to_http() {
    let plain = Fake::start(|_| manifest()).await;
    let place = format!("http://{}/x?sig=s1gned", plain.host());
    let authority = Authority::new();
    let registry = Fake::start_tls(&authority, move |_| with(302, &[("location", &place)])).await;
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
    let error = registry
        .source(&client, "app")
        .fetch(&tag())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(
        error.message(),
        format!(
            "a redirect to http://{}/x?sig=… is refused: it leads from https to http",
            plain.host()
        )
    );
    assert_eq!(plain.seen().len(), 0);
}

#[tokio::test]
async fn a_manifest_is_sent_again_where_the_redirect_leads() {
    let other = Fake::start(|_| status(201)).await;
    let place = other.host();
    let registry = Fake::start(move |seen| {
        with(
            308,
            &[("location", &format!("http://{place}{}", seen.path))],
        )
    })
    .await;
    let target = registry.repository(&anonymous(), "app", Side::Target);
    let raw = RawManifest::named(media_type::OCI_INDEX, MANIFEST.into()).unwrap();
    target.put_manifest(&raw).await.unwrap();
    let put = &other.seen()[0];
    assert_eq!(put.method, "PUT");
    assert_eq!(put.body, MANIFEST);
}

#[tokio::test]
async fn a_session_at_another_host_gets_no_credentials() {
    let storage = Fake::start(|seen| match seen.method.as_str() {
        "PUT" => status(201),
        _ => status(404),
    })
    .await;
    let place = format!("http://{}/upload/7?state=x", storage.host());
    let registry = Fake::start(
        move |seen| match (&seen.authorization, seen.method.as_str()) {
            (None, _) => with(401, &[("www-authenticate", "Basic realm=\"x\"")]),
            (Some(_), "POST") => with(202, &[("location", &place)]),
            (Some(_), _) => status(404),
        },
    )
    .await;
    let client = client_of(&registry.host(), "alice", "s3cret");
    let bytes = bytes::Bytes::from_static(b"hello");
    let descriptor = Descriptor::of(media_type::OCI_LAYER, &bytes);
    let blob = MemoryBlob::new(descriptor.clone(), bytes);
    let placement = Placement {
        mount_from: None,
        absent: true,
    };
    let target = registry.repository(&client, "app", Side::Target);
    assert_eq!(
        target.put_blob(&blob, &placement).await.unwrap(),
        Placed::Sent(5)
    );
    let put = &storage.seen()[0];
    assert_eq!(put.authorization, None);
    assert_eq!(put.params("digest"), [descriptor.digest.to_string()]);
    assert_eq!(put.params("state"), ["x"]);
}
