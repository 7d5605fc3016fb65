//! Counts what happens, and springs at the n-th.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::Notify;
use transship_oci::{Error, ErrorKind, Result};

/// What a trap does when it springs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// The call fails and has done nothing.
    Fail,
    /// The call does its work, and then fails.
    FailAfter,
    /// The process dies before the call.
    Kill,
    /// The process dies when the call has done its work.
    KillAfter,
}

/// Counts calls (or events) over all that share it.
#[derive(Debug, Default)]
pub(crate) struct Trap {
    count: AtomicUsize,
    armed: Mutex<Option<(usize, Act)>>,
    dead: AtomicBool,
    killed: Notify,
    log: Mutex<Vec<String>>,
}

impl Trap {
    /// Springs at the call of this number, from 0.
    pub(crate) fn arm(&self, at: usize, act: Act) {
        *self.armed.lock().unwrap() = Some((at, act));
    }

    /// How much has been counted.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// What has been counted, in words.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// How many of the counted things begin with these words.
    pub(crate) fn calls(&self, what: &str) -> usize {
        let log = self.log.lock().unwrap();
        log.iter().filter(|line| line.starts_with(what)).count()
    }

    /// Forgets what was counted.
    pub(crate) fn clear(&self) {
        self.count.store(0, Ordering::SeqCst);
        self.log.lock().unwrap().clear();
    }

    /// Ends when the process has been killed.
    pub(crate) async fn killed(&self) {
        self.killed.notified().await;
    }

    /// Counts one; what is to happen to it, if it is the one.
    pub(crate) fn tick(&self, what: String) -> Option<Act> {
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        self.log.lock().unwrap().push(what);
        let armed = *self.armed.lock().unwrap();
        armed.filter(|(at, _)| *at == number).map(|(_, act)| act)
    }

    /// From now on nothing happens any more.
    pub(crate) fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.killed.notify_one();
    }

    /// Where everything stops that happens after death.
    pub(crate) async fn alive(&self) {
        if self.dead.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }

    /// Makes a call under the trap.
    pub(crate) async fn call<T>(
        &self,
        what: String,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.alive().await;
        let boom = || Error::new(ErrorKind::Unavailable, format!("sprung at {what}"));
        let act = self.tick(what.clone());
        // Memory answers at once; a registry lets others go first, some calls more than others.
        for _ in 0..self.count() * 7 % 5 {
            tokio::task::yield_now().await;
        }
        self.alive().await;
        match act {
            None => {
                let done = work.await;
                for _ in 0..self.count() * 5 % 3 {
                    tokio::task::yield_now().await;
                }
                self.alive().await;
                done
            }
            Some(Act::Fail) => Err(boom()),
            Some(Act::FailAfter) => {
                work.await?;
                Err(boom())
            }
            Some(Act::Kill) => {
                self.kill();
                std::future::pending().await
            }
            Some(Act::KillAfter) => {
                let _ = work.await;
                self.kill();
                std::future::pending().await
            }
        }
    }
}
