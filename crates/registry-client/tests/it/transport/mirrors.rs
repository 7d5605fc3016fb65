//! Mirrors: asked first, passed over when they do not have it.

use transship_oci::{
    Digest, ErrorKind, Name, RawManifest, Side, Sink as _, Source as _, media_type,
};
use transship_registry_client::{Client, Context, Mirrors};

use futures::TryStreamExt as _;

use super::fake::{Fake, MANIFEST, json, manifest, status};

fn tag() -> Name {
    Name::Tag("1".parse().unwrap())
}

fn client(text: &str) -> Client {
    Client::new(Context {
        mirrors: Mirrors::parse(text).unwrap(),
        ..Context::default()
    })
    .unwrap()
}

fn mirrored(home: &Fake, mirror: &Fake) -> Client {
    client(&format!(
        "[[registry]]\nlocation = \"{}\"\n[[registry.mirror]]\nlocation = \"{}/copy\"",
        home.host(),
        mirror.host()
    ))
}

#[tokio::test]
async fn the_mirror_is_asked_first() {
    let (home, mirror) = (
        Fake::start(|_| manifest()).await,
        Fake::start(|_| manifest()).await,
    );
    let client = mirrored(&home, &mirror);
    home.source(&client, "app").fetch(&tag()).await.unwrap();
    assert_eq!(mirror.lines(), ["GET /v2/copy/app/manifests/1"]);
    assert!(home.lines().is_empty());
}

#[tokio::test]
async fn what_the_mirror_lacks_comes_from_home() {
    let (home, mirror) = (
        Fake::start(|_| manifest()).await,
        Fake::start(|_| status(404)).await,
    );
    let client = mirrored(&home, &mirror);
    let raw = home.source(&client, "app").fetch(&tag()).await.unwrap();
    assert_eq!(raw.digest(), Digest::sha256(MANIFEST.as_bytes()));
    assert_eq!((mirror.seen().len(), home.seen().len()), (1, 1));
}

#[tokio::test]
async fn lists_and_writes_go_home() {
    let (home, mirror) = (
        Fake::start(|_| status(201)).await,
        Fake::start(|_| manifest()).await,
    );
    let client = mirrored(&home, &mirror);
    let target = home.repository(&client, "app", Side::Target);
    let raw = RawManifest::named(media_type::OCI_INDEX, MANIFEST.into()).unwrap();
    target.put_manifest(&raw).await.unwrap();
    let source = home.source(&client, "app");
    let _ = transship_oci::Source::referrers(&source, &raw.digest()).await;
    assert!(
        mirror
            .lines()
            .iter()
            .all(|line| line.contains("/manifests/")),
        "{:?}",
        mirror.lines()
    );
    assert!(
        home.lines()
            .iter()
            .any(|line| line.contains("/tags/list") || line.contains("/referrers/"))
    );
}

#[tokio::test]
async fn what_is_blocked_is_not_asked() {
    let home = Fake::start(|_| manifest()).await;
    let client = client(&format!(
        "[[registry]]\nlocation = \"{}/app\"\nblocked = true",
        home.host()
    ));
    let error = home.source(&client, "app").fetch(&tag()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(
        error.message(),
        format!("{}/app is blocked by registries.conf", home.host())
    );
    assert!(home.seen().is_empty());
}

#[tokio::test]
async fn a_mirror_at_the_same_host_does_not_wait_for_itself() {
    let home = Fake::start(|seen| match seen.path.as_str() {
        "/v2/copy/app/manifests/1" => status(404),
        _ => manifest(),
    })
    .await;
    let host = home.host();
    let text = format!(
        "[[registry]]\nlocation = \"{host}/app\"\n[[registry.mirror]]\nlocation = \"{host}/copy/app\""
    );
    let mirrors = Mirrors::parse(&text).unwrap();
    let context = Context {
        mirrors,
        max_connections: 1,
        ..Context::default()
    };
    let client = Client::new(context).unwrap();
    home.source(&client, "app").fetch(&tag()).await.unwrap();
    assert_eq!(
        home.lines(),
        ["GET /v2/copy/app/manifests/1", "GET /v2/app/manifests/1"]
    );
}

#[tokio::test]
async fn pages_of_a_list_follow_the_repository_where_it_is() {
    let moved = Fake::start(|seen| match seen.query.as_str() {
        query if query.contains("last=a") => json(200, r#"{"name":"app/x","tags":["b"]}"#),
        _ => {
            let mut page = json(200, r#"{"name":"app/x","tags":["a"]}"#);
            let link = "</v2/app/x/tags/list?last=a>; rel=\"next\""
                .parse()
                .unwrap();
            page.headers_mut().insert("link", link);
            page
        }
    })
    .await;
    let home = Fake::start(|_| status(500)).await;
    let client = client(&format!(
        "[[registry]]\nprefix = \"{}/app\"\nlocation = \"{}/app/x\"",
        home.host(),
        moved.host()
    ));
    let source = home.source(&client, "app");
    let tags: Vec<_> = source.tags().try_collect().await.unwrap();
    assert_eq!(
        tags.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(
        moved.lines(),
        ["GET /v2/app/x/tags/list", "GET /v2/app/x/tags/list"]
    );
    assert!(home.seen().is_empty());
}
