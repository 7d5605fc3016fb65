//! `kill -9` in the middle of an upload, many times: the next process goes on, and sends no more parts again than were in
//! flight.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
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
        if let Call::Put(part, _) = call {
            let line = format!("put {part}\n");
            std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
        }
        Box::pin(async { Ok(()) })
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

/// Runs the child until it has sent so many parts, and kills it; or to its end. Returns how many parts it sent.
fn live(folder: &Path, parts: usize) -> (usize, bool) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "killed::child", "--ignored", "--nocapture", "-q"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || {
        lines
            .find(|line| line.as_ref().unwrap().contains("put "))
            .is_some()
    };
    let mut sent = (0..parts).take_while(|_| next()).count();
    if sent == parts {
        child.kill().unwrap();
    }
    // What it had said before the kill reached it.
    while next() {
        sent += 1;
    }
    (sent, child.wait().unwrap().success())
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
