//! Whatever the sizes and whenever the process dies: the bytes are right, and no more parts are sent twice than were in
//! flight.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt as _;
use md5::{Digest as _, Md5};
use proptest::prelude::*;
use tokio::sync::Notify;
use transship_oci::Result;

use super::{
    super::{
        Uploader,
        journal::{BegunUpload, CutUpload, FileUploadJournal, SentPart, UploadJournal, UploadPage},
    },
    puts,
    world::{IN_FLIGHT, World, bytes},
};
use crate::store::{Call, Memory};

/// Lets a number of steps happen; at the next one the process dies.
#[derive(Debug, Clone)]
struct Fate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    left: AtomicUsize,
    died: Notify,
}

impl Fate {
    fn new() -> Self {
        Self(Arc::new(Inner {
            left: AtomicUsize::new(usize::MAX),
            died: Notify::new(),
        }))
    }

    fn set(&self, left: usize) {
        self.0.left.store(left, Ordering::SeqCst);
        // Several may have died at once, and only one of them was noticed.
        let _ = self.0.died.notified().now_or_never();
    }

    async fn step(&self) {
        let left = &self.0.left;
        let before = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if before.is_err() {
            self.0.died.notify_one();
            futures::future::pending::<()>().await;
        }
    }
}

/// A journal in which every writing is two steps: before it and after it.
#[derive(Debug)]
struct Mortal<T>(T, Fate);

#[async_trait]
impl UploadJournal for Mortal<FileUploadJournal> {
    async fn open(&self, store: &str, key: &str) -> Result<Box<dyn UploadPage>> {
        let page = self.0.open(store, key).await?;
        Ok(Box::new(Mortal(page, self.1.clone())))
    }
}

#[async_trait]
impl UploadPage for Mortal<Box<dyn UploadPage>> {
    async fn read(&self) -> Result<Option<CutUpload>> {
        self.0.read().await
    }

    async fn begin(&self, upload: &BegunUpload) -> Result<()> {
        self.1.step().await;
        self.0.begin(upload).await?;
        self.1.step().await;
        Ok(())
    }

    async fn add(&self, part: &SentPart) -> Result<()> {
        self.1.step().await;
        self.0.add(part).await?;
        self.1.step().await;
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        self.1.step().await;
        // Whoever dies after this has done his work, and nothing is left that could tell him so.
        self.0.clear().await
    }
}

/// Pushes what is left in the chunks given, with notes that say where the stream was.
async fn run(uploader: Result<Uploader>, body: &Bytes, chunks: &[usize]) -> Result<[u8; 16]> {
    let mut uploader = uploader?;
    let at = uploader.offset();
    match uploader.note() {
        // A note is asked at the first push that reaches the boundary, so it may be ahead but never behind.
        Some(note) => assert!(note.parse::<u64>().unwrap() >= at),
        None => assert_eq!(at, 0),
    }
    let mut rest = body.slice(usize::try_from(at).unwrap()..);
    for chunk in chunks.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let next = rest.split_to((*chunk).min(rest.len()));
        let reached = (body.len() - rest.len()).to_string();
        uploader.push(next, &|| Some(reached.clone())).await?;
    }
    uploader.finish().await
}

/// Runs until it is done, dying as often as fate has it. Returns the checksum.
fn live(world: &World, fate: &Fate, body: &Bytes, chunks: &[usize], deaths: &[usize]) -> [u8; 16] {
    let journal = Mortal(world.journal(), fate.clone());
    let plan = World::plan(body.len() as u64);
    for left in deaths.iter().copied().chain([usize::MAX]) {
        fate.set(left);
        let store = Arc::new(world.watched.clone());
        let life = async {
            let opened = Uploader::open(store, "k", &plan, &journal, IN_FLIGHT).await;
            run(opened, body, chunks).await
        };
        // What is left of a process ends with it.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let lived = runtime.block_on(async {
            tokio::select! {
                biased;
                () = fate.0.died.notified() => None,
                done = life => Some(done.unwrap()),
            }
        });
        if let Some(md5) = lived {
            return md5;
        }
    }
    unreachable!("the last life has no end")
}

fn attempt(memory: Memory, body: &Bytes, chunks: &[usize], deaths: &[usize]) {
    let fate = Fate::new();
    let watch = fate.clone();
    let world = World::with(memory, move |_| {
        let fate = watch.clone();
        Box::pin(async move {
            fate.step().await;
            Ok(())
        })
    });
    let md5 = live(&world, &fate, body, chunks, deaths);
    assert_eq!(md5, <[u8; 16]>::from(Md5::digest(body)));
    assert_eq!(world.memory.get("k").as_ref(), Some(body));
    assert_eq!(world.pages(), 0);
    let mut sent = BTreeMap::<u32, usize>::new();
    for call in world.watched.calls() {
        if let Call::Put(part, _) = call {
            *sent.entry(part).or_default() += 1;
        }
    }
    // A session whose beginning was not written down is lost with all of nothing in it.
    let begun = world.watched.count(|call| matches!(call, Call::Begin(_)));
    assert!(begun <= 1 + deaths.len());
    let again: usize = sent.values().map(|times| times - 1).sum();
    assert!(
        again <= IN_FLIGHT * deaths.len(),
        "{again} parts were sent twice"
    );
    assert_eq!(world.watched.count(puts), sent.len() + again);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_stream_survives_any_death(
        size in 0_usize..150,
        chunks in prop::collection::vec(1_usize..40, 1..4),
        deaths in prop::collection::vec(0_usize..40, 0..4),
        lists in any::<bool>(),
        sums in any::<bool>(),
    ) {
        let mut memory = Memory::new("mem");
        if !lists {
            memory = memory.without_part_lists();
        }
        if !sums {
            memory = memory.without_checksums();
        }
        attempt(memory, &bytes(size), &chunks, &deaths);
    }
}

#[test]
fn every_death_is_tried_once() {
    for death in 0..60 {
        attempt(
            Memory::new("mem").without_part_lists(),
            &bytes(95),
            &[7],
            &[death],
        );
        attempt(Memory::new("mem"), &bytes(95), &[7], &[death]);
    }
}
