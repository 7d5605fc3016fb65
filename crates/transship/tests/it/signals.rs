//! Signals and kill -9: what is visible at the target stays whole, and the next run goes on.

use axum::Router;
use transship_oci::{Name, Source as _};
use transship_registry_server::{Memory, Registry};
use transship_testkit::{
    fault::{FaultRegistry, Hold, Route, on, proxy},
    image::{Graph, Image, layer},
    peers::{Distribution, DockerRegistry, Home, Options, Process},
};

use crate::world::{at_home, expect, faulty, registry, remote};

#[tokio::test]
async fn the_first_signal_stops_in_good_order_and_says_what_is_done() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let home = Home::new();
        let hold = Hold::new();
        let from = registry().await;
        let to = faulty(vec![on(Route::PutManifest).hold(&hold)]).await;
        let graph = crate::world::image_under(&["1"]);
        graph
            .push_to(&remote(&from.repository("app")))
            .await
            .unwrap();
        let (source, target) = (format!("{}/app:1", from.host()), format!("{}/", to.host()));
        let mut process = Process::spawn(at_home(&home).command(["copy", &source, &target]));
        to.arrived(Route::PutManifest, 1).await;
        process.signal(signal).await;
        assert_eq!(process.wait().await.code(), Some(code), "{}", process.log());
        let log = process.log();
        assert!(
            log.contains("stopped: 0 artifacts copied, 0 unchanged, 0 failed"),
            "{log}"
        );
        assert!(log.contains("run the same command again"), "{log}");
        hold.release();
        expect(&at_home(&home).run(["copy", &source, &target]).await, 0);
        graph.assert_in(&remote(&to.repository("app"))).await;
    }
}

const LANDED: u64 = 10 * 1024 * 1024;

/// Cuts an upload to `app` after [`LANDED`] bytes, kills the program with -9 while it asks how much has arrived, and
/// runs it again. Returns how many bytes of blobs there are, and how many the second run sent.
async fn killed_and_run_again(app: Router) -> (u64, u64) {
    let home = Home::new();
    let hold = Hold::new();
    let from = registry().await;
    let quirks = vec![
        on(Route::Patch).nth(1).cut_request(LANDED),
        on(Route::GetUpload).nth(1).hold(&hold),
    ];
    let to = FaultRegistry::start(app, quirks).await;
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 24 * 1024 * 1024)));
    graph.tag("1", &image);
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let (source, target) = (
        format!("{}/app:1", from.host()),
        format!("{}/copy/", to.host()),
    );

    let mut process = Process::spawn(at_home(&home).command(["copy", &source, &target]));
    hold.arrived().await;
    process.kill().await;
    let tag = Name::Tag("1".parse().unwrap());
    let there = remote(&to.repository("copy/app"));
    assert!(there.resolve(&tag).await.is_err(), "no tag yet");
    assert_eq!(journal(&home).len(), 1, "the upload is in the journal");

    to.forget();
    let run = at_home(&home)
        .run(["copy", &source, &target, "--format", "json"])
        .await;
    expect(&run, 0);
    graph.assert_in(&remote(&to.repository("copy/app"))).await;
    assert!(
        journal(&home).is_empty(),
        "the journal is cleared: {:?}",
        journal(&home)
    );
    let uploads = to.seen().into_iter().filter(|seen| seen.route.is_upload());
    let received = uploads.map(|seen| seen.received).sum();
    assert_eq!(
        crate::world::json(&run)["bytes"],
        received,
        "{:?}",
        to.counts()
    );
    (graph.blob_bytes(), received)
}

#[tokio::test]
async fn a_killed_upload_is_taken_up_where_it_was() {
    let app = Registry::new(Memory::new()).router();
    let (all, sent) = killed_and_run_again(app).await;
    assert_eq!(sent, all - LANDED, "only what was missing is sent");
}

/// docker-registry 2.8 cancels an upload when it is asked with a session's address that is older than what has arrived,
/// and after a kill there is no newer one. The upload then starts anew, once.
#[tokio::test]
async fn a_session_that_is_gone_is_started_anew() {
    let Some(registry) = DockerRegistry::start(&Options::default()).await else {
        return;
    };
    let (all, sent) = killed_and_run_again(proxy(registry.host())).await;
    assert_eq!(sent, all);
}

#[tokio::test]
async fn a_killed_upload_is_taken_up_at_distribution() {
    let Some(registry) = Distribution::start(&Options::default()).await else {
        return;
    };
    let (all, sent) = killed_and_run_again(proxy(registry.host())).await;
    assert_eq!(sent, all - LANDED, "only what was missing is sent");
}

fn journal(home: &Home) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(home.path().join(".local/state/transship/uploads"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect()
}

/// A command that has copied nothing yet has nothing to add up.
#[tokio::test]
async fn a_look_that_is_stopped_says_no_more_than_that() {
    let home = Home::new();
    let hold = Hold::new();
    let slow = faulty(vec![on(Route::Tags).hold(&hold)]).await;
    let name = format!("{}/app", slow.host());
    let mut process = Process::spawn(at_home(&home).command(["tags", &name]));
    hold.arrived().await;
    process.signal("INT").await;
    assert_eq!(process.wait().await.code(), Some(130));
    assert_eq!(process.log(), "stopped\n");
}
