//! Faults that strike at chosen requests.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use std::time::Duration;

use async_trait::async_trait;

use super::{
    Action, Answer, Hold, Next, Outcome, Quirk, Request, Response, Route, quirk::route_of,
};

/// Which requests are meant.
#[derive(Debug, Clone)]
pub struct When {
    routes: Vec<Route>,
    path: Option<String>,
    first: u64,
    last: u64,
}

/// Requests of one class.
pub fn on(route: Route) -> When {
    When::any().or(route)
}

impl When {
    /// Every request.
    pub fn any() -> Self {
        Self {
            routes: Vec::new(),
            path: None,
            first: 1,
            last: u64::MAX,
        }
    }

    /// Requests of this class too.
    pub fn or(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Only those whose path holds `text`.
    pub fn path(mut self, text: impl Into<String>) -> Self {
        self.path = Some(text.into());
        self
    }

    /// Only the n-th of them, from 1.
    pub fn nth(mut self, n: u64) -> Self {
        (self.first, self.last) = (n, n);
        self
    }

    /// Only the first n of them.
    pub fn first(mut self, n: u64) -> Self {
        (self.first, self.last) = (1, n);
        self
    }

    /// The n-th and all after it.
    pub fn from(mut self, n: u64) -> Self {
        (self.first, self.last) = (n, u64::MAX);
        self
    }

    /// What happens to them.
    pub fn act(self, action: Action) -> Arc<dyn Quirk> {
        Arc::new(Rule {
            when: self,
            action,
            seen: AtomicU64::new(0),
        })
    }

    /// They are answered so, and the registry never hears of them.
    pub fn answer(self, answer: Answer) -> Arc<dyn Quirk> {
        self.act(Action::Answer(answer))
    }

    /// The registry takes so many bytes of the body; then the connection is cut. `u64::MAX`: all of them, and only the
    /// answer is lost.
    pub fn cut_request(self, after: u64) -> Arc<dyn Quirk> {
        self.act(Action::CutRequest { after })
    }

    /// The registry takes so many bytes of the body; the rest waits at a door, with the connection open.
    pub fn stall_request(self, after: u64, hold: &Hold) -> Arc<dyn Quirk> {
        self.act(Action::StallRequest {
            after,
            hold: hold.clone(),
        })
    }

    /// The registry takes so many bytes of the body; then this is the answer.
    pub fn refuse_request(self, after: u64, answer: Answer) -> Arc<dyn Quirk> {
        self.act(Action::RefuseRequest { after, answer })
    }

    /// The answer breaks off after so many bytes of its body.
    pub fn cut_response(self, after: u64) -> Arc<dyn Quirk> {
        self.act(Action::CutResponse { after })
    }

    /// One byte of the answer is another.
    pub fn corrupt(self, at: u64) -> Arc<dyn Quirk> {
        self.act(Action::Corrupt { at })
    }

    /// They wait at a door.
    pub fn hold(self, hold: &Hold) -> Arc<dyn Quirk> {
        self.act(Action::Hold(hold.clone()))
    }

    /// They take so long on the way.
    pub fn delay(self, time: Duration) -> Arc<dyn Quirk> {
        self.act(Action::Delay(time))
    }

    /// The answer's header is this, or is left out.
    pub fn header(self, name: &'static str, value: Option<&str>) -> Arc<dyn Quirk> {
        self.act(Action::Header(name, value.map(str::to_owned)))
    }

    /// The answer passes through a function.
    pub fn map(self, map: impl Fn(Response) -> Response + Send + Sync + 'static) -> Arc<dyn Quirk> {
        self.act(Action::map(map))
    }

    fn matches(&self, request: &Request) -> bool {
        let route = route_of(request);
        (self.routes.is_empty() || self.routes.contains(&route))
            && self
                .path
                .as_ref()
                .is_none_or(|text| request.uri().path().contains(text))
    }
}

#[derive(Debug)]
struct Rule {
    when: When,
    action: Action,
    seen: AtomicU64,
}

#[async_trait]
impl Quirk for Rule {
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome {
        if !self.when.matches(&request) {
            return next.run(request).await;
        }
        let number = self.seen.fetch_add(1, Relaxed) + 1;
        if (self.when.first..=self.when.last).contains(&number) {
            self.action.perform(request, next).await
        } else {
            next.run(request).await
        }
    }
}
