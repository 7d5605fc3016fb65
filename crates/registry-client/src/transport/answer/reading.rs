//! A body on its way in, with a limit on silence.

use std::{
    future::Future as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::Stream;
use http_body::Body as _;
use tokio::time::{Instant, Sleep, sleep};
use transship_oci::{Error, ErrorKind, Result};

use crate::transport::exchange::Label;

/// The longest silence within a body.
const IDLE: Duration = Duration::from_mins(1);

/// The pieces of a body. The timer is touched only when there is nothing to read, never for a piece that is there.
pub(super) struct Reading {
    body: reqwest::Body,
    label: Arc<Label>,
    silence: Pin<Box<Sleep>>,
    waiting: bool,
}

impl Reading {
    pub(super) fn new(body: reqwest::Body, label: Arc<Label>) -> Self {
        Self {
            body,
            label,
            silence: Box::pin(sleep(IDLE)),
            waiting: false,
        }
    }

    pub(super) fn label(&self) -> &Label {
        &self.label
    }

    fn broken(&self, error: reqwest::Error) -> Error {
        self.label
            .error(ErrorKind::Unavailable, "the answer broke off")
            .because(error.without_url())
    }
}

impl Stream for Reading {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match Pin::new(&mut this.body).poll_frame(context) {
                Poll::Ready(frame) => {
                    this.waiting = false;
                    match frame {
                        None => return Poll::Ready(None),
                        Some(Err(error)) => return Poll::Ready(Some(Err(this.broken(error)))),
                        Some(Ok(frame)) => {
                            // Trailers say nothing here.
                            if let Ok(piece) = frame.into_data() {
                                return Poll::Ready(Some(Ok(piece)));
                            }
                        }
                    }
                }
                Poll::Pending => {
                    if !this.waiting {
                        this.waiting = true;
                        this.silence.as_mut().reset(Instant::now() + IDLE);
                    }
                    std::task::ready!(this.silence.as_mut().poll(context));
                    let message = format!("silence for {} s within an answer", IDLE.as_secs());
                    return Poll::Ready(Some(Err(this
                        .label
                        .error(ErrorKind::Unavailable, message))));
                }
            }
        }
    }
}
