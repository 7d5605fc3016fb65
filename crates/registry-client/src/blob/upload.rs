//! Uploading: from "the blob should be there" to "it is", by whatever way the registry takes.

mod failure;
mod recover;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, future, pin_mut};
use http::{HeaderValue, Method, header};
use tokio::time::{Duration, timeout};
use transship_oci::{
    Algorithm, Blob, ByteStream, Descriptor, Error, ErrorKind, Placed, Placement, Result,
};

pub(super) use self::failure::Failure;
use self::recover::Course;
use super::{
    Session,
    body::{Outgoing, Progress},
    chunked::{CHUNK, LEAST_CHUNK},
    mount::Mount,
};
use crate::{
    capabilities::Way,
    manifest::{check_said, digest_header},
    repository::RemoteRepository,
    transport::{Access, Answer, Body, Call, Room},
};

/// A blob up to this size that is thought absent is sent without asking first: the question would cost as much.
const UNASKED: u64 = 1024 * 1024;
/// A blob up to this size is held in memory while it is sent, so that the layers below can send it again by
/// themselves. Memory is bounded by this times the connections of a host.
const IN_MEMORY: u64 = 256 * 1024;
/// How long giving up a session may take. It is a courtesy, and the host may be gone.
const GIVING_UP: Duration = Duration::from_secs(5);

impl RemoteRepository {
    /// Sees to it that `blob` is here.
    pub(crate) async fn place_blob(
        &self,
        blob: &dyn Blob,
        placement: &Placement,
    ) -> Result<Placed> {
        let node = blob.descriptor();
        let mut upload = Upload::new(self, blob);
        let mountable = placement.mount_from.is_some();
        let unasked = placement.absent && (node.size <= UNASKED || mountable);
        if !unasked && self.has_blob(node, Room::Held).await? {
            upload.forget().await;
            return Ok(Placed::Present);
        }
        if let Some((session, offset)) = upload.take_up().await? {
            return upload.run(Course::resumed(session, offset)).await;
        }
        if let Some(from) = &placement.mount_from {
            match self.mount_blob(node, from).await? {
                Mount::Done => return Ok(Placed::Mounted),
                Mount::Opened(session) => return upload.run(Course::fresh(session)).await,
                Mount::No => {}
            }
        }
        let session = upload.begin().await?;
        upload.run(Course::fresh(session)).await
    }
}

impl RemoteRepository {
    /// Gives an upload session up. That the registry minds, or wants the right to delete for it, changes nothing.
    pub(crate) async fn give_up_session(&self, session: &Session) {
        let op = "give up an upload".to_owned();
        let mut call = self.call(op, Method::DELETE, session.url(), Access::Push);
        call.room = Room::Held;
        match timeout(GIVING_UP, self.host().send(call)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "an upload session could not be given up"),
            Err(_) => tracing::debug!("an upload session was left to expire"),
        }
    }
}

/// One blob on its way to one repository.
pub(super) struct Upload<'a> {
    repository: &'a RemoteRepository,
    blob: &'a dyn Blob,
    progress: Arc<Progress>,
    /// The source, opened while the session was. A stream is not `Sync`; behind a lock that nobody else wants it is.
    ahead: Mutex<Option<ByteStream>>,
    /// All of a small blob.
    whole: Option<Bytes>,
    /// When the session was opened, in seconds since 1970.
    pub(super) started: u64,
    chunk: u64,
}

impl<'a> Upload<'a> {
    fn new(repository: &'a RemoteRepository, blob: &'a dyn Blob) -> Self {
        Self {
            repository,
            blob,
            progress: Arc::default(),
            ahead: Mutex::default(),
            whole: None,
            started: 0,
            chunk: CHUNK,
        }
    }

    pub(super) fn repository(&self) -> &RemoteRepository {
        self.repository
    }

    pub(super) fn blob(&self) -> &dyn Blob {
        self.blob
    }

    pub(super) fn node(&self) -> &Descriptor {
        self.blob.descriptor()
    }

    /// A call about the upload; `op` is completed by the digest.
    pub(super) fn call(&self, op: &str, method: Method, url: url::Url) -> Call {
        let op = format!("{op} blob {}", self.node().digest);
        let mut call = self.repository.call(op, method, url, Access::Push);
        call.room = Room::Held;
        call
    }

    /// Declares the body of `call` to be bytes.
    pub(super) fn as_bytes(call: &mut Call) {
        let kind = HeaderValue::from_static("application/octet-stream");
        call.headers.insert(header::CONTENT_TYPE, kind);
    }

    /// Opens a session, and the source at the same time: two round trips in one.
    async fn begin(&mut self) -> Result<Session> {
        let (session, source) = future::join(self.open_session(), self.blob.open(0)).await;
        match (session, source) {
            (Ok(session), Ok(source)) => {
                self.ahead = Mutex::new(Some(source));
                Ok(session)
            }
            (Ok(session), Err(error)) => {
                self.give_up(&session).await;
                Err(error)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Opens a session and journals it.
    async fn open_session(&self) -> Result<Session> {
        let digest = self.node().digest;
        let path = match digest.algorithm() {
            Algorithm::Sha256 => "blobs/uploads/".to_owned(),
            other @ Algorithm::Sha512 => format!("blobs/uploads/?digest-algorithm={other}"),
        };
        let url = self.repository.url(&path);
        let mut call = self.call("open an upload for", Method::POST, url);
        let none = HeaderValue::from_static("0");
        call.headers.insert(header::CONTENT_LENGTH, none);
        let answer = self.repository.host().send(call).await?;
        if answer.status().as_u16() != 202 {
            return Err(answer.into_error().await);
        }
        Session::opened(&answer)
    }

    /// All bytes of a blob that is small enough to be held.
    pub(super) async fn in_memory(&mut self) -> Result<Option<Bytes>, Failure> {
        let size = self.node().size;
        if size > IN_MEMORY {
            return Ok(None);
        }
        if self.whole.is_none() {
            let mut source = self.open_from(0).await?;
            let mut all = BytesMut::new();
            while let Some(piece) = source.next().await {
                all.extend_from_slice(&piece.map_err(Failure::Source)?);
                if all.len() as u64 > size {
                    break;
                }
            }
            if all.len() as u64 != size {
                return Err(Failure::Source(self.wrong_length(all.len())));
            }
            self.whole = Some(all.freeze());
        }
        Ok(self.whole.clone())
    }

    fn wrong_length(&self, found: usize) -> Error {
        let node = self.node();
        let message = format!(
            "blob {} has {found} bytes or more where {} were promised",
            node.digest, node.size
        );
        Error::new(ErrorKind::DigestMismatch, message)
    }

    async fn open_from(&mut self, from: u64) -> Result<ByteStream, Failure> {
        let ahead = self.ahead.get_mut().unwrap_or_else(PoisonError::into_inner);
        match ahead.take() {
            Some(source) if from == 0 => Ok(source),
            _ => self.blob.open(from).await.map_err(Failure::Source),
        }
    }

    /// The bytes from `from` on. The source is opened as far back as is needed to hash every byte once.
    pub(super) async fn read_from(&mut self, from: u64) -> Result<Outgoing, Failure> {
        let covered = match from {
            0 => 0,
            from => self
                .blob
                .hash_state()
                .map_or(from, |hash| hash.length.min(from)),
        };
        let source = self.open_from(covered).await?;
        let progress = Arc::clone(&self.progress);
        Ok(Outgoing::new(source, from - covered, progress))
    }

    /// Bytes of a blob in memory went out.
    pub(super) fn count_whole(&self) {
        self.progress.add(self.node().size);
    }

    pub(super) fn chunk_length(&self, session: &Session) -> u64 {
        self.chunk.max(session.least_chunk())
    }

    /// Makes chunks shorter; `false` when they cannot be any shorter.
    pub(super) fn halve_chunk(&mut self) -> bool {
        let can = self.chunk > LEAST_CHUNK;
        self.chunk = (self.chunk / 2).max(LEAST_CHUNK);
        can
    }

    /// Sends `call`, part of the upload, and journals what the registry has meanwhile.
    pub(super) async fn send(&self, session: &Session, call: Call) -> Result<Answer, Failure> {
        let streamed = matches!(call.body, Body::Stream { .. });
        let send = self.repository.host().send(call);
        pin_mut!(send);
        let result = loop {
            let marked = self.progress.marked();
            pin_mut!(marked);
            match future::select(send.as_mut(), marked).await {
                future::Either::Left((result, _)) => break result,
                future::Either::Right(_) => {}
            }
            let save = self.save(session, self.progress.sent());
            pin_mut!(save);
            // A checkpoint under way is always written out: it must not be overtaken by the one that follows.
            if let future::Either::Left((result, save)) = future::select(send.as_mut(), save).await
            {
                save.await;
                break result;
            }
        };
        result.map_err(|error| {
            if self.progress.broken() {
                Failure::Source(error)
            } else if streamed {
                Failure::lost_connection(error)
            } else {
                Failure::Fatal(error)
            }
        })
    }

    /// Closes a session that has all bytes.
    pub(super) async fn close(&self, session: &Session) -> Result<(), Failure> {
        let url = session.closing(&self.node().digest);
        let mut call = self.call("commit", Method::PUT, url);
        let none = HeaderValue::from_static("0");
        call.headers.insert(header::CONTENT_LENGTH, none);
        let answer = self.send(session, call).await?;
        self.committed(answer).await
    }

    /// Judges the answer that should say that the blob is there.
    pub(super) async fn committed(&self, answer: Answer) -> Result<(), Failure> {
        if !matches!(answer.status().as_u16(), 200..=204) {
            return Err(Failure::of(answer).await);
        }
        let said = digest_header(&answer)?;
        Ok(check_said(self.node().digest, said)?)
    }

    async fn go(&mut self, course: &mut Course) -> Result<(), Failure> {
        let from = course.from;
        match course.way() {
            Way::SinglePut if !course.resumed => self.single_put(&mut course.session).await,
            // Only a PATCH can go on where a session stopped.
            Way::SinglePut | Way::StreamPatch => {
                let ranged = course.resumed;
                self.stream_patch(&mut course.session, from, ranged).await
            }
            Way::Chunked => self.chunked(&mut course.session, from).await,
        }
    }
}
