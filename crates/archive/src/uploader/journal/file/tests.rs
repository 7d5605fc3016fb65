use std::{collections::BTreeMap, fs, io::Write as _, path::PathBuf};

use transship_oci::Digest;

use super::{super::*, FileUploadJournal, parse};

fn begun(session: &str) -> BegunUpload {
    BegunUpload {
        store: "az://a/c".to_owned(),
        key: "k".to_owned(),
        session: session.to_owned(),
        fingerprint: Digest::sha256(b"head"),
        size: 20,
        part_size: 8,
        metadata: BTreeMap::new(),
    }
}

fn sent(part: u32) -> SentPart {
    SentPart {
        part,
        receipt: format!("r{part}"),
        sum: "s".to_owned(),
        note: (part == 1).then(|| "note".to_owned()),
    }
}

fn only_file(folder: &std::path::Path) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap();
    let path = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    path
}

#[tokio::test]
async fn what_is_written_is_read_by_the_next_until_it_is_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileUploadJournal::new(folder.path().join("deep/stores"));
    let page = journal.open("az://a/c", "k").await.unwrap();
    assert_eq!(page.read().await.unwrap(), None);
    page.begin(&begun("old")).await.unwrap();
    page.add(&sent(9)).await.unwrap();
    page.begin(&begun("new")).await.unwrap();
    page.add(&sent(1)).await.unwrap();
    page.add(&sent(0)).await.unwrap();
    drop(page);
    let other = journal.open("az://a/c", "other").await.unwrap();
    assert_eq!(other.read().await.unwrap(), None);
    let page = journal.open("az://a/c", "k").await.unwrap();
    let cut = page.read().await.unwrap().unwrap();
    assert_eq!(cut.begun, begun("new"));
    assert_eq!(cut.sent, [sent(1), sent(0)]);
    page.clear().await.unwrap();
    page.clear().await.unwrap();
    drop((page, other));
    let page = journal.open("az://a/c", "k").await.unwrap();
    assert_eq!(page.read().await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn nobody_else_has_the_page_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileUploadJournal::new(folder.path());
    let page = journal.open("az://a/c", "k").await.unwrap();
    let error = journal.open("az://a/c", "k").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "target az://a/c: k is being written by another process"
    );
    assert_eq!(error.kind(), transship_oci::ErrorKind::Conflict);
    page.clear().await.unwrap();
    // The file is gone, so the lock on it guards nothing any more.
    let next = journal.open("az://a/c", "k").await.unwrap();
    drop(page);
    assert!(journal.open("az://a/c", "k").await.is_err());
    drop(next);
    assert!(journal.open("az://a/c", "k").await.is_ok());
}

#[tokio::test]
async fn a_line_that_a_crash_cut_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileUploadJournal::new(folder.path());
    let page = journal.open("az://a/c", "k").await.unwrap();
    page.begin(&begun("s")).await.unwrap();
    page.add(&sent(0)).await.unwrap();
    page.add(&sent(1)).await.unwrap();
    let path = only_file(folder.path());
    let whole = fs::read(&path).unwrap();
    let mut lines = 0;
    for (length, byte) in whole.iter().enumerate() {
        let found = parse(&whole[..length]).map(|cut| cut.sent.len() + 1);
        assert_eq!(found.unwrap_or(0), lines, "{length}");
        lines += usize::from(*byte == b'\n');
    }
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"garbage\n").unwrap();
    assert_eq!(page.read().await.unwrap().unwrap().sent.len(), 2);
}

#[tokio::test]
async fn a_file_of_another_object_is_as_good_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileUploadJournal::new(folder.path());
    let page = journal.open("az://a/c", "k").await.unwrap();
    let other = BegunUpload {
        key: "other".to_owned(),
        ..begun("s")
    };
    page.begin(&other).await.unwrap();
    assert_eq!(page.read().await.unwrap(), None);
}

#[tokio::test]
async fn a_page_on_which_nothing_is_written_is_not_left() {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileUploadJournal::new(folder.path());
    let pages = || fs::read_dir(folder.path()).unwrap().count();
    let page = journal.open("az://a/c", "k").await.unwrap();
    assert_eq!(pages(), 1);
    drop(page);
    assert_eq!(pages(), 0);
    let cleared = journal.open("az://a/c", "k").await.unwrap();
    cleared.clear().await.unwrap();
    // The next one's page is not the one that was cleared.
    let next = journal.open("az://a/c", "k").await.unwrap();
    drop(cleared);
    assert_eq!(pages(), 1);
    next.begin(&begun("s")).await.unwrap();
    drop(next);
    assert_eq!(pages(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("deep");
    let journal = FileUploadJournal::new(&deep);
    let page = journal.open("az://a/c", "k").await.unwrap();
    page.begin(&begun("s")).await.unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&deep), 0o700);
    assert_eq!(mode(&only_file(&deep)), 0o600);
}
