//! `registry serve ARCHIVE`: pulled from where it lies.

use transship_testkit::peers::Process;

use super::world::Gap;
use crate::world::{at_home, remote};

async fn serve(gap: &Gap, archive: &str) -> (Process, String) {
    let arguments = ["registry", "serve", archive, "--listen", "127.0.0.1:0"];
    let mut process = Process::spawn(at_home(&gap.home).command(arguments));
    let host = process
        .wait_for(|log| {
            let line = log.lines().find(|line| line.starts_with("http"))?;
            Some(line.split_once("://")?.1.to_owned())
        })
        .await;
    (process, host)
}

#[tokio::test]
async fn an_archive_is_a_registry() {
    let (gap, graph) = Gap::with_app().await;
    gap.export(&["--map", "vendor/{name}"]).await;
    let (_process, host) = serve(&gap, "app.oci.tar").await;
    let place = transship_oci::Repository::new(&host, "vendor/app").unwrap();
    graph.assert_in(&remote(&place)).await;
    let from = format!("{host}/vendor/app:1.4");
    gap.run(0, &["copy", &from, &gap.far("copy")]).await;
    gap.assert_far("copy", &graph).await;
    // And it is not written to.
    let run = gap
        .tool()
        .run([
            "copy",
            &gap.far("copy:1.4"),
            &format!("{host}/vendor/app:2"),
        ])
        .await;
    assert_ne!(run.code(), 0, "{}", run.stdout);
}
