//! Second tries over a real wire. How long is waited is tested in the library, where time can be stopped.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use transship_oci::{
    Descriptor, ErrorKind, Event, MemoryBlob, Name, Observer, Placement, RawManifest, Retry, Side,
    Sink as _, Source as _, media_type,
};
use transship_registry_client::{Client, Context};

use super::fake::{Fake, MANIFEST, anonymous, manifest, status, with};

#[derive(Debug, Default)]
struct Ears(Mutex<Vec<Event>>);

impl Observer for Ears {
    fn on(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

fn listening() -> (Arc<Ears>, Client) {
    let ears = Arc::new(Ears::default());
    let client = Client::new(Context {
        observer: ears.clone(),
        ..Context::default()
    })
    .unwrap();
    (ears, client)
}

#[tokio::test]
async fn a_manifest_goes_out_again_with_its_body() {
    let asked = AtomicU32::new(0);
    let fake = Fake::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => with(429, &[("retry-after", "0")]),
        1 => status(502),
        _ => status(201),
    })
    .await;
    let (ears, client) = listening();
    let target = fake.repository(&client, "app", Side::Target);
    let raw = RawManifest::named(media_type::OCI_INDEX, MANIFEST.into()).unwrap();
    target.put_manifest(&raw).await.unwrap();
    let seen = fake.seen();
    assert_eq!(seen.len(), 3);
    assert!(
        seen.iter()
            .all(|seen| seen.method == "PUT" && seen.body == MANIFEST)
    );
    let events = ears.0.lock().unwrap();
    let count = |what: fn(&Event) -> bool| events.iter().filter(|event| what(event)).count();
    assert_eq!(count(|event| matches!(event, Event::Retry { .. })), 2);
    assert_eq!(count(|event| matches!(event, Event::Held { .. })), 1);
}

#[tokio::test]
async fn patience_ends() {
    let fake = Fake::start(|_| with(429, &[("retry-after", "3600")])).await;
    let source = fake.source(&anonymous(), "app");
    let error = source
        .fetch(&Name::Tag("1".parse().unwrap()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(
        error.retry(),
        Retry::After(std::time::Duration::from_hours(1))
    );
    assert_eq!(
        error.message(),
        "the registry answered 429 Too Many Requests; it asks to wait 3600 s; gave up after 1 attempt"
    );
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn nobody_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let client = Client::new(Context {
        max_attempts: 2,
        ..Context::default()
    })
    .unwrap();
    let error = client.ping(&host).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.message(), "no connection to 127.0.0.1");
    assert_eq!(error.place(), Some(host.as_str()));
    assert_eq!(error.operation(), Some("ping"));
}

#[tokio::test]
async fn quotas_and_warnings_are_passed_on() {
    let fake = Fake::start(|_| {
        let mut response = manifest();
        for (name, value) in [
            ("ratelimit-limit", "100;w=21600"),
            ("ratelimit-remaining", "99;w=21600"),
            ("warning", "299 - \"this repository goes away\""),
        ] {
            response.headers_mut().append(name, value.parse().unwrap());
        }
        response
    })
    .await;
    let (ears, client) = listening();
    let source = fake.source(&client, "app");
    for _ in 0..3 {
        source
            .fetch(&Name::Tag("1".parse().unwrap()))
            .await
            .unwrap();
    }
    let quota = client.quota(&fake.host()).unwrap().unwrap();
    assert_eq!((quota.limit, quota.remaining), (100, 99));
    let host = fake.host();
    let expected = [
        Event::Quota {
            host: host.clone(),
            remaining: 99,
            limit: 100,
        },
        Event::Notice {
            about: host,
            message: "the registry says: this repository goes away".to_owned(),
        },
    ];
    assert_eq!(*ears.0.lock().unwrap(), expected);
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let fake = Fake::start(|_| {
        let mut response = status(200);
        let long = "x".repeat(64 << 10);
        for _ in 0..16 {
            response
                .headers_mut()
                .append("x-long", long.parse().unwrap());
        }
        response
    })
    .await;
    let client = Client::new(Context {
        max_attempts: 1,
        ..Context::default()
    })
    .unwrap();
    let error = client.ping(&fake.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_source_that_breaks_is_named_and_not_the_target() {
    #[derive(Debug)]
    struct Broken(Descriptor);

    impl transship_oci::Blob for Broken {
        fn descriptor(&self) -> &Descriptor {
            &self.0
        }

        fn open(
            &self,
            _: u64,
        ) -> futures::future::BoxFuture<'_, transship_oci::Result<transship_oci::ByteStream>>
        {
            let broken =
                transship_oci::Error::new(ErrorKind::DigestMismatch, "bad bytes").on(Side::Source);
            Box::pin(async {
                let pieces = [Ok(bytes::Bytes::from_static(b"he")), Err(broken)];
                Ok(Box::pin(futures::stream::iter(pieces)) as transship_oci::ByteStream)
            })
        }
    }

    let fake = Fake::start(|seen| match seen.method.as_str() {
        "POST" => with(202, &[("location", "/v2/app/blobs/uploads/1")]),
        "HEAD" => status(404),
        _ => status(201),
    })
    .await;
    let blob = Broken(Descriptor::of(media_type::OCI_LAYER, b"hello"));
    let target = fake.repository(&anonymous(), "app", Side::Target);
    let error = target
        .put_blob(&blob, &Placement::default())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::DigestMismatch, "bad bytes")
    );
    assert_eq!(error.side(), Some(Side::Source));

    let whole = bytes::Bytes::from_static(b"hello");
    let blob = MemoryBlob::new(Descriptor::of(media_type::OCI_LAYER, &whole), whole);
    target.put_blob(&blob, &Placement::default()).await.unwrap();
}
