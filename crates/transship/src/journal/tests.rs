use transship_oci::{Checkpoint, Digest, Journal as _, Repository};

use super::FileJournal;

fn checkpoint(session: &str) -> Checkpoint {
    Checkpoint {
        session: session.to_owned(),
        offset: 64,
        hash: None,
        started: 1,
    }
}

fn target() -> Repository {
    "r.example/app".parse().unwrap()
}

#[tokio::test]
async fn what_is_saved_is_loaded_until_it_is_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileJournal::new(folder.path().join("uploads"), "one".to_owned());
    let blob = Digest::sha256(b"blob");
    assert_eq!(journal.load(&target(), &blob).await.unwrap(), None);
    journal
        .save(&target(), &blob, &checkpoint("https://r.example/s?1"))
        .await
        .unwrap();
    journal
        .save(&target(), &blob, &checkpoint("https://r.example/s?2"))
        .await
        .unwrap();
    let loaded = journal.load(&target(), &blob).await.unwrap().unwrap();
    assert_eq!(loaded.session, "https://r.example/s?2");
    let other = Digest::sha256(b"other");
    assert_eq!(journal.load(&target(), &other).await.unwrap(), None);
    journal.clear(&target(), &blob).await.unwrap();
    assert_eq!(journal.load(&target(), &blob).await.unwrap(), None);
    journal.clear(&target(), &blob).await.unwrap();
}

#[tokio::test]
async fn another_process_takes_it_up_only_when_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uploads");
    let first = FileJournal::new(path.clone(), "one".to_owned());
    let second = FileJournal::new(path.clone(), "two".to_owned());
    let blob = Digest::sha256(b"blob");
    first
        .save(&target(), &blob, &checkpoint("first"))
        .await
        .unwrap();
    assert_eq!(second.load(&target(), &blob).await.unwrap(), None);
    second
        .save(&target(), &blob, &checkpoint("second"))
        .await
        .unwrap();
    second.clear(&target(), &blob).await.unwrap();
    let kept = first.load(&target(), &blob).await.unwrap().unwrap();
    assert_eq!(kept.session, "first");
    drop(first);
    let taken = second.load(&target(), &blob).await.unwrap().unwrap();
    assert_eq!(taken.session, "first");
}

#[tokio::test]
async fn damage_is_as_good_as_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uploads");
    let journal = FileJournal::new(path.clone(), "one".to_owned());
    let blob = Digest::sha256(b"blob");
    journal
        .save(&target(), &blob, &checkpoint("s"))
        .await
        .unwrap();
    let file = journal.0.path(&target().to_string(), &blob);
    let long = " ".repeat(70_000);
    for damage in ["", "{", "null", &long] {
        std::fs::write(&file, damage).unwrap();
        assert_eq!(journal.load(&target(), &blob).await.unwrap(), None);
    }
    let evil = r#"{"owner":"../../etc/passwd","target":"r.example/app","blob":"BLOB","checkpoint":{"session":"s","offset":1,"hash":null,"started":1}}"#;
    std::fs::write(&file, evil.replace("BLOB", &blob.to_string())).unwrap();
    assert_eq!(
        journal
            .load(&target(), &blob)
            .await
            .unwrap()
            .unwrap()
            .session,
        "s"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/uploads");
    let journal = FileJournal::new(path.clone(), "one".to_owned());
    let blob = Digest::sha256(b"blob");
    journal
        .save(&target(), &blob, &checkpoint("s"))
        .await
        .unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&journal.0.path(&target().to_string(), &blob)), 0o600);
}
