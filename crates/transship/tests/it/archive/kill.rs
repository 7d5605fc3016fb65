//! `kill -9` at random moments of an export and of an import: each is gone on with, little is sent twice, and no tag is
//! seen without what belongs to it.

use std::{fs, time::Duration};

use transship_oci::{Name, Source as _};
use transship_testkit::{
    fault::Route,
    image::{Graph, Image, Index, layer},
    peers::{Azurite, Process},
};

use super::world::Gap;
use crate::world::{at_home, expect, remote};

/// How often each is killed, unless `TRANSSHIP_KILLS` says otherwise.
const KILLS: u32 = 6;

fn kills() -> u32 {
    let said = std::env::var("TRANSSHIP_KILLS").ok();
    said.and_then(|said| said.parse().ok()).unwrap_or(KILLS)
}

/// A signed index of two images with layers of several parts each.
fn large() -> Graph {
    let mut graph = Graph::new();
    let image = |seed: u64| {
        let layers = [
            layer::noise(seed, 9_000_000),
            layer::noise(seed + 1, 3_000_000),
        ];
        layers
            .into_iter()
            .fold(Image::new().platform("linux/amd64"), Image::layer)
    };
    let children = [
        graph.image(image(1)),
        graph.image(image(3).platform("linux/arm64")),
    ];
    let app = graph.index(Index::of(children));
    graph.tag("1.4", &app);
    graph.attach(&app, "application/spdx+json", b"{}");
    graph.sign_in_tag(&app, &[b"payload"]);
    graph
}

/// Pauses that are spread over the length of a whole run, the same in every run of the test.
fn pause(round: u32, whole: Duration) -> Duration {
    // The golden ratio spreads any number of points evenly.
    let spread = (f64::from(round) * 0.618_033_988_75).fract();
    whole.mul_f64(spread)
}

#[tokio::test]
async fn an_export_goes_on_where_it_was_killed() {
    let gap = Gap::new().await;
    let Some(azurite) = Azurite::start().await else {
        return;
    };
    azurite.create("transfer").await;
    gap.home.write("store.pem", azurite.certificate());
    gap.put("acme/app", &large()).await;
    let reference = gap.near("acme/app:1.4");
    let sas = azurite.sas("transfer", "adlrw");
    let url = |round: u32| format!("{}transfer/{round}.oci.tar?{sas}", azurite.endpoint());
    let whole = url(0);
    let export =
        |to: &str| ["export", &reference, "--to", to, "--ca-file", "store.pem"].map(str::to_owned);
    let began = std::time::Instant::now();
    let first = at_home(&gap.home).run(export(&whole)).await;
    let length = began.elapsed();
    expect(&first, 0);
    for round in 1..=kills() {
        let to = url(round);
        let mut process = Process::spawn(at_home(&gap.home).command(export(&to)));
        tokio::time::sleep(pause(round, length)).await;
        process.kill().await;
        let inspect = ["archive", "inspect", &to, "--ca-file", "store.pem"];
        let between = at_home(&gap.home).run(inspect).await;
        assert!(
            [0, 1].contains(&between.code()),
            "all of it or nothing: {}",
            between.stderr
        );
        let second = at_home(&gap.home).run(export(&to)).await;
        expect(&second, 0);
        assert_eq!(
            second.stdout.lines().last(),
            first.stdout.lines().last(),
            "{round}"
        );
        let copied = [
            "archive",
            "copy",
            &to,
            "copied.oci.tar",
            "--overwrite",
            "--ca-file",
            "store.pem",
        ];
        expect(&at_home(&gap.home).run(copied).await, 0);
        expect(
            &at_home(&gap.home)
                .run(["archive", "verify", "copied.oci.tar"])
                .await,
            0,
        );
    }
}

#[tokio::test]
async fn an_import_goes_on_where_it_was_killed() {
    let gap = Gap::new().await;
    let graph = large();
    gap.put("acme/app", &graph).await;
    gap.export(&[]).await;
    let sent = |gap: &Gap| -> u64 {
        let writing = [Route::Patch, Route::PutBlob, Route::PostUpload];
        let seen = gap.far.seen().into_iter();
        seen.filter(|seen| writing.contains(&seen.route))
            .map(|seen| seen.received)
            .sum()
    };
    let import = |to: &str| ["import", "app.oci.tar", "--to", to].map(str::to_owned);
    let began = std::time::Instant::now();
    let first = at_home(&gap.home).run(import(&gap.far("r0"))).await;
    let length = began.elapsed();
    expect(&first, 0);
    let all = sent(&gap);
    for round in 1..=kills() {
        let path = format!("r{round}");
        let to = gap.far(&path);
        let before = sent(&gap);
        let mut process = Process::spawn(at_home(&gap.home).command(import(&to)));
        tokio::time::sleep(pause(round, length)).await;
        process.kill().await;
        let place = gap.far.repository(&format!("{path}/acme/app"));
        let there = remote(&place);
        if there
            .resolve(&Name::Tag("1.4".parse().unwrap()))
            .await
            .is_ok()
        {
            graph.assert_in(&there).await;
        }
        expect(&at_home(&gap.home).run(import(&to)).await, 0);
        graph.assert_in(&there).await;
        // No more than what was on its way when it was killed: the layers of one artifact, at the very most.
        assert!(sent(&gap) - before <= 2 * all, "round {round}");
    }
    let state = gap.path(".local/state/transship");
    assert!(fs::metadata(state).is_ok());
}
