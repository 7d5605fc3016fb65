//! Paging: `n`, `last` and the `Link` to the next page (distribution-spec, "Listing Tags").

use axum::response::Response;
use http::header;
use serde::Serialize;

use crate::{
    query::Query,
    refusal::{Code, Refusal},
    reply::Reply,
};

/// Which part of a list is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// How many entries at most.
    pub(crate) limit: usize,
    /// The last entry that the client has.
    pub(crate) after: Option<String>,
}

impl Page {
    /// Reads `n` and `last`; no page has more than `most` entries.
    pub(crate) fn of(query: &Query, most: usize) -> Result<Self, Refusal> {
        let limit = match query.one("n") {
            None => most,
            Some(n) => n.parse::<usize>().map_err(|_| {
                let message = format!("n is {n:?}, which is not a number of entries");
                Refusal::bad_request(Code::PaginationNumberInvalid, message)
            })?,
        };
        Ok(Self {
            limit: limit.min(most),
            after: query.one("last").map(str::to_owned),
        })
    }

    /// Asks for one entry more than fits, which tells whether there is another page.
    pub(crate) fn with_one_more(&self) -> usize {
        match self.limit {
            0 => 0,
            limit => limit.saturating_add(1),
        }
    }

    /// Cuts a list that has one entry more to size. Returns the last entry left if there is another page.
    pub(crate) fn cut<T: Clone>(&self, list: &mut Vec<T>) -> Option<T> {
        if list.len() <= self.limit {
            return None;
        }
        list.truncate(self.limit);
        list.last().cloned()
    }

    /// The answer with a list and, if there is another page, the way there.
    pub(crate) fn reply(
        &self,
        path: &str,
        entries: &impl Serialize,
        last: Option<&str>,
    ) -> Result<Response, Refusal> {
        let reply = Reply::json("application/json", entries)?;
        Ok(match last {
            Some(last) => reply.text(header::LINK, &next(path, self.limit, last, "")),
            None => reply,
        }
        .done())
    }
}

/// A `Link` header's value. Repository names, tags and digests need no escapes in a query.
pub(crate) fn next(path: &str, limit: usize, last: &str, more: &str) -> String {
    format!("<{path}?n={limit}&last={last}{more}>; rel=\"next\"")
}

#[cfg(test)]
mod tests;
