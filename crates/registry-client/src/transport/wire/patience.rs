//! How long an answer may be waited for.

use std::{future::Future, pin::pin, time::Duration};

use http::Method;
use tokio::time::sleep;
use transship_oci::{ErrorKind, Result};

use crate::transport::exchange::Exchange;

/// For answers that need no work.
const READ: Duration = Duration::from_mins(1);
/// For answers to what changes something: a registry may copy a whole blob within its storage before it says 201.
const WRITE: Duration = Duration::from_mins(5);

/// Waits for `answer`; gives up when nothing has moved, neither out nor in, for as long as the verb allows.
pub(super) async fn wait<T>(answer: impl Future<Output = T>, exchange: &Exchange) -> Result<T> {
    let limit = if exchange.method == Method::GET || exchange.method == Method::HEAD {
        READ
    } else {
        WRITE
    };
    let mut answer = pin!(answer);
    let mut sent = exchange.payload.sent();
    loop {
        tokio::select! {
            biased;
            answer = &mut answer => return Ok(answer),
            () = sleep(limit) => {}
        }
        let now = exchange.payload.sent();
        if now == sent {
            let message = format!("no answer within {} s", limit.as_secs());
            return Err(exchange.label.error(ErrorKind::Unavailable, message));
        }
        sent = now;
    }
}
