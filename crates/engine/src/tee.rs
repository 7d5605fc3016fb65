//! The tee: one reading feeds several targets.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt as _, future::BoxFuture, stream};
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};
use transship_oci::{Blob, ByteStream, Descriptor, Error, HashState, Result};

use crate::{pump::Reading, task::Task};

/// Pieces that wait in front of each target.
const WINDOW: usize = 4;
/// How long the others wait for one target to begin, or to take a piece; it then reads alone.
const PATIENCE: Duration = Duration::from_secs(10);

type Piece = Result<Bytes>;

/// What the branches of one blob share.
struct Tee {
    meeting: Arc<Meeting>,
    /// Reads and hands out; ends when the last branch and the last stream of one are gone.
    feeder: Mutex<Option<Task<()>>>,
}

/// Where the branches meet before the reading begins.
struct Meeting {
    reading: Arc<Reading>,
    room: Mutex<Room>,
    complete: Notify,
}

struct Room {
    /// Branches that have neither opened nor finished.
    expected: usize,
    here: Vec<mpsc::Sender<Piece>>,
    begun: bool,
}

/// A blob as one of several targets reads it.
///
/// The first opening at the start joins the others. A branch that comes late, opens at another offset, opens again, or
/// was left behind reads alone; the hash is one for all.
pub(crate) struct Branch {
    reading: Arc<Reading>,
    tee: Option<Arc<Tee>>,
    counted: AtomicBool,
}

/// As many branches of `reading`.
pub(crate) fn branches(reading: &Arc<Reading>, count: usize) -> Vec<Branch> {
    let tee = (count > 1).then(|| {
        Arc::new(Tee {
            meeting: Arc::new(Meeting {
                reading: Arc::clone(reading),
                room: Mutex::new(Room {
                    expected: count,
                    here: Vec::with_capacity(count),
                    begun: false,
                }),
                complete: Notify::new(),
            }),
            feeder: Mutex::new(None),
        })
    });
    let branch = || Branch {
        reading: Arc::clone(reading),
        tee: tee.clone(),
        counted: AtomicBool::new(false),
    };
    (0..count).map(|_| branch()).collect()
}

impl Branch {
    /// The source's own error, if that is what ended the transfer.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.reading.failure()
    }

    fn join(&self) -> Option<ByteStream> {
        let tee = self.tee.as_ref()?;
        if self.counted.swap(true, Ordering::AcqRel) {
            return None;
        }
        let pieces = tee.join()?;
        Some(follow(Arc::clone(tee), Arc::clone(&self.reading), pieces))
    }
}

impl Drop for Branch {
    fn drop(&mut self) {
        if let Some(tee) = &self.tee
            && !self.counted.swap(true, Ordering::AcqRel)
        {
            tee.meeting.arrive(None);
        }
    }
}

impl Blob for Branch {
    fn descriptor(&self) -> &Descriptor {
        self.reading.descriptor()
    }

    fn open(&self, from: u64) -> BoxFuture<'_, Result<ByteStream>> {
        Box::pin(async move {
            let shared = if from == 0 { self.join() } else { None };
            Ok(shared.unwrap_or_else(|| self.reading.stream(from)))
        })
    }

    fn hash_state(&self) -> Option<HashState> {
        Some(self.reading.hash_state())
    }

    fn restore(&self, state: &HashState) -> u64 {
        self.reading.restore(state)
    }
}

impl Tee {
    /// Comes to the meeting; `None` when it is over.
    fn join(&self) -> Option<mpsc::Receiver<Piece>> {
        let (sender, receiver) = mpsc::channel(WINDOW);
        if !self.meeting.arrive(Some(sender)) {
            return None;
        }
        let mut feeder = self.feeder.lock().unwrap_or_else(PoisonError::into_inner);
        feeder.get_or_insert_with(|| Task::spawn(feed(Arc::clone(&self.meeting))));
        Some(receiver)
    }
}

impl Meeting {
    /// One branch fewer to wait for. Says whether its sender is taken in.
    fn arrive(&self, sender: Option<mpsc::Sender<Piece>>) -> bool {
        let mut room = self.lock();
        room.expected = room.expected.saturating_sub(1);
        let taken = sender.is_some() && !room.begun;
        if let Some(sender) = sender.filter(|_| taken) {
            room.here.push(sender);
        }
        if room.expected == 0 {
            self.complete.notify_one();
        }
        taken
    }

    fn begin(&self) -> Vec<mpsc::Sender<Piece>> {
        let mut room = self.lock();
        room.begun = true;
        std::mem::take(&mut room.here)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn feed(meeting: Arc<Meeting>) {
    // Whoever has not come by then reads alone.
    let _ = timeout(PATIENCE, meeting.complete.notified()).await;
    let mut branches = meeting.begin();
    let mut pieces = meeting.reading.stream(0);
    while let Some(piece) = pieces.next().await {
        let mut kept = Vec::with_capacity(branches.len());
        for branch in branches {
            if hand(&branch, &piece).await {
                kept.push(branch);
            }
        }
        branches = kept;
        if branches.is_empty() {
            break;
        }
    }
}

/// Gives one branch its copy of the piece; `false` when it is gone or too slow.
async fn hand(branch: &mpsc::Sender<Piece>, piece: &Piece) -> bool {
    let copy = || match piece {
        Ok(bytes) => Ok(bytes.clone()),
        Err(error) => Err(error.share()),
    };
    match branch.try_send(copy()) {
        Ok(()) => true,
        Err(mpsc::error::TrySendError::Closed(_)) => false,
        Err(mpsc::error::TrySendError::Full(piece)) => {
            matches!(timeout(PATIENCE, branch.send(piece)).await, Ok(Ok(())))
        }
    }
}

/// The shared pieces as long as they come, then the rest alone.
fn follow(tee: Arc<Tee>, reading: Arc<Reading>, pieces: mpsc::Receiver<Piece>) -> ByteStream {
    // The tee, and with it the feeder, lives as long as somebody listens.
    let shared = stream::unfold((tee, pieces), |(tee, mut pieces)| async move {
        Some((pieces.recv().await?, (tee, pieces)))
    })
    .boxed();
    let state = (shared, reading, 0_u64, false);
    stream::unfold(state, |(mut from, reading, offset, failed)| async move {
        if failed {
            return None;
        }
        loop {
            match from.next().await {
                Some(Ok(bytes)) => {
                    let offset = offset + bytes.len() as u64;
                    return Some((Ok(bytes), (from, reading, offset, false)));
                }
                Some(Err(error)) => return Some((Err(error), (from, reading, offset, true))),
                None if offset < reading.descriptor().size => from = reading.stream(offset),
                None => return None,
            }
        }
    })
    .boxed()
}
