//! `kill -9` at random moments of an export and of an import: each is gone on with, little is sent twice, and no tag is
//! seen without what belongs to it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use transship_oci::{Name, Source as _, media_type};
use transship_testkit::{
    fault::{FaultRegistry, proxy},
    image::{Graph, Image, Index, Layer, layer},
    peers::{Azurite, Process},
};

use super::world::Gap;
use crate::world::{at_home, expect, registry, remote};

/// How often each is killed, unless `TRANSSHIP_KILLS` says otherwise.
const KILLS: u32 = 5;
/// The parts of an upload that are in flight, four of the default size: as much may be sent twice.
const IN_FLIGHT: u64 = 4 * (8 << 20);

fn kills() -> u32 {
    let said = std::env::var("TRANSSHIP_KILLS").ok();
    said.and_then(|said| said.parse().ok()).unwrap_or(KILLS)
}

/// A signed index of two images, 72 MB of layers.
fn large() -> Graph {
    let mut graph = Graph::new();
    let large = |seed: u64| {
        let once = layer::noise_bytes(seed, 1 << 20);
        Layer::new(media_type::OCI_LAYER_GZIP, Bytes::from(once.repeat(18)))
    };
    let mut image = |seed: u64, platform: &str| {
        let layers = [large(seed), large(seed + 1)];
        graph.image(
            layers
                .into_iter()
                .fold(Image::new().platform(platform), Image::layer),
        )
    };
    let children = [image(1, "linux/amd64"), image(3, "linux/arm64")];
    let app = graph.index(Index::of(children));
    graph.tag("1.4", &app);
    graph.attach(&app, "application/spdx+json", b"{}");
    graph.sign_in_tag(&app, &[b"payload"]);
    graph
}

/// Moments spread over the length of a whole run, the same in every run of the test.
fn moment(round: u32, whole: Duration) -> Duration {
    // The golden ratio spreads any number of points evenly.
    whole.mul_f64((f64::from(round) * 0.618_033_988_75).fract())
}

/// The bytes of all blocks that were put so far.
fn blocks(front: &FaultRegistry) -> u64 {
    let seen = front.seen().into_iter();
    let blocks = seen.filter(|seen| seen.query.contains("comp=block&"));
    blocks.map(|seen| seen.received).sum()
}

#[tokio::test]
async fn an_export_goes_on_where_it_was_killed() {
    let gap = Gap::new().await;
    let Some(azurite) = Azurite::plain().await else {
        return;
    };
    azurite.create("transfer").await;
    let endpoint = azurite.endpoint();
    let host = endpoint.split('/').nth(2).unwrap();
    let front = FaultRegistry::start(proxy(host), Vec::new()).await;
    let graph = large();
    gap.put("acme/app", &graph).await;
    let reference = gap.near("acme/app:1.4");
    let endpoint = endpoint.replace(host, front.host());
    let archive = format!(
        "{endpoint}transfer/app.oci.tar?{}",
        azurite.sas("transfer", "adlrw")
    );
    let export = ["export", &reference, "--to", &archive];
    let to = gap.far("m");
    let import = [
        "import",
        &archive,
        "--to",
        &to,
        "--delete-source-on-success",
    ];
    let began = Instant::now();
    expect(&at_home(&gap.home).run(export).await, 0);
    let length = began.elapsed();
    let size = blocks(&front);
    expect(&at_home(&gap.home).run(import).await, 0);
    for round in 1..=kills() {
        let before = blocks(&front);
        let mut process = Process::spawn(at_home(&gap.home).command(export));
        tokio::time::sleep(moment(round, length)).await;
        process.kill().await;
        let between = at_home(&gap.home)
            .run(["archive", "inspect", &archive])
            .await;
        assert!(
            between.code() == 0 || between.stderr.contains("there is neither"),
            "whole or not there: {}",
            between.stderr
        );
        expect(&at_home(&gap.home).run(export).await, 0);
        let sent = blocks(&front) - before;
        assert!(sent <= size + IN_FLIGHT, "round {round}: {sent} of {size}");
        // All of it: every layer is hashed on the way, and what is there is read back.
        let verified = at_home(&gap.home)
            .run(["archive", "verify", &archive])
            .await;
        expect(&verified, 0);
        expect(&at_home(&gap.home).run(import).await, 0);
    }
    gap.assert_far("m/acme/app", &graph).await;
}

#[tokio::test]
async fn an_import_goes_on_where_it_was_killed() {
    let gap = Gap::new().await;
    let graph = large();
    gap.put("acme/app", &graph).await;
    gap.export(&[]).await;
    let mut length = Duration::ZERO;
    for round in 0..=kills() {
        let far = registry().await;
        let import = ["import", "app.oci.tar", "--to", far.host()];
        let there = remote(&far.repository("acme/app"));
        let began = Instant::now();
        if round > 0 {
            let mut process = Process::spawn(at_home(&gap.home).command(import));
            tokio::time::sleep(moment(round, length)).await;
            process.kill().await;
            let tag = Name::Tag("1.4".parse().unwrap());
            if there.resolve(&tag).await.is_ok() {
                graph.assert_in(&there).await;
            }
        }
        expect(&at_home(&gap.home).run(import).await, 0);
        if round == 0 {
            length = began.elapsed();
        }
        graph.assert_in(&there).await;
    }
}
