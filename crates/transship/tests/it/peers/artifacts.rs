//! Artifacts of every shape: pushed by oras, copied by us to each registry, read back byte for byte by oras.

use transship_oci::Digest;
use transship_testkit::image::{Graph, Image, Index, Layer, layer};

use super::{
    place::{Kind, Place},
    tools::{Tools, in_layout},
};
use crate::world::{at_home, expect, json};

const REPOSITORY: &str = "acme/things";

/// One tag a shape.
fn shapes() -> Graph {
    let mut graph = Graph::new();
    let chart = graph.helm_chart("web");
    graph.tag("helm", &chart);
    let module = graph.wasm();
    graph.tag("wasm", &module);
    let plain = graph.artifact("application/vnd.example.thing", b"a thing");
    graph.tag("empty-config", &plain);
    let hollow = graph.image(Image::new().layers([layer::gzip("a", b"a"), layer::empty()]));
    graph.tag("empty-layer", &hollow);
    let inner = graph.index(Index::of([chart, hollow.clone()]));
    let outer = graph.index(Index::of([inner, module]).annotated("org.example.note", "nested"));
    graph.tag("nested", &outer);
    let amd = Image::docker()
        .platform("linux/amd64")
        .layer(docker_layer(b"amd"));
    let arm = Image::docker()
        .platform("linux/arm64")
        .layer(docker_layer(b"arm"));
    let (amd, arm) = (graph.image(amd), graph.image(arm));
    graph.tag("docker", &amd);
    let list = graph.index(Index::of([amd, arm]).docker());
    graph.tag("docker-list", &list);
    graph
}

fn docker_layer(content: &[u8]) -> Layer {
    let kind = "application/vnd.docker.image.rootfs.diff.tar";
    Layer::new(kind, layer::tar("file", content))
}

/// The shapes at `source`, and beside one of them an SBOM with a signature of its own, attached by oras.
async fn push(tools: &Tools, source: &Place, graph: &Graph) {
    let layout = tools.layout("things", graph);
    for (tag, _) in graph.tags() {
        let to = source.at(&format!("{REPOSITORY}:{tag}"));
        tools.oras_push(&layout, tag.as_str(), &to).await;
    }
    let subject = source.at(&format!("{REPOSITORY}:helm"));
    let sbom = attach(tools, &subject, "application/spdx+json", "sbom.json").await;
    let sbom = source.at(&format!("{REPOSITORY}@{sbom}"));
    attach(
        tools,
        &sbom,
        "application/vnd.example.signature",
        "sbom.sig",
    )
    .await;
}

async fn attach(tools: &Tools, subject: &str, kind: &str, file: &str) -> String {
    tools.home.write(file, file);
    let kind = format!("--artifact-type={kind}");
    let format = "--format=go-template={{.digest}}";
    let note = "--annotation=org.example.made-by=oras";
    let arguments = ["attach", "--plain-http", format, note, &kind, subject, file];
    tools.oras.ok(arguments).await
}

async fn from(kind: Kind) {
    let Some(tools) = Tools::new() else { return };
    let (Some(source), Some(targets)) = (Place::start(kind).await, Place::start_all().await) else {
        return;
    };
    let graph = shapes();
    push(&tools, &source, &graph).await;
    let helm = format!("{REPOSITORY}:helm");
    let attached = tools.described(&source.at(&helm)).await;
    assert_eq!(attached.len(), 2, "{attached:?}");
    for [kind, annotations] in attached.values() {
        assert!(kind.is_string(), "{attached:?}");
        assert_eq!(annotations["org.example.made-by"], "oras");
    }

    for (tag, _) in graph.tags() {
        copy(&tools, &source, &targets, tag.as_str()).await;
    }
    for target in &targets {
        assert_eq!(tools.described(&target.at(&helm)).await, attached);
        for (tag, root) in graph.tags() {
            read_back(&tools, target, &graph, tag.as_str(), root).await;
        }
    }
}

/// One read for all targets.
async fn copy(tools: &Tools, source: &Place, targets: &[Place], tag: &str) {
    let name = format!("{REPOSITORY}:{tag}");
    let also = targets[1..]
        .iter()
        .map(|target| format!("--also={}", target.at(&name)));
    let arguments = [
        "copy".to_owned(),
        "--format=json".to_owned(),
        source.at(&name),
    ];
    let ends = [targets[0].at(&name)].into_iter().chain(also);
    let run = at_home(&tools.home)
        .run(arguments.into_iter().chain(ends))
        .await;
    expect(&run, 0);
    assert_eq!(json(&run)["copied"], targets.len(), "{tag}: {}", run.stdout);
}

/// Fetches a tag with everything below and beside it, and compares it with what was made.
async fn read_back(tools: &Tools, target: &Place, graph: &Graph, tag: &str, root: &Digest) {
    let folder = format!("{:?}-{tag}", target.kind);
    let (from, to) = (
        target.at(&format!("{REPOSITORY}:{tag}")),
        format!("{folder}:{tag}"),
    );
    let flags = ["cp", "--recursive", "--from-plain-http", "--to-oci-layout"];
    tools.oras.ok([&flags[..], &[&from, &to]].concat()).await;
    assert_eq!(tools.digest(&from).await, root.to_string(), "{from}");
    let closure = graph.closure(root);
    let layout = tools.home.path().join(folder);
    for digest in &closure.manifests {
        let found = in_layout(&layout, &digest.to_string());
        assert_eq!(
            graph.manifest(digest).unwrap().bytes(),
            &found,
            "{from}: {digest}"
        );
    }
    for digest in &closure.blobs {
        let found = in_layout(&layout, &digest.to_string());
        assert_eq!(graph.blobs()[digest], found, "{from}: {digest}");
    }
}

#[tokio::test]
async fn every_shape_from_docker_registry_arrives_byte_for_byte() {
    from(Kind::Debian).await;
}

#[tokio::test]
async fn every_shape_from_distribution_arrives_byte_for_byte() {
    from(Kind::Distribution).await;
}

#[tokio::test]
async fn every_shape_from_our_registry_arrives_byte_for_byte() {
    from(Kind::Ours).await;
}
