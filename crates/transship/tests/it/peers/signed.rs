//! Pushed and signed by others at one registry, copied by us to another, verified by the signers there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use transship_testkit::{
    image::{Graph, Image, Index, layer},
    peers::{Cosign, Version},
};

use super::{
    place::{Kind, Place},
    tools::Tools,
};
use crate::world::{at_home, expect};

const NAME: &str = "acme/app";
const TAG: &str = "1.4";
const SLSA: &str = "slsaprovenance1";
const PROVENANCE: &str = r#"{"buildDefinition":{"buildType":"https://build.example/v1","externalParameters":{},"resolvedDependencies":[]},"runDetails":{"builder":{"id":"https://build.example"}}}"#;

/// Two platforms, gzip and zstd, with layers of their own and one in common.
fn app() -> (Graph, Vec<String>) {
    let mut graph = Graph::new();
    let shared = layer::gzip("etc/motd", b"hello");
    let amd = Image::new().platform("linux/amd64").layers([
        shared.clone(),
        layer::gzip("usr/bin/app", "amd".repeat(20_000).as_bytes()),
    ]);
    let arm = Image::new().platform("linux/arm64").layers([
        shared,
        layer::zstd("usr/bin/app", "arm".repeat(20_000).as_bytes()),
    ]);
    let (amd, arm) = (graph.image(amd), graph.image(arm));
    let children = [amd.digest.to_string(), arm.digest.to_string()];
    let index = graph.index(Index::of([amd, arm]));
    graph.tag(TAG, &index);
    let all = [index.digest.to_string()].into_iter().chain(children);
    (graph, all.collect())
}

/// What people see of an artifact with everything beside it.
#[derive(Debug, PartialEq, Eq)]
struct View {
    /// The tags and what they point at, without those whose index each registry writes in its own way.
    tags: BTreeMap<String, String>,
    /// By image: what oras discovers.
    discovered: BTreeMap<String, BTreeSet<String>>,
    /// By image: what regctl lists, digest tags among them.
    listed: BTreeMap<String, BTreeSet<String>>,
}

impl View {
    async fn of(tools: &Tools, place: &Place, images: &[String]) -> Self {
        let mut view = Self {
            tags: BTreeMap::new(),
            discovered: BTreeMap::new(),
            listed: BTreeMap::new(),
        };
        for tag in tools.tags(&place.at(NAME)).await {
            if is_fallback(&tag) {
                assert_ne!(place.kind, Kind::Ours, "{tag} beside the referrers API");
                continue;
            }
            let digest = tools.digest(&place.at(&format!("{NAME}:{tag}"))).await;
            view.tags.insert(tag, digest);
        }
        for image in images {
            let name = format!("{NAME}@{image}");
            assert_eq!(&tools.digest(&place.at(&name)).await, image);
            let discovered = tools.discovered(&place.at(&name)).await;
            view.discovered.insert(image.clone(), discovered);
            let mut listed = tools.listed(place, &name).await;
            if place.kind != Kind::Ours {
                // The fallback tag is a digest tag too, in regctl's eyes.
                let fallback = format!("{NAME}:{}", image.replace(':', "-"));
                listed.remove(&tools.digest(&place.at(&fallback)).await);
            }
            view.listed.insert(image.clone(), listed);
        }
        view
    }
}

/// `sha256-<hex>` and nothing after it.
fn is_fallback(tag: &str) -> bool {
    tag.starts_with("sha256-") && !tag.contains('.')
}

/// Pushes by another client at each registry.
async fn push(tools: &Tools, place: &Place, graph: &Graph) {
    let layout = tools.layout("app", graph);
    let name = format!("{NAME}:{TAG}");
    match place.kind {
        Kind::Debian => tools.crane_push(&layout, &place.at(&name)).await,
        Kind::Distribution => tools.skopeo_push(&layout, TAG, &place.at(&name)).await,
        Kind::Ours => tools.regctl_push(&layout, TAG, place, &name).await,
    }
}

/// Every form in which cosign signs and attests.
async fn sign(v2: &Cosign, v3: &Cosign, index: &str) {
    v2.sign_recursive(index).await;
    v2.attest_as(SLSA, index, PROVENANCE).await;
    v2.attach_sbom(index, r#"{"spdxVersion":"SPDX-2.3"}"#).await;
    v3.sign_recursive(index).await;
    v3.attest_as(SLSA, index, PROVENANCE).await;
}

/// Does the signer know its own signatures again, on the index and on each child?
async fn verify(cosign: &Cosign, place: &Place, images: &[String]) {
    let at = |image: &String| place.at(&format!("{NAME}@{image}"));
    for image in images {
        let run = cosign.verify(&at(image)).await;
        assert_eq!(run.code(), 0, "{:?} {image}: {}", place.kind, run.stderr);
    }
    let run = cosign.verify_attestation_as(SLSA, &at(&images[0])).await;
    assert_eq!(run.code(), 0, "{:?}: {}", place.kind, run.stderr);
}

async fn from(kind: Kind) {
    let Some(tools) = Tools::new() else { return };
    let (Some(source), Some(targets)) = (Place::start(kind).await, Place::start_all().await) else {
        return;
    };
    let (Some(v2), Some(v3)) = (
        Cosign::new(Version::V2, &tools.home).await,
        Cosign::new(Version::V3, &tools.home).await,
    ) else {
        return;
    };
    let (graph, images) = app();
    push(&tools, &source, &graph).await;
    sign(&v2, &v3, &source.at(&format!("{NAME}@{}", images[0]))).await;
    let signed = View::of(&tools, &source, &images).await;
    // Three signatures, an attestation, an SBOM; a bundle an image, and one more for the attestation.
    assert_eq!(signed.tags.len(), 1 + 3 + 1 + 1, "{signed:#?}");
    assert_eq!(signed.tags[TAG], images[0]);
    let bundles: Vec<usize> = images
        .iter()
        .map(|image| signed.discovered[image].len())
        .collect();
    assert_eq!(bundles, [2, 1, 1], "{signed:#?}");
    for image in &images {
        let (all, bundles) = (&signed.listed[image], &signed.discovered[image]);
        let tag = format!("{}.sig", image.replace(':', "-"));
        assert!(
            all.is_superset(bundles) && all.contains(&signed.tags[&tag]),
            "{signed:#?}"
        );
    }

    for target in &targets {
        let outcome = copy(&tools, &source, target).await;
        assert_eq!(outcome, json!({"outcome": "copied", "digest": images[0]}));
        assert_eq!(
            View::of(&tools, target, &images).await,
            signed,
            "{kind:?} → {:?}",
            target.kind
        );
        verify(&v2, target, &images).await;
        verify(&v3, target, &images).await;
        let outcome = copy(&tools, &source, target).await;
        assert_eq!(
            outcome,
            json!({"outcome": "unchanged", "digest": images[0]})
        );
    }
}

/// Copies, and says what became of it.
async fn copy(tools: &Tools, source: &Place, target: &Place) -> Value {
    let (from, to) = (source.at(&format!("{NAME}:{TAG}")), target.at("acme/"));
    let run = at_home(&tools.home)
        .run(["copy", &from, &to, "--format=json"])
        .await;
    expect(&run, 0);
    let item = &crate::world::json(&run)["items"][0];
    json!({"outcome": item["outcome"], "digest": item["digest"]})
}

#[tokio::test]
async fn signed_at_docker_registry_and_verified_everywhere() {
    from(Kind::Debian).await;
}

#[tokio::test]
async fn signed_at_distribution_and_verified_everywhere() {
    from(Kind::Distribution).await;
}

#[tokio::test]
async fn signed_at_our_registry_and_verified_everywhere() {
    from(Kind::Ours).await;
}
