//! Ctrl-C and SIGTERM: the first ends the command in good order, the second at once.

use crate::exit::{Exit, Signal};

/// The signals of this process, heard from the moment this is made.
#[derive(Debug)]
pub(crate) struct Signals(Ear);

impl Signals {
    /// Begins to listen. Needs a runtime.
    pub(crate) fn listen() -> Self {
        Self(Ear::new())
    }

    /// Waits until the command is to stop. From then on a second signal ends the process where it stands: nothing that
    /// transship leaves half done is visible to anybody.
    pub(crate) async fn stop(mut self) -> Signal {
        let first = self.0.next().await;
        tokio::spawn(async move {
            let second = self.0.next().await;
            std::process::exit(i32::from(Exit::Stopped(second).code()));
        });
        first
    }
}

#[cfg(unix)]
use unix::Ear;

#[cfg(unix)]
mod unix {
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    use crate::exit::Signal;

    /// Where a handler cannot be had the system's own way stays in force.
    #[derive(Debug)]
    pub(super) struct Ear {
        interrupt: Option<Stream>,
        terminate: Option<Stream>,
    }

    impl Ear {
        pub(super) fn new() -> Self {
            Self {
                interrupt: signal(SignalKind::interrupt()).ok(),
                terminate: signal(SignalKind::terminate()).ok(),
            }
        }

        pub(super) async fn next(&mut self) -> Signal {
            tokio::select! {
                () = heard(&mut self.interrupt) => Signal::Interrupt,
                () = heard(&mut self.terminate) => Signal::Terminate,
            }
        }
    }

    async fn heard(stream: &mut Option<Stream>) {
        let heard = match stream {
            Some(stream) => stream.recv().await,
            None => None,
        };
        if heard.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
use elsewhere::Ear;

#[cfg(not(unix))]
mod elsewhere {
    use crate::exit::Signal;

    #[derive(Debug)]
    pub(super) struct Ear;

    impl Ear {
        pub(super) fn new() -> Self {
            Self
        }

        pub(super) async fn next(&mut self) -> Signal {
            match tokio::signal::ctrl_c().await {
                Ok(()) => Signal::Interrupt,
                Err(_) => std::future::pending().await,
            }
        }
    }
}
