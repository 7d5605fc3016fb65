//! Where grants come from: a credential as it is, or a token that is got for it.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;
use transship_oci::{Error, ErrorKind, Result, SafeUrl, Side};
use url::Url;

use super::{
    grant::Grant,
    token::{self, Proof},
};
use crate::{
    authority,
    credentials::{Credential, Credentials, Found},
    transport::{
        Answer, Room, Scope,
        exchange::{Carry, Exchange, Label},
        passage,
        payload::Payload,
        wire::Wires,
    },
};

/// No token is longer.
const MAX_ANSWER: u64 = 256 * 1024;

/// How a registry wants to be shown who we are.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Scheme {
    /// With name and password, each time.
    Basic,
    /// With a token that another server gives.
    Bearer { realm: Url, service: Option<String> },
}

impl fmt::Debug for Scheme {
    /// A realm's query may have something to hide.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic => f.write_str("Basic"),
            Self::Bearer { realm, .. } => write!(f, "Bearer({})", SafeUrl(realm.clone())),
        }
    }
}

/// Gets grants.
#[derive(Debug)]
pub(super) struct Mint {
    pub(super) registry: String,
    pub(super) base: Url,
    pub(super) credentials: Arc<dyn Credentials>,
    pub(super) wires: Arc<Wires>,
    pub(super) inner: Arc<dyn Carry>,
}

impl Mint {
    /// A grant for `scopes`.
    ///
    /// # Errors
    /// `Unauthorized` when there is no credential that would do, or the token endpoint does not take it; `Denied` when
    /// the realm is somewhere that we do not go.
    pub(super) async fn make(
        &self,
        scheme: &Scheme,
        scopes: &[Scope],
        side: Side,
    ) -> Result<Grant> {
        let repository = scopes.first().map_or("", |scope| &scope.repository);
        let found = self.credentials.find(&self.registry, repository).await?;
        match scheme {
            Scheme::Basic => self.as_it_is(found.as_ref()),
            Scheme::Bearer { realm, service } => {
                let desk = Desk {
                    mint: self,
                    realm,
                    service: service.as_deref(),
                    scopes,
                    side,
                };
                desk.grant(found.as_ref()).await
            }
        }
    }

    /// The credential itself, for Basic.
    fn as_it_is(&self, found: Option<&Found>) -> Result<Grant> {
        let Some(found) = found else {
            let message = format!(
                "the registry wants a login, and there is none for {}",
                self.registry
            );
            return Err(Error::new(ErrorKind::Unauthorized, message));
        };
        let header = match &found.credential {
            Credential::Password { user, password } => basic(user, password),
            Credential::Token { token } => token::bearer(token),
            Credential::Identity { .. } => {
                let message =
                    format!("the registry wants a password, and has no use for the {found}");
                return Err(Error::new(ErrorKind::Unauthorized, message));
            }
        }?;
        Ok(Grant {
            header,
            scopes: None,
            expires: None,
            who: found.to_string().into(),
        })
    }
}

/// One errand to a token endpoint.
struct Desk<'a> {
    mint: &'a Mint,
    realm: &'a Url,
    service: Option<&'a str>,
    scopes: &'a [Scope],
    side: Side,
}

impl Desk<'_> {
    async fn grant(&self, found: Option<&Found>) -> Result<Grant> {
        let who: Arc<str> =
            found.map_or_else(|| "anonymous".into(), |found| found.to_string().into());
        if let Some(Found {
            credential: Credential::Token { token },
            ..
        }) = found
        {
            let header = token::bearer(token)?;
            return Ok(Grant {
                header,
                scopes: None,
                expires: None,
                who,
            });
        }
        let start = Instant::now();
        let answer = self.ask(found.map(|found| &found.credential)).await?;
        if !answer.status().is_success() {
            return Err(answer.asked_as(Some(who)).into_error().await);
        }
        let label = Arc::clone(answer.label());
        let token =
            token::parse(&answer.bytes(MAX_ANSWER).await?).map_err(|error| label.name(error))?;
        Ok(Grant {
            header: token::bearer(&token.secret).map_err(|error| label.name(error))?,
            scopes: Some(self.scopes.to_vec()),
            expires: Some((start + token.life, token.life)),
            who,
        })
    }

    /// Asks in the way that fits the credential, and in the other way where the endpoint does not know that one.
    async fn ask(&self, credential: Option<&Credential>) -> Result<Answer> {
        let unknown = |status: StatusCode| matches!(status.as_u16(), 404 | 405 | 501);
        match credential {
            None | Some(Credential::Token { .. }) => self.get(None).await,
            Some(Credential::Password { user, password }) => {
                let answer = self.get(Some((user, password))).await?;
                if !unknown(answer.status()) {
                    return Ok(answer);
                }
                self.post(&Proof::Password(user, password)).await
            }
            Some(Credential::Identity { token }) => {
                let answer = self.post(&Proof::Refresh(token)).await?;
                if !unknown(answer.status()) && answer.status() != StatusCode::UNAUTHORIZED {
                    return Ok(answer);
                }
                // Docker's own name for "the password is an identity token".
                self.get(Some(("<token>", token))).await
            }
        }
    }

    async fn get(&self, login: Option<(&str, &SecretString)>) -> Result<Answer> {
        let account = login
            .map(|(user, _)| user)
            .filter(|user| *user != "<token>");
        let url = token::get_url(self.realm, self.service, self.scopes, account);
        let authorization = login
            .map(|(user, password)| basic(user, password))
            .transpose()?;
        self.send(Method::GET, url, Payload::Empty, authorization)
            .await
    }

    async fn post(&self, proof: &Proof<'_>) -> Result<Answer> {
        let form = Bytes::from(token::form(self.service, self.scopes, proof));
        self.send(Method::POST, self.realm.clone(), Payload::Bytes(form), None)
            .await
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        payload: Payload,
        authorization: Option<HeaderValue>,
    ) -> Result<Answer> {
        let label = Label {
            op: "get token".to_owned(),
            side: self.side,
            at: authority::of(self.realm),
        };
        let mint = self.mint;
        let guarded = passage::judge(
            &mint.wires,
            &mint.base,
            self.realm,
            "the registry's token realm",
        )
        .await
        .map_err(|error| label.name(error))?;
        let mut headers = HeaderMap::new();
        if method == Method::POST {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(header::CONTENT_TYPE, form);
        }
        let exchange = Exchange {
            label: Arc::new(label),
            method,
            url,
            headers,
            payload,
            // The call that needs the token may hold the last place there is.
            room: Room::Held,
            authorization,
            guarded,
        };
        mint.inner.carry(&exchange).await
    }
}

fn basic(user: &str, password: &SecretString) -> Result<HeaderValue> {
    let pair = SecretString::from(format!("{user}:{}", password.expose_secret()));
    let coded = SecretString::from(format!("Basic {}", STANDARD.encode(pair.expose_secret())));
    token::header(coded.expose_secret())
        .ok_or_else(|| Error::new(ErrorKind::Internal, "a login that cannot be sent"))
}
