//! What an upload does about a failure. Bounded by attempts that bring nothing forward, not by attempts.

use rand::RngExt as _;
use tokio::time::{Duration, sleep};
use transship_oci::{Error, ErrorKind, Placed, Result};

use super::{Failure, Upload};
use crate::{
    blob::{
        Session,
        resume::{Offset, is_passing},
    },
    capabilities::Way,
    transport::Room,
};

/// So often a lost session is replaced by another before the way is taken to be the wrong one.
const RESTARTS: u32 = 2;

/// Where an upload is, and what it has tried.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) session: Session,
    /// What the session has.
    pub(super) from: u64,
    /// Has the session seen a request with bytes?
    pub(super) resumed: bool,
    /// The registry said `0-0`, and may mean one byte.
    unsure: bool,
    /// The ways that are left, the one in use first. Empty until the first is chosen.
    ways: Vec<Way>,
    refused: Vec<(Way, bool)>,
    furthest: u64,
    stalls: u32,
    restarts: u32,
}

/// What to do next.
enum Next {
    Again,
    Done,
}

impl Course {
    /// From the first byte.
    pub(super) fn fresh(session: Session) -> Self {
        Self {
            session,
            from: 0,
            resumed: false,
            unsure: false,
            ways: Vec::new(),
            refused: Vec::new(),
            furthest: 0,
            stalls: 0,
            restarts: 0,
        }
    }

    /// From where another process stopped.
    pub(super) fn resumed(session: Session, offset: Offset) -> Self {
        Self {
            from: offset.bytes,
            resumed: true,
            unsure: offset.unsure,
            furthest: offset.bytes,
            ..Self::fresh(session)
        }
    }

    /// The way in use.
    pub(super) fn way(&self) -> Way {
        self.ways.first().copied().unwrap_or(Way::StreamPatch)
    }

    /// May the session hold bytes of more than one request?
    fn pieced(&self) -> bool {
        self.resumed || self.unsure
    }

    /// Starts over in another session.
    fn restart(&mut self, session: Session) {
        self.session = session;
        self.from = 0;
        self.resumed = false;
        self.unsure = false;
        self.furthest = 0;
        self.stalls = 0;
    }
}

impl Upload<'_> {
    /// Sends the blob, come what may.
    pub(super) async fn run(mut self, mut course: Course) -> Result<Placed> {
        let size = self.node().size;
        course.ways = self.repository.host().learned().ways(size).to_vec();
        if self.started == 0 {
            self.started = self.now();
            self.save(&course.session, 0).await;
        }
        loop {
            let result = self.go(&mut course).await;
            let next = match result {
                Ok(()) => Next::Done,
                Err(failure) => self.recover(&mut course, failure).await?,
            };
            if matches!(next, Next::Done) {
                break;
            }
        }
        for (way, by_size) in course.refused {
            self.repository
                .host()
                .learned()
                .learn_refused(way, size, by_size);
        }
        self.forget().await;
        Ok(Placed::Sent(self.progress.sent()))
    }

    async fn recover(&mut self, course: &mut Course, failure: Failure) -> Result<Next> {
        match failure {
            Failure::Cut(error) => self.go_on(course, error, false).await,
            Failure::OutOfRange(error) => self.go_on(course, error, true).await,
            Failure::Lost(error) => self.start_over(course, error).await,
            // Bytes that were sent in several goes may have been put together wrongly: not our source's fault.
            Failure::Fatal(error)
                if course.pieced() && error.kind() == ErrorKind::DigestMismatch =>
            {
                self.start_over(course, error).await
            }
            Failure::Refused(error, by_size) => self.other_way(course, error, by_size).await,
            Failure::Source(error) | Failure::Fatal(error) => {
                self.end(course, &error).await;
                Err(error)
            }
        }
    }

    /// Asks the session how far it is, and goes on from there.
    async fn go_on(
        &mut self,
        course: &mut Course,
        error: Error,
        out_of_range: bool,
    ) -> Result<Next> {
        let offset = match self.status(&mut course.session).await {
            Ok(Some(offset)) => offset,
            Ok(None) => return self.start_over(course, error).await,
            Err(error) => {
                self.end(course, &error).await;
                return Err(error);
            }
        };
        let tried_none = out_of_range && course.unsure && course.from == 0;
        course.from = if offset.unsure && tried_none {
            1
        } else {
            offset.bytes
        };
        course.unsure = offset.unsure;
        // A single PUT whose session has nothing is simply made again.
        let again = course.way() == Way::SinglePut && course.from == 0;
        course.resumed = !again;
        if offset.bytes > course.furthest {
            course.furthest = offset.bytes;
            course.stalls = 0;
            self.save(&course.session, offset.bytes).await;
            return Ok(Next::Again);
        }
        course.stalls += 1;
        if course.stalls >= self.repository.context().max_attempts {
            return self.other_way(course, error, false).await;
        }
        pause(course.stalls).await;
        Ok(Next::Again)
    }

    /// The session is gone. Either somebody (we, with an answer that was lost) closed it, or another is needed.
    async fn start_over(&mut self, course: &mut Course, error: Error) -> Result<Next> {
        if self.repository.has_blob(self.node(), Room::Held).await? {
            return Ok(Next::Done);
        }
        course.restarts += 1;
        if course.restarts > RESTARTS {
            return self.other_way(course, error, false).await;
        }
        self.renew(course).await?;
        Ok(Next::Again)
    }

    /// Drops the way in use and takes the next.
    async fn other_way(
        &mut self,
        course: &mut Course,
        error: Error,
        by_size: bool,
    ) -> Result<Next> {
        let way = course.way();
        if by_size {
            let size = self.node().size;
            self.repository.host().learned().learn_too_large(size);
        }
        course.ways.retain(|left| *left != way);
        if course.ways.is_empty() {
            self.end(course, &error).await;
            return Err(error);
        }
        tracing::debug!(?way, %error, "the registry does not take a blob this way");
        course.refused.push((way, by_size));
        course.restarts = 0;
        self.renew(course).await?;
        Ok(Next::Again)
    }

    async fn renew(&mut self, course: &mut Course) -> Result<()> {
        self.repository.give_up_session(&course.session).await;
        let session = match self.open_session().await {
            Ok(session) => session,
            Err(error) => {
                self.forget().await;
                return Err(error);
            }
        };
        course.restart(session);
        self.started = self.now();
        self.save(&course.session, 0).await;
        Ok(())
    }

    /// The upload ends here. A session that the next run can take up is kept, any other is given up.
    async fn end(&self, course: &Course, error: &Error) {
        if !(self.journalled() && is_passing(error)) {
            self.give_up(&course.session).await;
        }
    }

    /// Gives the session up and forgets it.
    pub(super) async fn give_up(&self, session: &Session) {
        self.repository.give_up_session(session).await;
        self.forget().await;
    }
}

/// Waits before another attempt after one that brought nothing forward.
async fn pause(stalls: u32) {
    let most = 100u64 << stalls.min(6);
    let millis = rand::rng().random_range(most / 2..=most);
    sleep(Duration::from_millis(millis)).await;
}
