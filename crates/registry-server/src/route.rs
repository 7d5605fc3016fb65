//! Paths: what a request is about, told from its path alone.

use percent_encoding::percent_decode_str;
use transship_oci::{Digest, Name, Repository, Tag};

use crate::refusal::{Code, Refusal};

/// What a path names (distribution-spec, "Endpoints").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/v2/`
    Ping,
    /// `/v2/_catalog`
    Catalog,
    /// `/token`
    Token,
    /// `/v2/<name>/tags/list`
    Tags(String),
    /// `/v2/<name>/manifests/<reference>`
    Manifest(String, Name),
    /// `/v2/<name>/blobs/<digest>`
    Blob(String, Digest),
    /// `/v2/<name>/blobs/uploads/`
    Uploads(String),
    /// `/v2/<name>/blobs/uploads/<id>`
    Upload(String, String),
    /// `/v2/<name>/referrers/<digest>`
    Referrers(String, Digest),
}

impl Route {
    /// Reads a path.
    ///
    /// Repository names hold slashes and may hold the words of the interface, so a path is read from its end.
    pub(crate) fn parse(path: &str) -> Result<Self, Refusal> {
        let path = percent_decode_str(path)
            .decode_utf8()
            .map_err(|_| Refusal::no_such_page())?;
        if path == "/token" {
            return Ok(Self::Token);
        }
        let rest = path.strip_prefix("/v2").ok_or_else(Refusal::no_such_page)?;
        let rest = match rest {
            "" | "/" => return Ok(Self::Ping),
            "/_catalog" => return Ok(Self::Catalog),
            rest => rest.strip_prefix('/').ok_or_else(Refusal::no_such_page)?,
        };
        if let Some(name) = strip_words(rest, &["/blobs/uploads/", "/blobs/uploads"]) {
            return Ok(Self::Uploads(repository(name)?));
        }
        if let Some(name) = rest.strip_suffix("/tags/list") {
            return Ok(Self::Tags(repository(name)?));
        }
        let (head, last) = rest.rsplit_once('/').ok_or_else(Refusal::no_such_page)?;
        if let Some(name) = head.strip_suffix("/blobs/uploads") {
            return Ok(Self::Upload(repository(name)?, last.to_owned()));
        }
        let (name, kind) = head.rsplit_once('/').ok_or_else(Refusal::no_such_page)?;
        match kind {
            "manifests" => Ok(Self::Manifest(repository(name)?, reference(last)?)),
            "blobs" => Ok(Self::Blob(repository(name)?, digest(last)?)),
            "referrers" => Ok(Self::Referrers(repository(name)?, digest(last)?)),
            _ => Err(Refusal::no_such_page()),
        }
    }

    /// The repository it is about, if it is about one.
    pub(crate) fn repository(&self) -> Option<&str> {
        match self {
            Self::Ping | Self::Catalog | Self::Token => None,
            Self::Tags(name)
            | Self::Manifest(name, _)
            | Self::Blob(name, _)
            | Self::Uploads(name)
            | Self::Upload(name, _)
            | Self::Referrers(name, _) => Some(name),
        }
    }
}

fn strip_words<'a>(path: &'a str, endings: &[&str]) -> Option<&'a str> {
    endings.iter().find_map(|end| path.strip_suffix(end))
}

/// Checks a repository name.
pub(crate) fn repository(name: &str) -> Result<String, Refusal> {
    // The host is of no matter here: it lends the check of the path.
    match Repository::new("localhost", name) {
        Ok(repository) => Ok(repository.path().to_owned()),
        Err(cause) => Err(Refusal::bad_request(Code::NameInvalid, cause.to_string())),
    }
}

/// Checks a digest.
pub(crate) fn digest(text: &str) -> Result<Digest, Refusal> {
    text.parse().map_err(|cause: transship_oci::DigestError| {
        Refusal::bad_request(Code::DigestInvalid, cause.to_string())
    })
}

/// A tag or a digest. What is neither cannot name a manifest that exists, but the sender should hear why.
fn reference(text: &str) -> Result<Name, Refusal> {
    if text.contains(':') {
        return digest(text).map(Name::Digest);
    }
    tag(text).map(Name::Tag)
}

/// Checks a tag.
pub(crate) fn tag(text: &str) -> Result<Tag, Refusal> {
    text.parse()
        .map_err(|cause: transship_oci::ReferenceError| {
            Refusal::bad_request(Code::TagInvalid, cause.to_string())
        })
}

#[cfg(test)]
mod tests;
