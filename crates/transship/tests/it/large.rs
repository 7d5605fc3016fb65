//! Evidence that is large, says that it is, or does not say so: what may be read is read, and no more.

use std::sync::Arc;

use serde_json::json;
use transship_oci::{Descriptor, Digest};
use transship_testkit::{
    fault::{Action, Answer, FaultRegistry, Quirk, Route, on},
    image::{Graph, Image, layer},
    peers::Run,
};

use crate::world::{expect, faulty, json as shown, remote, transship};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// As much as cosign reads too.
const LIMIT: u64 = 128 << 20;
const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwr\nkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==\n-----END PUBLIC KEY-----\n";

/// A registry with an image, and beside it a bundle of which it says that it has this digest and size. Our own would not
/// take a manifest that lies.
async fn verified(
    digest: Digest,
    size: u64,
    mut quirks: Vec<Arc<dyn Quirk>>,
) -> (FaultRegistry, Run) {
    let mut graph = Graph::new();
    let app = graph.image(Image::new().layer(layer::gzip("etc/motd", b"hello")));
    graph.tag("1", &app);
    let node = |node: &Descriptor| json!({"mediaType": node.media_type, "digest": node.digest, "size": node.size});
    let empty = Descriptor::of("application/vnd.oci.empty.v1+json", b"{}");
    let bundle = Descriptor::new(BUNDLE, digest, size);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE,
        "config": node(&empty), "layers": [node(&bundle)], "subject": node(&app),
    })
    .to_string();
    let there = Descriptor::of(MANIFEST, manifest.as_bytes());
    let mut entry = node(&there);
    entry["artifactType"] = json!(BUNDLE);
    let index = "application/vnd.oci.image.index.v1+json";
    let list = json!({"schemaVersion": 2, "mediaType": index, "manifests": [entry]}).to_string();
    quirks.push(on(Route::Referrers).answer(Answer::new(200).body(index, list)));
    let asked = on(Route::GetManifest).path(there.digest.to_string());
    quirks.push(asked.answer(Answer::new(200).body(MANIFEST, manifest)));
    let registry = faulty(quirks).await;
    let at = remote(&registry.repository("app"));
    graph.push_to(&at).await.unwrap();
    registry.forget();
    let reference = format!("{}/app:1", registry.host());
    let flags = [
        "verify",
        &reference,
        "--key",
        KEY,
        "--insecure-ignore-tlog",
        "--format=json",
    ];
    let run = transship().run(flags).await;
    (registry, run)
}

#[tokio::test]
async fn what_says_that_it_is_too_large_is_not_read() {
    let (registry, run) = verified(Digest::sha256(b"large"), LIMIT + 1, Vec::new()).await;
    expect(&run, 7);
    let finding = &shown(&run)["checks"][0]["findings"][0];
    assert_eq!(finding["outcome"], "too-large");
    let said = "it has 134217729 bytes, and no more than 134217728 may be read";
    assert_eq!(finding["detail"], said);
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert_eq!(registry.count(Route::GetBlob), 0);
}

#[tokio::test]
async fn what_may_just_be_read_is_read_and_judged() {
    let blob = vec![b' '; usize::try_from(LIMIT).unwrap()];
    let digest = Digest::sha256(&blob);
    let whole = Answer::new(200).body("application/octet-stream", blob);
    let quirk = on(Route::GetBlob).answer(whole);
    let (registry, run) = verified(digest, LIMIT, vec![quirk]).await;
    expect(&run, 5);
    let finding = &shown(&run)["checks"][0]["findings"][0];
    assert_eq!(finding["outcome"], "bad-signature");
    assert_eq!(registry.count(Route::GetBlob), 1);
}

#[tokio::test]
async fn what_is_not_what_it_says_cannot_be_checked() {
    let digest = Digest::sha256(b"small");
    let answer = |text: &'static str| Answer::new(200).body("application/octet-stream", text);
    for (size, text, endless) in [
        (5, "small", true),
        (LIMIT, "small", true),
        (LIMIT, "small", false),
        (3, "small", false),
        (5, "spall", false),
    ] {
        let mut quirks = vec![on(Route::GetBlob).answer(answer(text))];
        if endless {
            quirks.insert(0, on(Route::GetBlob).act(Action::Endless));
        }
        let (_registry, run) = verified(digest, size, quirks).await;
        expect(&run, 7);
        let said = format!("{digest} is listed as evidence for sha256:");
        assert!(run.stderr.contains(&said), "{size} {text}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    }
}
