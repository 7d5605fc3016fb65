use std::{
    ops::Range,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures::stream::BoxStream;
use tempfile::TempDir;
use transship_oci::{Error, ErrorKind, Result};

use super::{Copied, CopyOptions, CopyStep, How, copy, copy_set};
use crate::{
    store::{
        Call, Capacity, CopySource, FileStore, Memory, Opened, Stat, Store, Upload, UploadSpec,
        Watched,
    },
    uploader::journal::{FileUploadJournal, NoUploadJournal},
};

const SMALL: Capacity = Capacity {
    min_part: 1,
    max_part: 10,
    max_parts: 1000,
    max_object: None,
    free: None,
};

struct World {
    from: Memory,
    to: Memory,
    /// What the target is asked.
    target: Watched,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let (from, to) = (Memory::new("from"), Memory::new("to").with_capacity(SMALL));
        let target = Watched::new(Arc::new(to.clone()));
        let folder = tempfile::tempdir().unwrap();
        Self {
            from,
            to,
            target,
            folder,
        }
    }

    fn target(&self) -> Arc<dyn Store> {
        Arc::new(self.target.clone())
    }

    fn options(&self) -> CopyOptions {
        CopyOptions::new(Arc::new(FileUploadJournal::new(self.folder.path())))
    }

    async fn copy(&self, key: &str) -> Result<Copied> {
        copy(&self.from, key, &self.target(), key, &self.options()).await
    }

    fn puts(&self) -> usize {
        self.target.count(|call| matches!(call, Call::Put(..)))
    }
}

fn bytes(length: u32) -> Bytes {
    (0..length)
        .map(|i| u8::try_from(i * 7 % 251).unwrap())
        .collect()
}

fn sent(key: &str, size: u64) -> Copied {
    Copied {
        key: key.to_owned(),
        size,
        how: How::Sent(size),
    }
}

#[tokio::test]
async fn bytes_metadata_and_checksum_arrive() {
    let world = World::new();
    let metadata = [("category".to_owned(), "acr-transfer-blob".to_owned())].into();
    world.from.insert("a/k", bytes(95), metadata);
    let steps = Arc::new(Mutex::new(Vec::new()));
    let mut options = world.options();
    let told = Arc::clone(&steps);
    options.watch = Arc::new(move |step| told.lock().unwrap().push(step.clone()));
    let copied = copy(&world.from, "a/k", &world.target(), "b/l", &options)
        .await
        .unwrap();
    assert_eq!(copied, sent("b/l", 95));
    assert_eq!(world.to.get("b/l"), Some(bytes(95)));
    let original = world.from.stat("a/k").await.unwrap().unwrap();
    let copy = world.to.stat("b/l").await.unwrap().unwrap();
    assert_eq!((copy.md5, copy.metadata), (original.md5, original.metadata));
    let started = CopyStep::Started {
        key: "a/k".to_owned(),
        to: "b/l".to_owned(),
        size: 95,
        offset: 0,
    };
    assert_eq!(
        *steps.lock().unwrap(),
        [started, CopyStep::Moved(95), CopyStep::Done(copied)]
    );
}

#[tokio::test]
async fn other_metadata_is_given_when_asked_for() {
    let world = World::new();
    world
        .from
        .insert("k", bytes(5), [("a".to_owned(), "b".to_owned())].into());
    let mut options = world.options();
    options.metadata = Some([("c".to_owned(), "d".to_owned())].into());
    copy(&world.from, "k", &world.target(), "k", &options)
        .await
        .unwrap();
    let stat = world.to.stat("k").await.unwrap().unwrap();
    assert_eq!(Some(stat.metadata), options.metadata);
}

#[tokio::test]
async fn what_is_there_is_not_sent_again_and_what_differs_stays() {
    let world = World::new();
    world.from.insert("k", bytes(95), [].into());
    world.copy("k").await.unwrap();
    let puts = world.puts();
    let again = world.copy("k").await.unwrap();
    assert_eq!((again.how, world.puts()), (How::Present, puts));
    world.to.insert("k", "theirs", [].into());
    let error = world.copy("k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.to_string(), "target to: k is there already");
    let mut options = world.options();
    options.overwrite = true;
    copy(&world.from, "k", &world.target(), "k", &options)
        .await
        .unwrap();
    assert_eq!(world.to.get("k"), Some(bytes(95)));
}

#[tokio::test]
async fn files_are_compared_by_reading() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Store> = Arc::new(FileStore::open(folder.path()).unwrap());
    world.from.insert("k", bytes(95), [].into());
    let options = world.options();
    let first = copy(&world.from, "k", &disk, "k", &options).await.unwrap();
    let second = copy(&world.from, "k", &disk, "k", &options).await.unwrap();
    assert_eq!([first.how, second.how], [How::Sent(95), How::Present]);
    let mut other = bytes(95).to_vec();
    other[50] ^= 1;
    std::fs::write(folder.path().join("k"), other).unwrap();
    let error = copy(&world.from, "k", &disk, "k", &options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_breaks_goes_on_where_it_broke() {
    let world = World::new();
    world.from.insert("k", bytes(95), [].into());
    let breaking = Watched::new(Arc::new(world.from.clone())).cutting_reads(30);
    let copied = copy(&breaking, "k", &world.target(), "k", &world.options())
        .await
        .unwrap();
    assert_eq!(copied, sent("k", 95));
    assert_eq!(world.to.get("k"), Some(bytes(95)));
    let reads = [0, 30, 60, 90].map(|at| Call::Read("k".to_owned(), at..95));
    assert_eq!(breaking.calls()[1..], reads);
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_stays_broken_is_the_source_s_error() {
    let world = World::new();
    world.from.insert("k", bytes(95), [].into());
    let broken = Watched::new(Arc::new(world.from.clone())).cutting_reads(0);
    let error = copy(&broken, "k", &world.target(), "k", &world.options())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.side(), Some(transship_oci::Side::Source));
    assert_eq!(broken.count(|call| matches!(call, Call::Read(..))), 5);
    assert_eq!(world.to.get("k"), None);
}

#[tokio::test(start_paused = true)]
async fn an_original_that_changes_meanwhile_is_not_mixed_with_the_old() {
    let world = World::new();
    world.from.insert("k", bytes(95), [].into());
    let (inner, changing) = (world.from.clone(), Mutex::new(0));
    let from = Watched::new(Arc::new(world.from.clone()))
        .cutting_reads(30)
        .asking(move |call| {
            let mut reads = changing.lock().unwrap();
            *reads += usize::from(matches!(call, Call::Read(..)));
            if *reads == 2 {
                inner.insert("k", vec![0; 95], [].into());
            }
            Box::pin(async { Ok(()) })
        });
    let error = copy(&from, "k", &world.target(), "k", &world.options())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Drift);
    assert_eq!(world.to.get("k"), None);
}

#[tokio::test]
async fn a_copy_that_was_cut_goes_on() {
    let mut world = World::new();
    world.from.insert("k", bytes(95), [].into());
    world.target = Watched::new(Arc::new(world.to.clone())).asking(|call| {
        let full = matches!(call, Call::Put(6, _));
        let answer = if full {
            Err(Error::new(ErrorKind::Denied, "no"))
        } else {
            Ok(())
        };
        Box::pin(async { answer })
    });
    assert!(world.copy("k").await.is_err());
    world.target = Watched::new(Arc::new(world.to.clone()));
    let copied = world.copy("k").await.unwrap();
    // At most the parts that were in flight are sent again.
    assert!(
        matches!(copied.how, How::Sent(bytes) if bytes <= 75),
        "{copied:?}"
    );
    assert!(world.puts() <= 8);
    assert_eq!(world.to.get("k"), Some(bytes(95)));
}

#[tokio::test]
async fn the_same_bytes_elsewhere_go_on_with_a_copy_that_was_cut() {
    let mut world = World::new();
    world.from.insert("k", bytes(95), [].into());
    world.target = Watched::new(Arc::new(world.to.clone())).asking(|call| {
        let cut = matches!(call, Call::Complete(_));
        let answer = if cut {
            Err(Error::new(ErrorKind::Denied, "no"))
        } else {
            Ok(())
        };
        Box::pin(async { answer })
    });
    assert!(world.copy("k").await.is_err());
    world.target = Watched::new(Arc::new(world.to.clone()));
    let other = Memory::new("other");
    other.insert("named/otherwise", bytes(95), [].into());
    let (target, options) = (world.target(), world.options());
    let copied = copy(&other, "named/otherwise", &target, "k", &options).await;
    assert_eq!(copied.unwrap().how, How::Sent(0));
    assert_eq!(world.to.get("k"), Some(bytes(95)));
}

/// A target that fetches from anywhere by itself, or says that it did.
#[derive(Debug)]
struct Fetching {
    from: Memory,
    to: Memory,
    honest: bool,
}

#[async_trait::async_trait]
impl Store for Fetching {
    fn location(&self) -> &str {
        self.to.location()
    }

    async fn capacity(&self) -> Result<Capacity> {
        self.to.capacity().await
    }

    async fn stat(&self, key: &str) -> Result<Option<Stat>> {
        self.to.stat(key).await
    }

    async fn read(&self, key: &str, range: Range<u64>, etag: Option<&str>) -> Result<Opened> {
        self.to.read(key, range, etag).await
    }

    fn list(&self, prefix: &str) -> BoxStream<'_, Result<Stat>> {
        self.to.list(prefix)
    }

    async fn upload(&self, _: &str, _: &UploadSpec) -> Result<Box<dyn Upload>> {
        panic!("nothing is to be sent")
    }

    async fn offer(&self, key: &str) -> Result<CopySource> {
        Ok(CopySource::of(self.from.stat(key).await?.unwrap()))
    }

    async fn copy_from(&self, key: &str, source: &CopySource, spec: &UploadSpec) -> Result<()> {
        let mut content = self.from.get(&source.stat().key).unwrap().to_vec();
        if !self.honest {
            content[50] ^= 1;
        }
        self.to.insert(key, content, spec.metadata.clone());
        Ok(())
    }

    async fn delete(&self, _: &str) -> Result<()> {
        panic!("nothing is to be removed")
    }
}

#[tokio::test]
async fn what_the_target_fetched_by_itself_is_compared() {
    for honest in [true, false] {
        let (from, to) = (Memory::new("from"), Memory::new("to"));
        from.insert("k", bytes(95), [("a".to_owned(), "b".to_owned())].into());
        let fetching = Fetching {
            from: from.clone(),
            to: to.clone(),
            honest,
        };
        let fetching: Arc<dyn Store> = Arc::new(fetching);
        let offering = Fetching {
            to: from.clone(),
            from,
            honest,
        };
        let options = CopyOptions::new(Arc::new(NoUploadJournal));
        let copied = copy(&offering, "k", &fetching, "l", &options).await;
        if honest {
            assert_eq!(copied.unwrap().how, How::Fetched);
            let stat = to.stat("l").await.unwrap().unwrap();
            assert_eq!(stat.metadata["a"], "b");
            assert_eq!(to.get("l"), Some(bytes(95)));
        } else {
            let error = copied.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DigestMismatch);
            assert_eq!(
                error.to_string(),
                "target to: l, which the store fetched by itself, is not what the source has"
            );
        }
    }
}

#[tokio::test]
async fn all_volumes_of_a_set_go_and_a_second_run_sends_what_is_missing() {
    let world = World::new();
    for (name, size) in [("v001of003", 30), ("v002of003", 31), ("v003of003", 12)] {
        world
            .from
            .insert(&format!("up/app.oci.{name}.tar"), bytes(size), [].into());
    }
    world.from.insert("up/app.oci.very.tar", "x", [].into());
    let (target, options) = (world.target(), world.options());
    let copied = copy_set(&world.from, "up/app.oci.tar", &target, "", &options)
        .await
        .unwrap();
    let expected = [("v001of003", 30), ("v002of003", 31), ("v003of003", 12)]
        .map(|(name, size)| sent(&format!("app.oci.{name}.tar"), size));
    assert_eq!(copied, expected);
    world.to.delete("app.oci.v002of003.tar").await.unwrap();
    let again = copy_set(&world.from, "up/app.oci.tar", &target, "", &options)
        .await
        .unwrap();
    let hows: Vec<_> = again.iter().map(|copied| copied.how).collect();
    assert_eq!(hows, [How::Present, How::Sent(31), How::Present]);
    let named = copy_set(
        &world.from,
        "up/app.oci.tar",
        &target,
        "new.oci.tar",
        &options,
    )
    .await;
    assert_eq!(named.unwrap()[2].key, "new.oci.v003of003.tar");
    let one = copy_set(
        &world.from,
        "up/app.oci.v003of003.tar",
        &target,
        "one/",
        &options,
    )
    .await;
    assert_eq!(one.unwrap(), [sent("one/app.oci.v003of003.tar", 12)]);
}

#[tokio::test]
async fn missing_volumes_are_named_before_anything_is_sent() {
    let world = World::new();
    for number in [1, 4] {
        world
            .from
            .insert(&format!("a.v{number:03}of005.tar"), "x", [].into());
    }
    let error = |result: Result<Vec<Copied>>| result.unwrap_err().to_string();
    let (target, options) = (world.target(), world.options());
    assert_eq!(
        error(copy_set(&world.from, "a.tar", &target, "", &options).await),
        "source from: of a.tar there is no a.v002of005.tar, a.v003of005.tar, a.v005of005.tar"
    );
    assert_eq!(
        error(copy_set(&world.from, "b.tar", &target, "", &options).await),
        "source from: there is neither b.tar nor a volume of it"
    );
    world.from.insert("a.v001of002.tar", "x", [].into());
    assert_eq!(
        error(copy_set(&world.from, "a.tar", &target, "", &options).await),
        "source from: there are volumes of more than one archive called a.tar"
    );
    assert_eq!(world.target.calls(), []);
}
