//! The pump: reads a blob from its source, checks every byte once, and starts again where the stream broke.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use transship_oci::{
    ByteStream, Descriptor, Error, HashState, Observer, Result, Retry, Side, Source, Verifier,
};

use crate::{meter::Meter, missing::lacking};

/// How often a reading is opened again without getting on.
const TRIES: u32 = 5;
/// So many bytes from one opening are getting on. A source that gives a handful each time would else keep a copy going
/// for as long as it likes.
const PROGRESS: u64 = 64 * 1024;
/// The first pause before that; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// One blob of a source, read any number of times and hashed once.
#[derive(Debug)]
pub(crate) struct Reading {
    source: Arc<dyn Source>,
    observer: Arc<dyn Observer>,
    verifier: Verifier,
    /// Why the source gave up. Kept here because a transport between us and the target may blur it.
    failure: Mutex<Option<Error>>,
}

impl Reading {
    pub(crate) fn new(
        source: Arc<dyn Source>,
        observer: Arc<dyn Observer>,
        blob: Descriptor,
    ) -> Arc<Self> {
        Arc::new(Self {
            source,
            observer,
            verifier: Verifier::new(blob),
            failure: Mutex::new(None),
        })
    }

    pub(crate) fn descriptor(&self) -> &Descriptor {
        self.verifier.descriptor()
    }

    pub(crate) fn hash_state(&self) -> HashState {
        self.verifier.state()
    }

    pub(crate) fn restore(&self, state: &HashState) -> u64 {
        self.verifier.restore(state)
    }

    /// What the source failed with, if it did.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.lock().as_ref().map(Error::share)
    }

    /// The bytes from `from` on; an error in place of the last piece when they are not the ones promised.
    pub(crate) fn stream(self: &Arc<Self>, from: u64) -> ByteStream {
        *self.lock() = None;
        let pump = Pump {
            meter: Meter::new(
                Arc::clone(&self.observer),
                self.verifier.descriptor().digest,
            ),
            reading: Arc::clone(self),
            open: None,
            offset: from,
            gained: 0,
            tries: 0,
            over: false,
        };
        stream::unfold(pump, |mut pump| async move {
            let piece = pump.next().await?;
            Some((piece, pump))
        })
        .boxed()
    }

    fn fail(&self, error: Error) -> Error {
        let error = error.on(Side::Source).at(self.source.location());
        *self.lock() = Some(error.share());
        error
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Pump {
    reading: Arc<Reading>,
    meter: Meter,
    open: Option<ByteStream>,
    offset: u64,
    /// Bytes that the present opening gave.
    gained: u64,
    tries: u32,
    over: bool,
}

impl Pump {
    async fn next(&mut self) -> Option<Result<Bytes>> {
        if self.over {
            return None;
        }
        let piece = self.piece().await;
        if !matches!(piece, Ok(Some(_))) {
            self.over = true;
            self.meter.tell();
        }
        piece.map_err(|error| self.reading.fail(error)).transpose()
    }

    async fn piece(&mut self) -> Result<Option<Bytes>> {
        let size = self.reading.descriptor().size;
        loop {
            if self.offset >= size {
                return self.reading.verifier.ended(self.offset).map(|()| None);
            }
            match self.read().await {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => {
                    self.reading.verifier.pass(self.offset, &bytes)?;
                    self.offset += bytes.len() as u64;
                    self.gained += bytes.len() as u64;
                    if self.gained >= PROGRESS {
                        self.tries = 0;
                    }
                    self.meter.add(bytes.len());
                    return Ok(Some(bytes));
                }
                Err(error) => self.again(error).await?,
            }
        }
    }

    /// The next bytes as the source has them.
    async fn read(&mut self) -> Result<Bytes> {
        let mut open = if let Some(open) = self.open.take() {
            open
        } else {
            let Reading {
                source, verifier, ..
            } = self.reading.as_ref();
            let blob = verifier.descriptor();
            if source.lacks(blob) {
                return Err(lacking(blob));
            }
            source.blob(blob, self.offset).await?
        };
        match open.next().await {
            Some(bytes) => {
                self.open = Some(open);
                bytes
            }
            // Not at the end yet, or nobody would have read: this says what is missing.
            None => self
                .reading
                .verifier
                .ended(self.offset)
                .map(|()| Bytes::new()),
        }
    }

    /// Waits before the next try, or gives up with `error`.
    async fn again(&mut self, error: Error) -> Result<()> {
        self.open = None;
        self.gained = 0;
        self.tries += 1;
        let pause = match error.retry() {
            Retry::No => return Err(error),
            _ if self.tries > TRIES => return Err(error),
            Retry::Now => PAUSE * 2_u32.pow(self.tries - 1),
            Retry::After(pause) => pause,
        };
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
