//! Upload sessions: who is sending what, and until when it may be continued.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{HeaderValue, StatusCode, header};
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use transship_oci::Algorithm;

use crate::{
    refusal::{Code, Refusal},
    store::{StoredRepository, Upload},
};

/// All sessions of a registry.
#[derive(Debug)]
pub(crate) struct Sessions {
    live: Mutex<HashMap<String, Arc<Session>>>,
    most: usize,
    idle: Duration,
}

/// One upload that is under way.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) repository: String,
    upload: Arc<AsyncMutex<Option<Box<dyn Upload>>>>,
    /// Bytes taken so far, readable while a request holds the upload.
    offset: AtomicU64,
    touched: Mutex<Instant>,
    turn: Mutex<CancellationToken>,
}

/// The right to write to a session. The one who came last has it.
#[derive(Debug)]
pub(crate) struct Turn {
    upload: OwnedMutexGuard<Option<Box<dyn Upload>>>,
    over: CancellationToken,
}

impl Sessions {
    /// At most `most` sessions, each given up after `idle` without a request.
    pub(crate) fn new(most: usize, idle: Duration) -> Self {
        Self {
            live: Mutex::default(),
            most,
            idle,
        }
    }

    /// Opens a session in `repository`.
    pub(crate) async fn start(
        &self,
        name: &str,
        repository: &dyn StoredRepository,
        algorithm: Algorithm,
    ) -> Result<Arc<Session>, Refusal> {
        self.make_room().await?;
        let id = new_id();
        let upload = repository.start(&id, algorithm).await?;
        Ok(self.insert(id, name, upload))
    }

    /// Finds a session by id, also one that an earlier process left.
    pub(crate) async fn find(
        &self,
        id: &str,
        name: &str,
        repository: Option<&dyn StoredRepository>,
    ) -> Result<Arc<Session>, Refusal> {
        let unknown = || {
            let message = "this upload is not known here; start another";
            Refusal::not_found(Code::BlobUploadUnknown, message)
        };
        if !is_id(id) {
            return Err(unknown());
        }
        let found = lock(&self.live).get(id).cloned();
        if let Some(session) = found {
            let here = session.repository == name && session.age() < self.idle;
            return here.then_some(session).ok_or_else(unknown);
        }
        let repository = repository.ok_or_else(unknown)?;
        let upload = repository.resume(id).await?.ok_or_else(unknown)?;
        Ok(self.insert(id.to_owned(), name, upload))
    }

    /// Forgets a session whose upload is committed or given up, and not before: as long as there are bytes of it, a request
    /// for an unknown session would take them up.
    pub(crate) fn forget(&self, session: &Session) {
        lock(&self.live).remove(&session.id);
    }

    fn insert(&self, id: String, name: &str, upload: Box<dyn Upload>) -> Arc<Session> {
        let session = Arc::new(Session {
            id: id.clone(),
            repository: name.to_owned(),
            offset: AtomicU64::new(upload.offset()),
            upload: Arc::new(AsyncMutex::new(Some(upload))),
            touched: Mutex::new(Instant::now()),
            turn: Mutex::default(),
        });
        // Two requests may take up the same old upload at once: the first one's is everybody's.
        Arc::clone(lock(&self.live).entry(id).or_insert(session))
    }

    /// Gives up what nobody asks for any more, and refuses when there still is no room.
    async fn make_room(&self) -> Result<(), Refusal> {
        let stale: Vec<_> = {
            let mut live = lock(&self.live);
            live.extract_if(|_, session| session.age() >= self.idle)
                .map(|(_, session)| session)
                .collect()
        };
        for session in stale {
            let abandoned = session.turn().await?.upload.take();
            if let Some(upload) = abandoned
                && let Err(cause) = upload.abort().await
            {
                // Nobody is waiting for it, and it must not stand in the way of others.
                tracing::warn!(error = %cause, "an abandoned upload cannot be removed");
            }
        }
        if lock(&self.live).len() < self.most {
            return Ok(());
        }
        let message = format!("{} uploads are under way; that is the limit", self.most);
        Err(Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            Code::TooManyRequests,
            message,
        )
        .with(header::RETRY_AFTER, HeaderValue::from_static("1")))
    }
}

impl Session {
    /// How many bytes it holds.
    pub(crate) fn offset(&self) -> u64 {
        self.offset.load(Ordering::Acquire)
    }

    /// Takes the right to write from whoever has it: a client that comes again has lost its earlier connection,
    /// even if this end has not heard of it.
    pub(crate) async fn turn(&self) -> Result<Turn, Refusal> {
        self.touch();
        let over = CancellationToken::new();
        std::mem::replace(&mut *lock(&self.turn), over.clone()).cancel();
        let upload = Arc::clone(&self.upload).lock_owned().await;
        if over.is_cancelled() {
            return Err(superseded());
        }
        Ok(Turn { upload, over })
    }

    /// Notes what a turn has come to.
    pub(crate) fn note(&self, turn: &mut Turn) -> Result<(), Refusal> {
        self.offset
            .store(turn.upload()?.offset(), Ordering::Release);
        self.touch();
        Ok(())
    }

    fn touch(&self) {
        *lock(&self.touched) = Instant::now();
    }

    fn age(&self) -> Duration {
        lock(&self.touched).elapsed()
    }
}

impl Turn {
    /// The upload, for as long as it is neither committed nor given up.
    pub(crate) fn upload(&mut self) -> Result<&mut Box<dyn Upload>, Refusal> {
        self.upload.as_mut().ok_or_else(finished)
    }

    /// The upload, to be committed or given up.
    pub(crate) fn take(mut self) -> Result<Box<dyn Upload>, Refusal> {
        self.upload.take().ok_or_else(finished)
    }

    /// Ends when another request takes the session over.
    pub(crate) fn over(&self) -> impl Future<Output = Refusal> + Send + use<> {
        let over = self.over.clone();
        async move {
            over.cancelled_owned().await;
            superseded()
        }
    }
}

fn superseded() -> Refusal {
    let message = "another request has taken this upload over";
    Refusal::new(StatusCode::CONFLICT, Code::BlobUploadInvalid, message)
}

fn finished() -> Refusal {
    let message = "this upload has just been finished";
    Refusal::not_found(Code::BlobUploadUnknown, message)
}

/// 128 random bits: who knows a session's id can write to it.
fn new_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
