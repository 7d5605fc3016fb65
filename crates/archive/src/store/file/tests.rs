use std::{fs, path::Path};

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use md5::{Digest as _, Md5};
use tempfile::TempDir;
use transship_oci::ErrorKind;

use super::{
    super::{Store, Upload, UploadSpec},
    FileStore, ReadBack,
};

fn store() -> (TempDir, FileStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    (folder, store)
}

fn spec(size: u64) -> UploadSpec {
    UploadSpec {
        size,
        part_size: 4,
        overwrite: false,
        metadata: [("category".to_owned(), "x".to_owned())].into(),
        session: None,
    }
}

/// Puts all parts, the last one first.
async fn put(upload: &dyn Upload, body: &[u8]) -> Vec<String> {
    let mut receipts = Vec::new();
    for (part, bytes) in body.chunks(4).enumerate().rev() {
        let bytes = Bytes::copy_from_slice(bytes);
        receipts.push(
            upload
                .put(u32::try_from(part).unwrap(), bytes)
                .await
                .unwrap(),
        );
    }
    receipts.reverse();
    receipts
}

async fn write(
    store: &dyn Store,
    key: &str,
    body: &[u8],
    overwrite: bool,
) -> transship_oci::Result<()> {
    let mut spec = spec(body.len() as u64);
    spec.overwrite = overwrite;
    let upload = store.upload(key, &spec).await?;
    let receipts = put(&*upload, body).await;
    upload.complete(&receipts, &Md5::digest(body).into()).await
}

async fn read(store: &dyn Store, key: &str, range: std::ops::Range<u64>) -> Bytes {
    let opened = store.read(key, range, None).await.unwrap();
    let bytes: BytesMut = opened.bytes.try_collect().await.unwrap();
    bytes.freeze()
}

/// All names below a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_file_has_its_name_only_when_it_is_whole() {
    let (folder, store) = store();
    let upload = store.upload("a/b/app.oci.tar", &spec(10)).await.unwrap();
    let receipts = put(&*upload, b"0123456789").await;
    assert_eq!(store.stat("a/b/app.oci.tar").await.unwrap(), None);
    let deep = folder.path().join("a/b");
    assert_eq!(names(&deep), [upload.session()]);
    let listed: Vec<_> = store.list("").try_collect().await.unwrap();
    assert_eq!(listed, []);
    upload.complete(&receipts, &[0; 16]).await.unwrap();
    // Nothing but the file: no sidecar, no unfinished file.
    assert_eq!(names(&deep), ["app.oci.tar"]);
    assert_eq!(fs::read(deep.join("app.oci.tar")).unwrap(), b"0123456789");
    let stat = store.stat("a/b/app.oci.tar").await.unwrap().unwrap();
    assert_eq!((stat.size, stat.md5, stat.metadata.len()), (10, None, 0));
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_has_the_rights_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, store) = store();
    write(&store, "ours", b"x", false).await.unwrap();
    fs::write(folder.path().join("any"), "x").unwrap();
    let [ours, any] = ["ours", "any"].map(|name| {
        let found = fs::metadata(folder.path().join(name)).unwrap();
        found.permissions().mode()
    });
    assert_eq!(ours, any);
}

#[tokio::test]
async fn ranges_are_read_as_asked() {
    let (_folder, store) = store();
    write(&store, "k", b"0123456789", false).await.unwrap();
    assert_eq!(read(&store, "k", 2..5).await, "234");
    assert_eq!(read(&store, "k", 8..99).await, "89");
    assert_eq!(read(&store, "k", 99..100).await, "");
    let error = store.read("none", 0..1, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn another_file_under_the_name_is_seen() {
    let (_folder, store) = store();
    write(&store, "k", b"old", false).await.unwrap();
    let etag = store.stat("k").await.unwrap().unwrap().etag.unwrap();
    assert!(store.read("k", 0..3, Some(&etag)).await.is_ok());
    write(&store, "k", b"new", true).await.unwrap();
    let error = store.read("k", 0..3, Some(&etag)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Drift);
    assert_eq!(read(&store, "k", 0..9).await, "new");
}

#[tokio::test]
async fn of_two_writers_one_wins_and_the_other_loses_nothing() {
    let (folder, store) = store();
    let (one, two) = (
        store.upload("k", &spec(3)).await.unwrap(),
        store.upload("k", &spec(3)).await.unwrap(),
    );
    let (first, second) = (put(&*one, b"one").await, put(&*two, b"two").await);
    one.complete(&first, &[0; 16]).await.unwrap();
    let error = two.complete(&second, &[0; 16]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(
        error.to_string(),
        format!("{}: k is there already", folder.path().display())
    );
    assert_eq!(read(&store, "k", 0..9).await, "one");
    let again = UploadSpec {
        overwrite: true,
        session: Some(two.session().to_owned()),
        ..spec(3)
    };
    let two = store.upload("k", &again).await.unwrap();
    two.complete(&second, &[0; 16]).await.unwrap();
    assert_eq!(read(&store, "k", 0..9).await, "two");
    assert_eq!(names(folder.path()), ["k"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_at_once_exactly_one_wins() {
    let (folder, store) = store();
    let bodies: Vec<_> = (0..16).map(|i| format!("writer {i:02}")).collect();
    let wrote = bodies
        .iter()
        .map(|body| write(&store, "k", body.as_bytes(), false));
    let wrote = futures::future::join_all(wrote).await;
    let won: Vec<_> = (0..16).filter(|i| wrote[*i].is_ok()).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(read(&store, "k", 0..99).await, bodies[won[0]]);
    let lost = wrote.iter().filter_map(|done| done.as_ref().err());
    assert!(
        lost.map(transship_oci::Error::kind)
            .all(|kind| kind == ErrorKind::Conflict)
    );
    assert!(folder.path().join("k").is_file());
}

#[tokio::test]
async fn an_upload_goes_on_or_is_gone() {
    let (folder, store) = store();
    let upload = store.upload("k", &spec(6)).await.unwrap();
    upload.put(0, "0123".into()).await.unwrap();
    let session = Some(upload.session().to_owned());
    drop(upload);
    let again = UploadSpec { session, ..spec(6) };
    let upload = store.upload("k", &again).await.unwrap();
    upload.put(1, "45".into()).await.unwrap();
    let error = upload.put(1, "456".into()).await.unwrap_err();
    assert_eq!(error.message(), "part 1 of k reaches beyond its end");
    upload.complete(&[], &[0; 16]).await.unwrap();
    assert_eq!(read(&store, "k", 0..9).await, "012345");
    for session in [again.session.as_deref().unwrap(), "k", "../k", "none"] {
        let spec = UploadSpec {
            overwrite: true,
            session: Some(session.to_owned()),
            ..spec(6)
        };
        let error = store.upload("k", &spec).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{session}");
    }
    let upload = store.upload("l", &spec(6)).await.unwrap();
    upload.abort().await.unwrap();
    upload.abort().await.unwrap();
    assert_eq!(names(folder.path()), ["k"]);
}

#[tokio::test]
async fn names_do_not_lead_out_of_the_folder() {
    let (_folder, store) = store();
    for key in [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "a/./b",
        "a/",
        "a\0b",
    ] {
        let error = store.stat(key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{key:?}");
        assert!(store.upload(key, &spec(1)).await.is_err());
        assert!(store.delete(key).await.is_err());
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("usb");
    let error = FileStore::open(&missing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.hint(),
        Some("make it, or mount the medium it belongs to")
    );
    assert!(!missing.exists());
    fs::write(&missing, "").unwrap();
    let error = FileStore::open(&missing).unwrap_err();
    assert_eq!(error.message(), "this is no folder");
}

#[tokio::test]
async fn what_is_no_plain_file_is_no_object() {
    let (folder, store) = store();
    fs::create_dir(folder.path().join("d")).unwrap();
    let error = store.stat("d").await.unwrap_err();
    assert_eq!(error.message(), "d is no plain file");
    assert!(store.read("d", 0..1, None).await.is_err());
    let mut spec = spec(1);
    spec.overwrite = true;
    let error = store.upload("d", &spec).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Conflict, "d is a folder")
    );
}

#[tokio::test]
async fn files_are_listed_by_the_beginning_of_their_names() {
    let (folder, store) = store();
    for key in [
        "app.v2.tar",
        "app.v1.tar",
        "deep/app.v1.tar",
        "deep/er/x",
        "other",
    ] {
        write(&store, key, b"x", false).await.unwrap();
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", folder.path().join("deep/loop")).unwrap();
    let list = async |prefix: &str| -> Vec<String> {
        let stats: Vec<_> = store.list(prefix).try_collect().await.unwrap();
        stats.into_iter().map(|stat| stat.key).collect()
    };
    assert_eq!(list("app").await, ["app.v1.tar", "app.v2.tar"]);
    assert_eq!(list("deep/").await, ["deep/app.v1.tar", "deep/er/x"]);
    assert_eq!(list("deep/e").await, ["deep/er/x"]);
    assert_eq!(list("").await.len(), 5);
    assert_eq!(list("none").await, [""; 0]);
    store.delete("other").await.unwrap();
    store.delete("other").await.unwrap();
    assert_eq!(list("").await.len(), 4);
    drop(folder);
}

#[tokio::test]
async fn what_there_is_no_room_for_is_not_begun() {
    let (folder, store) = store();
    let error = store.upload("k", &spec(1 << 62)).await.unwrap_err();
    assert_eq!(error.message(), "there is not enough room");
    assert_eq!(error.retry(), transship_oci::Retry::No);
    assert_eq!(names(folder.path()), [""; 0]);
}

/// A file system of one MiB, for as long as this lives.
#[cfg(target_os = "linux")]
struct Small(TempDir);

#[cfg(target_os = "linux")]
impl Small {
    /// `None`, said aloud, where this process may not mount.
    fn mount(test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]);
        if mount
            .arg(folder.path())
            .status()
            .is_ok_and(|status| status.success())
        {
            return Some(Self(folder));
        }
        // Not even CI lets everybody mount, so this is never a failure.
        let line = format!("SKIPPED: {test}: this process may not mount a file system\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
        None
    }
}

#[cfg(target_os = "linux")]
impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg(self.0.path())
            .status();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_not_left_full() {
    let Some(small) = Small::mount("a_full_disk_is_not_left_full") else {
        return;
    };
    let folder = small.0.path();
    let store = FileStore::open(folder).unwrap();
    let free = store.capacity().await.unwrap().free;
    assert_eq!(free, Some(1 << 20));
    let error = store.upload("k", &spec((1 << 20) + 1)).await.unwrap_err();
    assert_eq!(error.message(), "there is not enough room");
    // What is begun has its room, whatever others write meanwhile.
    let spec = UploadSpec {
        part_size: 1 << 19,
        ..spec(1 << 19)
    };
    let upload = store.upload("k", &spec).await.unwrap();
    assert!(fs::write(folder.join("other"), vec![1; 1 << 20]).is_err());
    upload.put(0, vec![2; 1 << 19].into()).await.unwrap();
    upload.complete(&[], &[0; 16]).await.unwrap();
    fs::remove_file(folder.join("other")).unwrap();
    // As on a file system that cannot promise room.
    let upload = store.upload("l", &spec).await.unwrap();
    let unfinished = fs::File::create(folder.join(upload.session())).unwrap();
    assert!(fs::write(folder.join("other"), vec![1; 1 << 20]).is_err());
    let error = upload.put(0, vec![2; 1 << 19].into()).await.unwrap_err();
    assert_eq!(error.message(), "there is not enough room");
    drop(unfinished);
    assert_eq!(names(folder), ["k", "other"]);
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_read_back_is_what_was_written_or_has_no_name() {
    let (folder, store) = store();
    let careful = ReadBack::new(store);
    // More than is read at once, and no multiple of a block.
    let body: Vec<u8> = (0..5_000_001_u32).map(|i| (i % 251) as u8).collect();
    let spec = UploadSpec {
        part_size: 1 << 20,
        ..spec(body.len() as u64)
    };
    for honest in [true, false] {
        let upload = careful.upload("k", &spec).await.unwrap();
        for (part, bytes) in body.chunks(1 << 20).enumerate() {
            let bytes = Bytes::copy_from_slice(bytes);
            upload
                .put(u32::try_from(part).unwrap(), bytes)
                .await
                .unwrap();
        }
        if !honest {
            let path = folder.path().join(upload.session());
            let mut lies = fs::read(&path).unwrap();
            lies[4_999_999] ^= 1;
            fs::write(&path, lies).unwrap();
        }
        let done = upload.complete(&[], &Md5::digest(&body).into()).await;
        if honest {
            done.unwrap();
            assert_eq!(fs::read(folder.path().join("k")).unwrap(), body);
            careful.delete("k").await.unwrap();
        } else {
            let error = done.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            assert_eq!(
                error.message(),
                "what was read back is not what was written"
            );
            assert_eq!(names(folder.path()), [""; 0]);
        }
    }
}
