//! Random graphs, and one graph with everything in it.

use proptest::{collection::vec, prelude::*};
use transship_oci::Descriptor;

use super::{Graph, Image, Index, Kind, Layer, layer};

/// One thing added to a graph. Numbers pick among what is there already, modulo how much that is.
#[derive(Debug, Clone)]
enum Step {
    Image { layers: Vec<u8>, docker: bool },
    Index { children: Vec<u8>, docker: bool },
    Attach { subject: u8, content: u8 },
    Beside { subject: u8, kind: u8, content: u8 },
    Tag { node: u8 },
}

/// No deeper than this: an index of an index of an image with a signed SBOM, and a little more.
const MAX_DEPTH: u32 = 4;

/// A graph of up to a dozen nodes: images with shared layers, indexes of anything, referrers and cosign tags on every
/// level, several tags. The last manifest that refers to nothing is always tagged `latest`.
pub fn random_graph() -> impl Strategy<Value = Graph> {
    vec(step(), 1..12).prop_map(|steps| build(&steps))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (vec(any::<u8>(), 0..4), prop::bool::weighted(0.2))
            .prop_map(|(layers, docker)| Step::Image { layers, docker }),
        2 => (vec(any::<u8>(), 1..4), prop::bool::weighted(0.2))
            .prop_map(|(children, docker)| Step::Index { children, docker }),
        3 => (any::<u8>(), any::<u8>())
            .prop_map(|(subject, content)| Step::Attach { subject, content }),
        2 => (any::<u8>(), any::<u8>(), any::<u8>())
            .prop_map(|(subject, kind, content)| Step::Beside { subject, kind, content }),
        1 => any::<u8>().prop_map(|node| Step::Tag { node }),
    ]
}

/// What can be pointed at, with the height of what is below or beside it.
#[derive(Default)]
struct Nodes(Vec<(Descriptor, u32)>);

impl Nodes {
    fn pick(&self, number: u8) -> Option<&(Descriptor, u32)> {
        let low: Vec<_> = self
            .0
            .iter()
            .filter(|(_, height)| *height < MAX_DEPTH)
            .collect();
        low.get(usize::from(number) % low.len().max(1)).copied()
    }
}

fn build(steps: &[Step]) -> Graph {
    let mut graph = Graph::new();
    let mut nodes = Nodes::default();
    // Something to point at, whatever comes first.
    let first = graph.image(Image::new().layer(pool(1)));
    let mut root = first.clone();
    nodes.0.push((first, 0));
    for (number, step) in steps.iter().enumerate() {
        let Some((node, height)) = apply(&mut graph, &nodes, number, step) else {
            continue;
        };
        if matches!(step, Step::Image { .. } | Step::Index { .. }) {
            root = node.clone();
        }
        nodes.0.push((node, height));
    }
    graph.tag("latest", &root);
    graph
}

fn apply(
    graph: &mut Graph,
    nodes: &Nodes,
    number: usize,
    step: &Step,
) -> Option<(Descriptor, u32)> {
    Some(match step {
        Step::Image { layers, docker } => {
            let image = if *docker {
                Image::docker()
            } else {
                Image::new()
            };
            let platforms = [
                "linux/amd64",
                "linux/arm64",
                "linux/arm/v7",
                "windows/amd64",
            ];
            let image = image.platform(platforms[number % platforms.len()]);
            (
                graph.image(image.layers(layers.iter().map(|it| pool(*it)))),
                0,
            )
        }
        Step::Index { children, docker } => {
            let picked: Vec<_> = children.iter().filter_map(|it| nodes.pick(*it)).collect();
            let height = picked.iter().map(|(_, height)| height + 1).max()?;
            let index = Index::of(picked.iter().map(|(node, _)| node.clone()));
            (
                graph.index(if *docker { index.docker() } else { index }),
                height,
            )
        }
        Step::Attach { subject, content } => {
            let (subject, height) = nodes.pick(*subject)?;
            let kind = "application/vnd.example.evidence";
            (graph.attach(subject, kind, &[*content]), height + 1)
        }
        Step::Beside {
            subject,
            kind,
            content,
        } => {
            let (subject, height) = nodes.pick(*subject)?;
            let kinds = [Kind::Signature, Kind::Attestation, Kind::Sbom];
            let kind = kinds[usize::from(*kind) % 3];
            (graph.put_beside(subject, kind, &[&[*content]]), height + 1)
        }
        Step::Tag { node } => {
            let (node, _) = nodes.pick(*node)?;
            graph.tag(&format!("v{number}"), node);
            return None;
        }
    })
}

/// Few layers, so that they are shared: an empty one, small ones, and one of several network reads.
fn pool(number: u8) -> Layer {
    match number % 7 {
        0 => layer::empty(),
        6 => layer::noise(6, 200_000),
        seed => layer::noise(u64::from(seed), usize::from(seed) * 700),
    }
}

/// One graph with everything in it: two platforms, gzip and zstd, an index of indexes, a Docker list, a Helm chart, a WASM
/// module, an artifact, an empty layer, a foreign layer, SHA-512, referrers on three levels, and cosign's tags.
pub fn sample() -> Graph {
    let mut graph = Graph::new();
    let base = layer::noise(1, 100_000);
    let image = |platform: &str, top: Layer| {
        Image::new()
            .platform(platform)
            .layer(base.clone())
            .layer(top)
    };
    let amd = graph.image(image("linux/amd64", layer::gzip("bin/app", b"amd64")));
    let arm = graph.image(image("linux/arm64/v8", layer::zstd("bin/app", b"arm64")));
    let app =
        graph.index(Index::of([amd.clone(), arm.clone()]).annotated("org.example.app", "1.4"));
    graph.tag("1.4", &app);
    let sbom = graph.attach(
        &app,
        "application/spdx+json",
        br#"{"spdxVersion":"SPDX-2.3"}"#,
    );
    graph.attach(
        &sbom,
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        b"signed sbom",
    );
    graph.attach_by_config(
        &amd,
        "application/vnd.cncf.notary.signature",
        b"signed child",
    );
    graph.sign_in_tag(&app, &[b"first", b"second"]);
    graph.sign_in_tag(&arm, &[b"arm"]);
    graph.put_beside(&app, Kind::Attestation, &[b"attested"]);
    graph.put_beside(&app, Kind::Sbom, &[b"listed"]);
    let old = Image::docker()
        .platform("linux/amd64")
        .layer(layer::plain("a", b"b"))
        .layer(layer::foreign(3));
    let old = graph.image(old);
    let list = graph.index(Index::of([old]).docker());
    graph.tag("docker", &list);
    let both = graph.index(Index::of([app, list]));
    graph.tag("both", &both);
    let chart = graph.helm_chart("acme");
    graph.tag("chart", &chart);
    let wasm = graph.wasm();
    graph.tag("wasm", &wasm);
    let artifact = graph.artifact("application/vnd.example.thing", b"thing");
    graph.tag("artifact", &artifact);
    let odd = graph.image(
        Image::new()
            .layer(layer::empty())
            .layer(layer::noise(9, 10).sha512()),
    );
    graph.tag("odd", &odd);
    graph
}
