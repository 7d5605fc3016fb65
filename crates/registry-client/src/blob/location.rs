//! Upload sessions: where one is, which the registry says anew with every answer.

use http::header;
use transship_oci::{Digest, Error, ErrorKind, Result, SafeUrl};
use url::Url;

use crate::{
    paging::{same_host, with_scheme_of},
    transport::Answer,
};

/// The largest chunk that a registry may ask for: more than that is a defect or an attack on our memory and patience.
const MOST_CHUNK: u64 = 64 * 1024 * 1024;

/// An open upload session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    url: SafeUrl,
    /// `OCI-Chunk-Min-Length`: all chunks but the last are at least this long.
    least_chunk: u64,
}

impl Session {
    /// The session that `answer` opened.
    ///
    /// # Errors
    /// `Corrupt` when the answer does not say where it is, or says it in a way that cannot be followed.
    pub(crate) fn opened(answer: &Answer) -> Result<Self> {
        let Some(url) = location(answer)? else {
            return Err(Error::new(
                ErrorKind::Corrupt,
                "the registry opened an upload session and did not say where (no Location)",
            ));
        };
        let least_chunk = answer
            .header("oci-chunk-min-length")
            .and_then(|length| length.trim().parse().ok())
            .unwrap_or(0);
        Ok(Self {
            url: SafeUrl(url),
            least_chunk: u64::min(least_chunk, MOST_CHUNK),
        })
    }

    /// A session that a journal kept.
    pub(crate) fn kept(url: &str) -> Option<Self> {
        Some(Self {
            url: SafeUrl(Url::parse(url).ok()?),
            least_chunk: 0,
        })
    }

    /// Takes up the new place, if the answer names one: only the latest may be used.
    pub(crate) fn moved(&mut self, answer: &Answer) -> Result<()> {
        if let Some(url) = location(answer)? {
            self.url = SafeUrl(url);
        }
        Ok(())
    }

    /// Where it is now.
    pub(crate) fn url(&self) -> Url {
        self.url.0.clone()
    }

    /// Where it is closed. What the registry put into the query stays as it is, byte for byte.
    pub(crate) fn closing(&self, digest: &Digest) -> Url {
        let mut url = self.url();
        let query = match url.query() {
            Some(query) if !query.is_empty() => format!("{query}&digest={digest}"),
            _ => format!("digest={digest}"),
        };
        url.set_query(Some(&query));
        url
    }

    /// The shortest chunk that the registry wants.
    pub(crate) fn least_chunk(&self) -> u64 {
        self.least_chunk
    }
}

/// The `Location` of an answer, absolute or relative to where the answer came from.
fn location(answer: &Answer) -> Result<Option<Url>> {
    match answer.headers().get(header::LOCATION) {
        None => Ok(None),
        Some(value) => {
            let text = value.to_str().unwrap_or_default();
            resolve(answer.url(), text).map(Some)
        }
    }
}

fn resolve(from: &Url, text: &str) -> Result<Url> {
    let corrupt = |message: String| Error::new(ErrorKind::Corrupt, message);
    let url = from.join(text).map_err(|cause| {
        corrupt("the place of the upload session cannot be read".to_owned()).because(cause)
    })?;
    if same_host(from, &url) {
        return Ok(with_scheme_of(from, url));
    }
    if url.scheme() != "https" && url.scheme() != from.scheme() {
        return Err(corrupt(format!(
            "the upload session is at {}, which is not encrypted as the registry itself is",
            SafeUrl(url)
        )));
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
