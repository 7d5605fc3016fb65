//! The referrers API (distribution-spec, "Listing Referrers"), and whether there is one.

use std::sync::{Mutex, PoisonError};

use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, MAX_CHILDREN, MAX_MANIFEST, Result, media_type,
};
use url::Url;

use crate::{
    paging,
    refusal::Refusal,
    repository::RemoteRepository,
    transport::{Access, Answer},
};

/// Is there an API? Found out by asking, never from a header.
#[derive(Debug, Default)]
pub(super) struct Api {
    known: Mutex<Option<bool>>,
    /// Held by the one who asks the first question.
    asking: tokio::sync::Mutex<()>,
}

impl Api {
    /// What is known so far.
    pub(super) fn known(&self) -> Option<bool> {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It was seen that there is one, or that there is none.
    pub(super) fn learn(&self, there: bool) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(there);
    }
}

/// What one question to the API brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    /// A list: there is an API.
    Referrers(Vec<Descriptor>),
    /// Something that no registry with the API answers.
    NoApi,
    /// A 404 about the repository or the subject: it does not tell whether there is an API.
    NothingThere,
}

impl RemoteRepository {
    /// What the API lists for `subject`; nothing where there is no API.
    ///
    /// The first question of all decides whether there is one; who asks meanwhile waits for the answer.
    pub(super) async fn listed_by_api(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        let api = &self.referrers_state().api;
        let first = match api.known() {
            Some(_) => None,
            None => Some(api.asking.lock().await),
        };
        // The one before may have found out.
        if api.known() == Some(false) {
            return Ok(Vec::new());
        }
        let _first = first.filter(|_| api.known().is_none());
        match self.ask_api(subject).await? {
            Listed::Referrers(list) => {
                api.learn(true);
                Ok(list)
            }
            Listed::NoApi => {
                // One that has answered before is not gone because of one odd answer.
                if api.known().is_none() {
                    api.learn(false);
                }
                Ok(Vec::new())
            }
            Listed::NothingThere => Ok(Vec::new()),
        }
    }

    /// Asks the API for all pages.
    pub(crate) async fn ask_api(&self, subject: &Digest) -> Result<Listed> {
        let mut all = Vec::new();
        let mut next = Some(self.url(&format!("referrers/{subject}")));
        let mut pages = 0;
        while let Some(url) = next.take() {
            let answer = self.referrers_page(subject, url).await?;
            match answer.status() {
                StatusCode::OK => {}
                _ if pages > 0 => return Err(answer.into_error().await),
                _ => return judge(answer).await,
            }
            pages += 1;
            next = paging::next(answer.headers(), answer.url(), pages)?;
            let bytes = answer.bytes(MAX_MANIFEST).await?;
            match parse(&bytes) {
                Ok(page) => collect(&mut all, page)?,
                Err(cause) if pages > 1 => {
                    let message = "a page of the list of referrers cannot be read";
                    return Err(Error::new(ErrorKind::Corrupt, message).because(cause));
                }
                // A login page, or whatever a front end answers to a path that it does not know.
                Err(_) => return Ok(Listed::NoApi),
            }
        }
        Ok(Listed::Referrers(all))
    }

    async fn referrers_page(&self, subject: &Digest, url: Url) -> Result<Answer> {
        let op = format!("list referrers of {subject}");
        let mut call = self.call(op, Method::GET, url, Access::Pull);
        let accept = HeaderValue::from_static(media_type::OCI_INDEX);
        call.headers.insert(header::ACCEPT, accept);
        self.host().send(call).await
    }
}

/// What an answer that is no 200 says about the API. "Not allowed" and "out of order" are not "none".
async fn judge(answer: Answer) -> Result<Listed> {
    match answer.status().as_u16() {
        404 => {
            let refusal = Refusal::read(answer).await;
            let about_content = refusal.says_no_repository()
                || refusal.says("(MANIFEST_UNKNOWN")
                || refusal.says("(NAME_INVALID");
            Ok(if about_content {
                Listed::NothingThere
            } else {
                Listed::NoApi
            })
        }
        400 | 405 | 406 | 410 | 501 => Ok(Listed::NoApi),
        _ => Err(answer.into_error().await),
    }
}

/// Reads a page: an OCI index whose `manifests` may be `null`.
fn parse(bytes: &[u8]) -> std::result::Result<Vec<Descriptor>, serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Index {
        // Present in every index, and in little else: what tells one from any other JSON.
        #[serde(rename = "schemaVersion")]
        _schema_version: u32,
        manifests: Option<Vec<Descriptor>>,
    }
    serde_json::from_slice::<Index>(bytes).map(|index| index.manifests.unwrap_or_default())
}

fn collect(all: &mut Vec<Descriptor>, page: Vec<Descriptor>) -> Result<()> {
    if all.len() + page.len() > MAX_CHILDREN {
        return Err(Error::new(
            ErrorKind::Corrupt,
            format!("the registry lists more than {MAX_CHILDREN} referrers of one subject"),
        ));
    }
    all.extend(page);
    Ok(())
}

#[cfg(test)]
mod tests;
