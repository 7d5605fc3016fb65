//! Archives from store to store, over real ones: bytes, metadata and checksums arrive, and a copy that was cut goes on.

use std::sync::Arc;

use transship_archive::{
    store::{Call, Capacity, FileStore, Store, Watched},
    transfer::{Copied, CopyOptions, How, copy, copy_set},
    uploader::journal::FileUploadJournal,
};
use transship_oci::{Error, ErrorKind};

use transship_testkit::peers::Moto;

use crate::{
    azure::{CONTAINER, azurite, signed},
    s3::{self, BUCKET},
    support::{bytes, md5, whole, write},
};

const PART: usize = 1 << 20;
const KEY: &str = "up/app.oci.tar";

fn options(journal: &tempfile::TempDir) -> CopyOptions {
    CopyOptions::new(Arc::new(FileUploadJournal::new(journal.path())))
}

#[tokio::test]
async fn from_one_cloud_over_a_disk_to_another() {
    let (Some(near), Some(far)) = (azurite().await, azurite().await) else {
        return;
    };
    let content = bytes(3 * PART + 5, 9);
    let exporter = signed(&near, &near.sas(CONTAINER, "alrw"));
    write(&exporter, KEY, &content, PART, false).await;
    let (folder, journal) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let disk: Arc<dyn Store> = Arc::new(FileStore::open(folder.path()).unwrap());
    let importer = signed(&near, &near.sas(CONTAINER, "lr"));
    let mut options = options(&journal);
    copy_set(&importer, KEY, &disk, "", &options).await.unwrap();
    assert_eq!(
        std::fs::read(folder.path().join("app.oci.tar")).unwrap(),
        content
    );
    let target: Arc<dyn Store> = Arc::new(signed(&far, &far.sas(CONTAINER, "alrw")));
    // A plain file has no metadata: the importer's trigger needs it given again.
    options.metadata = Some([("category".to_owned(), "acr-transfer-blob".to_owned())].into());
    copy(&*disk, "app.oci.tar", &target, KEY, &options)
        .await
        .unwrap();
    let stat = target.stat(KEY).await.unwrap().unwrap();
    assert_eq!(stat.md5, Some(md5(&content)));
    assert_eq!(stat.metadata["category"], "acr-transfer-blob");
    assert_eq!(whole(&*target, KEY).await, content);
}

#[tokio::test]
async fn metadata_and_checksum_go_from_cloud_to_cloud() {
    let (Some(near), Some(far)) = (azurite().await, azurite().await) else {
        return;
    };
    let content = bytes(2 * PART + 5, 9);
    let from = signed(&near, &near.sas(CONTAINER, "alrw"));
    write(&from, KEY, &content, PART, false).await;
    let target: Arc<dyn Store> = Arc::new(signed(&far, &far.sas(CONTAINER, "alrw")));
    let journal = tempfile::tempdir().unwrap();
    let options = options(&journal);
    let copied = copy_set(&from, KEY, &target, KEY, &options).await.unwrap();
    let sent = Copied {
        key: KEY.to_owned(),
        size: content.len() as u64,
        how: How::Sent(content.len() as u64),
    };
    assert_eq!(copied, [sent]);
    let (there, here) = (
        target.stat(KEY).await.unwrap().unwrap(),
        from.stat(KEY).await.unwrap().unwrap(),
    );
    assert_eq!((there.md5, there.metadata), (here.md5, here.metadata));
    let again = copy_set(&from, KEY, &target, KEY, &options).await.unwrap();
    assert_eq!(again[0].how, How::Present);
}

/// A store with parts of this size, under watch; it refuses one of them.
fn small(store: impl Store + 'static, part: usize, refused: Option<u32>) -> Watched {
    let capacity = Capacity {
        min_part: 1,
        max_part: part as u64,
        max_parts: 50_000,
        max_object: None,
        free: None,
    };
    Watched::new(Arc::new(store))
        .taking(capacity)
        .asking(move |call| {
            let refuse = matches!(call, Call::Put(part, _) if Some(*part) == refused);
            Box::pin(async move {
                if refuse {
                    return Err(Error::new(ErrorKind::Denied, "no"));
                }
                Ok(())
            })
        })
}

/// Copies a file of `parts` parts, is cut at the parts named, and goes on. Returns how many parts were sent in all.
async fn cut_and_gone_on_with<S: Store + 'static>(
    open: impl Fn() -> S,
    (part, parts): (usize, usize),
    cuts: &[u32],
) -> usize {
    let content = bytes(part * parts, 3);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("k"), &content).unwrap();
    let disk = FileStore::open(folder.path()).unwrap();
    let journal = tempfile::tempdir().unwrap();
    let options = options(&journal);
    let mut puts = 0;
    for refused in cuts.iter().copied().map(Some).chain([None]) {
        let watched = small(open(), part, refused);
        let target: Arc<dyn Store> = Arc::new(watched.clone());
        let copied = copy(&disk, "k", &target, "k", &options).await;
        assert_eq!(copied.is_err(), refused.is_some(), "{copied:?}");
        puts += watched.count(|call| matches!(call, Call::Put(..)));
    }
    assert!(whole(&open(), "k").await == content, "the bytes are wrong");
    puts
}

#[tokio::test]
async fn a_copy_that_was_cut_goes_on_from_what_azure_has() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let open = || signed(&azurite, &azurite.sas(CONTAINER, "alrw"));
    let puts = cut_and_gone_on_with(open, (64 << 10, 16), &[5, 11]).await;
    // All once, and those two times four that may have been in flight.
    assert!((16..=24).contains(&puts), "{puts} parts were sent");
}

#[tokio::test]
async fn a_copy_that_was_cut_goes_on_from_what_s3_has() {
    let Some(moto) = Moto::start(BUCKET).await else {
        return;
    };
    let open = || s3::open(BUCKET, moto.environment());
    // The smallest parts that S3 takes.
    let puts = cut_and_gone_on_with(open, (5 << 20, 4), &[2]).await;
    assert!((4..=8).contains(&puts), "{puts} parts were sent");
}
