//! Who we are at a registry: learnt from its refusals, shown from then on.
//!
//! Nobody asks `/v2/` first. A request goes out as it is; a 401 says what the registry wants; that is remembered for the
//! host, and later scopes go straight to the token endpoint. All who need the same token wait for one request.

mod challenge;
mod grant;
mod mint;
mod token;

use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use transship_oci::{Error, ErrorKind, Result, Side};
use url::Url;

use self::{
    challenge::Challenge,
    grant::{Grant, Grants},
    mint::{Mint, Scheme},
};
use super::{
    Answer, Scope,
    exchange::{Carry, Exchange},
    single_flight::SingleFlight,
    wire::Wires,
};
use crate::{authority, credentials::Credentials};

/// Shows credentials to one registry.
#[derive(Debug)]
pub(super) struct Auth {
    mint: Arc<Mint>,
    scheme: Mutex<Option<Scheme>>,
    grants: Arc<Grants>,
    flights: SingleFlight<(Scheme, Vec<Scope>), Arc<Grant>>,
}

impl Auth {
    pub(super) fn new(
        registry: &str,
        base: Url,
        credentials: Arc<dyn Credentials>,
        wires: Arc<Wires>,
        inner: Arc<dyn Carry>,
    ) -> Self {
        let registry = registry.to_owned();
        Self {
            mint: Arc::new(Mint {
                registry,
                base,
                credentials,
                wires,
                inner,
            }),
            scheme: Mutex::default(),
            grants: Arc::default(),
            flights: SingleFlight::new(),
        }
    }

    /// Sends `exchange` with what allows `scopes`. An upload session at another host gets no credentials of ours.
    pub(super) async fn send(&self, mut exchange: Exchange, scopes: &[Scope]) -> Result<Answer> {
        if !authority::same(&exchange.url, &self.mint.base) {
            return self.mint.inner.carry(&exchange).await;
        }
        let label = Arc::clone(&exchange.label);
        let errand = Errand {
            side: label.side,
            length: exchange.payload.length(),
        };
        let mut scopes = scopes.to_vec();
        let at_hand = self.at_hand(&scopes, &errand).await;
        let (mut grant, mut fresh) = at_hand.map_err(|e| label.name(e))?;
        let mut widened = false;
        loop {
            exchange.authorization = grant.as_ref().map(|grant| grant.header.clone());
            let who = grant.as_ref().map(|grant| Arc::clone(&grant.who));
            let mut answer = self.mint.inner.carry(&exchange).await?.asked_as(who);
            if !refused(&mut answer, grant.is_some()).await {
                return Ok(answer);
            }
            if let Some(grant) = &grant {
                self.grants.forget(grant);
            }
            if !exchange.repeatable() {
                return Ok(answer);
            }
            let challenge = challenge::best(answer.headers());
            if fresh {
                let more = challenge
                    .as_ref()
                    .and_then(|challenge| wider(challenge, &scopes));
                match more.filter(|_| !widened) {
                    Some(more) => (scopes, widened) = (more, true),
                    None => return Err(refusal(answer, challenge.as_ref()).await),
                }
            }
            let Some(scheme) = self.learn(challenge.as_ref()).map_err(|e| label.name(e))? else {
                return Err(answer.into_error().await);
            };
            // Its place at the host is given back before the token is asked for.
            drop(answer);
            grant = Some(
                self.grant(&scheme, &scopes, &errand)
                    .await
                    .map_err(|e| label.name(e))?,
            );
            fresh = true;
        }
    }

    /// The grant to begin with, none as long as nobody asked for one; and whether it was got just now.
    async fn at_hand(
        &self,
        scopes: &[Scope],
        errand: &Errand,
    ) -> Result<(Option<Arc<Grant>>, bool)> {
        let Some(scheme) = self.scheme() else {
            return Ok((None, false));
        };
        if let Some(known) = self.grants.find(scopes, errand.length) {
            return Ok((Some(known), false));
        }
        let grant = self.grant(&scheme, scopes, errand).await?;
        Ok((Some(grant), true))
    }

    /// How the registry wants to be shown who we are, as far as is known.
    fn scheme(&self) -> Option<Scheme> {
        self.scheme
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Learns from a challenge how; without one, what was learnt before stands.
    fn learn(&self, challenge: Option<&Challenge>) -> Result<Option<Scheme>> {
        let Some(challenge) = challenge else {
            return Ok(self.scheme());
        };
        let scheme = match challenge.scheme.as_str() {
            "bearer" => {
                let realm = challenge.get("realm");
                let realm = realm
                    .and_then(|realm| self.mint.base.join(realm).ok())
                    .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
                let Some(realm) = realm else {
                    return Err(Error::new(
                        ErrorKind::Corrupt,
                        "the registry wants a token and does not say from where",
                    ));
                };
                let service = challenge.get("service").map(str::to_owned);
                Scheme::Bearer { realm, service }
            }
            _ => Scheme::Basic,
        };
        *self.scheme.lock().unwrap_or_else(PoisonError::into_inner) = Some(scheme.clone());
        Ok(Some(scheme))
    }

    /// A grant that is known or is got now, once for all who wait for it.
    async fn grant(
        &self,
        scheme: &Scheme,
        scopes: &[Scope],
        errand: &Errand,
    ) -> Result<Arc<Grant>> {
        if let Some(grant) = self.grants.find(scopes, errand.length) {
            return Ok(grant);
        }
        let (mint, grants) = (Arc::clone(&self.mint), Arc::clone(&self.grants));
        let (scheme, scopes, side) = (scheme.clone(), scopes.to_vec(), errand.side);
        let key = (scheme.clone(), scopes.clone());
        let work = move || {
            let work = async move {
                let grant = Arc::new(mint.make(&scheme, &scopes, side).await?);
                grants.insert(&scopes, Arc::clone(&grant));
                Ok(grant)
            };
            Box::pin(work) as _
        };
        self.flights.run(key, work).await
    }
}

/// What a grant is wanted for.
struct Errand {
    side: Side,
    /// How long the body is.
    length: u64,
}

/// Was the credential refused, or missed? ECR Public says of a token that has run out that the request is bad.
async fn refused(answer: &mut Answer, granted: bool) -> bool {
    match answer.status() {
        StatusCode::UNAUTHORIZED => true,
        StatusCode::BAD_REQUEST if granted => answer.problem().await.expired(),
        _ => false,
    }
}

/// What `challenge` wants on top of `scopes`.
fn wider(challenge: &Challenge, scopes: &[Scope]) -> Option<Vec<Scope>> {
    let wanted = token::scopes(challenge.get("scope")?);
    let mut all = scopes.to_vec();
    for scope in wanted {
        match all
            .iter_mut()
            .find(|known| known.repository == scope.repository)
        {
            Some(known) => known.access = known.access.max(scope.access),
            None => all.push(scope),
        }
    }
    // The same scope asked for once more may be granted now: a registry that names it wants to be asked.
    (all != scopes || challenge.wants_scope()).then_some(all)
}

/// A refusal of the best that we have.
async fn refusal(answer: Answer, challenge: Option<&Challenge>) -> Error {
    let Some(challenge) = challenge.filter(|challenge| challenge.wants_scope()) else {
        return answer.into_error().await;
    };
    let scope = challenge
        .get("scope")
        .unwrap_or("that it does not name")
        .to_owned();
    let who = answer.who().unwrap_or("anonymous");
    let scope: String = scope
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect();
    let message = format!("the registry wants scope {scope}, which it does not grant to {who}");
    answer.label().error(ErrorKind::Denied, message)
}
