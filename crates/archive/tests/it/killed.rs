//! `kill -9` in the middle of an upload, many times: the next process goes on, and sends no more parts again than were in
//! flight.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use bytes::Bytes;
use transship_archive::{
    UploadPlan, Uploader,
    store::{Call, Capacity, FileStore, Watched},
    uploader::journal::FileUploadJournal,
};
use transship_oci::{Digest, ErrorKind};

use crate::support::bytes;

/// Tells the child where to work.
const FOLDER: &str = "TRANSSHIP_TEST_UPLOAD";
const IN_FLIGHT: usize = 3;
const PART: usize = 16 << 10;
const PARTS: usize = 40;

fn body() -> Vec<u8> {
    bytes(PART * PARTS - 5, 7)
}

/// The process that is killed. It says on its output which parts it sends.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is a process of the test below"]
async fn child() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let store = FileStore::open(folder.join("store")).unwrap();
    let small = Capacity {
        min_part: 1,
        max_part: PART as u64,
        max_parts: 1000,
        max_object: None,
        free: None,
    };
    let watched = Watched::new(Arc::new(store)).taking(small).asking(|call| {
        let said = match call {
            Call::Put(part, _) => Some(format!("put {part}\n")),
            _ => None,
        };
        Box::pin(async move {
            if let Some(line) = said {
                let leave = tokio::task::spawn_blocking(move || ask(&line));
                leave.await.unwrap();
            }
            Ok(())
        })
    });
    let body = body();
    let plan = UploadPlan {
        size: body.len() as u64,
        overwrite: false,
        metadata: [].into(),
        fingerprint: Digest::sha256(&body),
    };
    let journal = FileUploadJournal::new(folder.join("journal"));
    let opened = Uploader::open(Arc::new(watched), "k", &plan, &journal, IN_FLIGHT);
    let mut uploader = match opened.await {
        Ok(uploader) => uploader,
        // The last one was killed when it had done everything. Had it not, something would be remembered.
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Conflict);
            let pages = std::fs::read_dir(folder.join("journal")).unwrap().count();
            assert_eq!(pages, 0);
            return;
        }
    };
    let at = usize::try_from(uploader.offset()).unwrap();
    for chunk in body[at..].chunks(5000) {
        uploader
            .push(Bytes::copy_from_slice(chunk), &|| None)
            .await
            .unwrap();
    }
    uploader.finish().await.unwrap();
}

/// Says what is to be done, and waits for leave.
fn ask(line: &str) {
    io::stdout().lock().write_all(line.as_bytes()).unwrap();
    let mut leave = String::new();
    io::stdin().lock().read_line(&mut leave).unwrap();
}

/// Runs the child, lets it send so many parts, and kills it when it wants to send another. Returns how many it began to
/// send, and whether it came to its end.
fn live(folder: &Path, parts: usize) -> (usize, bool) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "killed::child", "--ignored", "--nocapture", "-q"])
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Kept open: a child that reads the end of it would take that for leave.
    let mut leave = child.stdin.take().unwrap();
    leave.write_all("\n".repeat(parts).as_bytes()).unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut puts = lines.filter(|line| line.as_ref().unwrap().contains("put "));
    let mut begun = puts.by_ref().take(parts + 1).count();
    if begun > parts {
        child.kill().unwrap();
    }
    // What it had said before the kill reached it.
    begun += puts.count();
    (begun, child.wait().unwrap().success())
}

#[test]
fn a_process_that_is_killed_is_gone_on_with_by_the_next() {
    let mut kills = 0;
    for round in 0_usize..12 {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("store")).unwrap();
        let mut sent = 0;
        let mut deaths = 0;
        // Never the same places, and always the same ones in the next run of the test.
        for life in 1.. {
            let (parts, done) = live(folder.path(), 1 + (round * 7 + life * 5) % 11);
            sent += parts;
            if done {
                break;
            }
            deaths += 1;
            assert!(deaths < 200, "it never ends");
        }
        let found = std::fs::read(folder.path().join("store/k")).unwrap();
        assert!(found == body(), "round {round}: the bytes are wrong");
        assert!(
            sent <= PARTS + deaths * IN_FLIGHT,
            "round {round}: {sent} parts sent by {deaths} killed processes"
        );
        let left = std::fs::read_dir(folder.path().join("store"))
            .unwrap()
            .count();
        assert_eq!(left, 1, "something unfinished is left");
        kills += deaths;
    }
    assert!(kills >= 40, "only {kills} processes were killed");
}
