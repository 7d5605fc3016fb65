//! Mirrors: other places where a manifest or blob may be read.
//!
//! Lists (tags, referrers) are never asked of a mirror: one that is behind would hide a signature. They do go where
//! `registries.conf` moves the repository itself.

use std::sync::Arc;

use http::Method;
use transship_oci::{Error, ErrorKind, Name, Repository, Result, Side};
use url::Url;

use super::{Access, Answer, Body, Call, Host, Scope};
use crate::mirrors::{Place, Route};

/// Where a call may go, the first first.
#[derive(Debug)]
pub(super) struct Detours {
    repository: String,
    places: Vec<(Arc<Host>, Place)>,
    /// Is the call's URL at one of the places already?
    away: bool,
}

impl Host {
    /// The places for `call`, when it is one that reads from a repository which has any.
    pub(super) fn detours(&self, call: &Call) -> Result<Option<Detours>> {
        let Some(hosts) = self
            .hosts
            .upgrade()
            .filter(|hosts| !hosts.context().mirrors.is_empty())
        else {
            return Ok(None);
        };
        let Some(path) = reads(call) else {
            return Ok(None);
        };
        let Ok(repository) = Repository::new(self.name(), path) else {
            return Ok(None);
        };
        let asked = Asked::of(&call.url, path);
        let mut places = match hosts.context().mirrors.route(&repository, asked.name())? {
            Route::Direct => return Ok(None),
            Route::Blocked => {
                let message = format!("{repository} is blocked by registries.conf");
                return Err(Error::new(ErrorKind::Denied, message)
                    .op(&call.op)
                    .on(call.side));
            }
            Route::Places(places) => places,
        };
        if !matches!(asked, Asked::Content(_)) {
            places.drain(..places.len() - 1);
        }
        let mut found = Vec::new();
        for place in places {
            let registry = place.repository.registry();
            let plain = place.plain_http || hosts.context().hosts.is_plain(registry);
            found.push((hosts.find(registry, plain)?, place));
        }
        // A page of a list that came from another place is asked for there, as it is.
        let away = !self.owns(&call.url);
        if away {
            found.retain(|(host, _)| host.owns(&call.url));
        }
        let detours = Detours {
            repository: path.to_owned(),
            places: found,
            away,
        };
        Ok(Some(detours).filter(|detours| !detours.places.is_empty()))
    }
}

impl Detours {
    /// Asks place after place until one has it. What the last says stands.
    pub(super) async fn send(self, call: Call) -> Result<Answer> {
        let mut places = self.places.into_iter().peekable();
        while let Some((host, place)) = places.next() {
            let path = place.repository.path();
            let there = Call {
                op: call.op.clone(),
                side: call.side,
                method: call.method.clone(),
                url: if self.away {
                    call.url.clone()
                } else {
                    moved(&call.url, &self.repository, path, host.base())
                },
                headers: call.headers.clone(),
                body: Body::Empty,
                scopes: vec![Scope {
                    repository: path.to_owned(),
                    access: Access::Pull,
                }],
                room: call.room,
            };
            let outcome = Box::pin(host.send_here(there)).await;
            let found = matches!(&outcome, Ok(answer) if answer.status().is_success());
            if found || places.peek().is_none() {
                return outcome;
            }
            // The answer goes before the next is asked for: both may want the same place.
            tracing::debug!(place = %place.repository, ?outcome, "mirror passed over");
        }
        Err(Error::new(ErrorKind::Internal, "no place to ask"))
    }
}

/// The repository that `call` reads from, when reading is all that it does.
fn reads(call: &Call) -> Option<&str> {
    let reading = call.method == Method::GET || call.method == Method::HEAD;
    match (call.scopes.as_slice(), &call.body, call.side) {
        ([scope], Body::Empty, Side::Source) if reading && scope.access == Access::Pull => {
            Some(&scope.repository)
        }
        _ => None,
    }
}

/// What a URL under `/v2/NAME/` asks for.
enum Asked {
    /// A manifest or blob.
    Content(Name),
    /// A list, or what we do not know.
    List,
}

impl Asked {
    fn of(url: &Url, repository: &str) -> Self {
        let rest = url
            .path()
            .strip_prefix("/v2/")
            .and_then(|path| path.strip_prefix(repository));
        let rest = rest.map(|rest| rest.trim_start_matches('/'));
        let Some(("manifests" | "blobs", name)) = rest.and_then(|rest| rest.split_once('/')) else {
            return Self::List;
        };
        let digest = name.parse().ok().map(Name::Digest);
        let tag = || name.parse().ok().map(Name::Tag);
        digest.or_else(tag).map_or(Self::List, Self::Content)
    }

    fn name(&self) -> Option<&Name> {
        match self {
            Self::Content(name) => Some(name),
            Self::List => None,
        }
    }
}

/// `url`, which is under `/v2/FROM/`, under `base` and `/v2/TO/`.
fn moved(url: &Url, from: &str, to: &str, base: &Url) -> Url {
    let mut there = base.clone();
    let path = url.path();
    let rest = path
        .strip_prefix("/v2/")
        .and_then(|path| path.strip_prefix(from));
    match rest.filter(|rest| rest.starts_with('/')) {
        Some(rest) => there.set_path(&format!("/v2/{to}{rest}")),
        None => there.set_path(path),
    }
    there.set_query(url.query());
    there
}
