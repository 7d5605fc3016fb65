//! Ctrl-C and SIGTERM: the first ends the command in good order, the second at once.

use tokio::signal;

use crate::exit::{Exit, Signal};

/// Waits for the first signal. From then on a second one ends the process where it stands: nothing that transship
/// leaves half done is visible to anybody.
pub(crate) async fn stop() -> Signal {
    let first = next().await;
    tokio::spawn(async {
        let second = next().await;
        std::process::exit(i32::from(Exit::Stopped(second).code()));
    });
    first
}

#[cfg(unix)]
async fn next() -> Signal {
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            // Without a handler the system's own way stays in force.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        Ok(()) = signal::ctrl_c() => Signal::Interrupt,
        () = terminate => Signal::Terminate,
    }
}

#[cfg(not(unix))]
async fn next() -> Signal {
    match signal::ctrl_c().await {
        Ok(()) => Signal::Interrupt,
        Err(_) => std::future::pending().await,
    }
}
