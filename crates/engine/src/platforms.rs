//! Does the artifact serve the platforms that are required?

use std::collections::BTreeSet;

use bytes::BytesMut;
use futures::StreamExt as _;
use transship_oci::{
    Descriptor, Error, ErrorKind, MAX_MANIFEST, Platform, Result, Side, Source, Verifier,
};

use crate::graph::{Content, Graph};

/// Checks that something in the graph serves each of `required`.
///
/// # Errors
/// `Invalid`, naming what is missing and what is there.
pub(crate) async fn require(
    required: &[Platform],
    graph: &Graph,
    source: &dyn Source,
) -> Result<()> {
    if required.is_empty() {
        return Ok(());
    }
    let found = platforms(graph, source).await?;
    check(required, &found).map_err(|error| error.on(Side::Source).at(source.location()))
}

/// Says which of the wanted platforms are not served.
pub(crate) fn check(wanted: &[Platform], found: &BTreeSet<Platform>) -> Result<()> {
    let served = |wanted: &&Platform| found.iter().any(|found| found.serves(wanted));
    let missing: Vec<String> = wanted
        .iter()
        .filter(|wanted| !served(wanted))
        .map(Platform::to_string)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let there: Vec<String> = found.iter().map(Platform::to_string).collect();
    let there = if there.is_empty() {
        "none".to_owned()
    } else {
        there.join(", ")
    };
    let message = format!(
        "platform {} is not there; there is {there}",
        missing.join(", ")
    );
    Err(Error::new(ErrorKind::Invalid, message)
        .hinting("ask the publisher for the platform, or require only what is there"))
}

/// What the artifact runs on: as the index says, else as the configuration says.
async fn platforms(graph: &Graph, source: &dyn Source) -> Result<BTreeSet<Platform>> {
    let mut found = BTreeSet::new();
    for digest in graph.closure([graph.root]) {
        let Some(node) = graph.nodes.get(&digest) else {
            continue;
        };
        let content = node.content.as_ref();
        let manifests = content.into_iter().flat_map(|content| &content.manifests);
        found.extend(manifests.filter_map(|child| child.platform.clone()));
        if node.descriptor.platform.is_none()
            && let Some(config) = content.and_then(configuration)
        {
            found.extend(read(config, source).await?);
        }
    }
    // What BuildKit writes on attestations.
    found.retain(|platform| platform.os != "unknown" && !platform.os.is_empty());
    Ok(found)
}

/// The configuration blob of an image.
fn configuration(content: &Content) -> Option<&Descriptor> {
    let config = content.blobs.first()?;
    let kind = config.media_type.as_str();
    let known = [
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    ];
    known.contains(&kind).then_some(config)
}

/// The platform that a configuration names.
async fn read(config: &Descriptor, source: &dyn Source) -> Result<Option<Platform>> {
    let blame = |error: Error| {
        error
            .op(format!("read configuration {}", config.digest))
            .on(Side::Source)
            .at(source.location())
    };
    if config.size > MAX_MANIFEST {
        let message = format!("{} bytes are over the limit of {MAX_MANIFEST}", config.size);
        return Err(blame(Error::new(ErrorKind::Corrupt, message)));
    }
    let _room = match source.budget() {
        Some(budget) => Some(budget.acquire().await),
        None => None,
    };
    let verifier = Verifier::new(config.clone());
    let mut bytes = BytesMut::new();
    let mut pieces = source.blob(config, 0).await.map_err(blame)?;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(blame)?;
        verifier.pass(bytes.len() as u64, &piece).map_err(blame)?;
        bytes.extend_from_slice(&piece);
    }
    verifier.ended(bytes.len() as u64).map_err(blame)?;
    // A configuration that is no JSON object names no platform.
    Ok(serde_json::from_slice(&bytes).ok())
}
