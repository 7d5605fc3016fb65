//! What we copied, skopeo and crane read: the same bytes under the same digests, and whole.

use serde_json::Value;
use transship_oci::Digest;
use transship_testkit::image::{Graph, Image, Index, layer};

use super::{
    place::Place,
    tools::{Tools, in_layout},
};
use crate::world::{at_home, expect};

const NAME: &str = "acme/app:1.4";

fn app() -> Graph {
    let mut graph = Graph::new();
    let amd = Image::new().platform("linux/amd64").layers([
        layer::gzip("a", b"amd"),
        layer::gzip("b", "file".repeat(20_000).as_bytes()),
    ]);
    let arm = Image::new().platform("linux/arm64").layers([
        layer::zstd("a", b"arm"),
        layer::plain("b", "file".repeat(20_000).as_bytes()),
    ]);
    let children = [graph.image(amd), graph.image(arm)];
    let index = graph.index(Index::of(children));
    graph.tag("1.4", &index);
    graph
}

#[tokio::test]
async fn skopeo_and_crane_read_what_we_copied() {
    let Some(tools) = Tools::new() else { return };
    let Some(places) = Place::start_all().await else {
        return;
    };
    let graph = app();
    let layout = tools.layout("app", &graph);
    // Each is the source of the next.
    tools.crane_push(&layout, &places[0].at(NAME)).await;
    let round = [(0, 1), (1, 2), (2, 0)];
    for (from, to) in round {
        let target = places[to].at(&format!("round/{NAME}"));
        let source = if from == 0 {
            NAME.to_owned()
        } else {
            format!("round/{NAME}")
        };
        let run = at_home(&tools.home)
            .run(["copy", &places[from].at(&source), &target])
            .await;
        expect(&run, 0);
        skopeo_inspects(&tools, &target, &graph).await;
        skopeo_copies(&tools, &target, &graph, &format!("copy-{to}")).await;
        crane_validates(&tools, &target).await;
    }
}

async fn skopeo_inspects(tools: &Tools, reference: &str, graph: &Graph) {
    let (root, from) = (
        graph.tagged("1.4").unwrap(),
        format!("docker://{reference}"),
    );
    // Straight from the pipe: not one byte of a manifest may be lost on the way.
    let arguments = ["inspect", "--raw", "--tls-verify=false", &from];
    let raw = tools.skopeo.command(arguments).output().await.unwrap();
    assert!(
        raw.status.success(),
        "{}",
        String::from_utf8_lossy(&raw.stderr)
    );
    assert_eq!(Digest::sha256(&raw.stdout), root.digest(), "{reference}");
    let read = tools
        .skopeo
        .ok(["inspect", "--tls-verify=false", &from])
        .await;
    let read: Value = serde_json::from_str(&read).unwrap();
    assert_eq!(read["Digest"], root.digest().to_string());
    assert_eq!(read["Layers"].as_array().unwrap().len(), 2);
}

/// Every platform into a layout, with nothing made anew.
async fn skopeo_copies(tools: &Tools, reference: &str, graph: &Graph, folder: &str) {
    let (from, to) = (format!("docker://{reference}"), format!("oci:{folder}:1.4"));
    let flags = ["--insecure-policy", "copy", "--all", "--preserve-digests"];
    let ends = ["--src-tls-verify=false", &from, &to];
    tools.skopeo.ok([&flags[..], &ends].concat()).await;
    let layout = tools.home.path().join(folder);
    for manifest in graph.manifests() {
        let found = in_layout(&layout, &manifest.digest().to_string());
        assert_eq!(manifest.bytes(), &found, "{reference}");
    }
    for (digest, bytes) in graph.blobs() {
        assert_eq!(
            bytes,
            &in_layout(&layout, &digest.to_string()),
            "{reference}"
        );
    }
}

/// crane takes every layer for gzip when it looks into them, so it looks into those that are.
async fn crane_validates(tools: &Tools, reference: &str) {
    let all = ["validate", "--insecure", "--fast", "--remote", reference];
    tools.crane.ok(all).await;
    let [verb, insecure, _, remote, reference] = all;
    let platform = "--platform=linux/amd64";
    let whole = [verb, insecure, platform, remote, reference];
    tools.crane.ok(whole).await;
}
