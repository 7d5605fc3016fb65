//! One request as the rest of the crate asks for it, and its answer.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
use transship_oci::{ByteStream, SafeUrl, Side};
use url::Url;

/// What a call needs to be allowed to do: the scope of its token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scope {
    /// The repository's path.
    pub(crate) repository: String,
    /// What is done there.
    pub(crate) access: Access,
}

/// Rights on a repository, each including the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Access {
    /// `pull`
    Pull,
    /// `pull,push`
    Push,
    /// `pull,push,delete`; never asked for before it is needed: some registries refuse it to everybody.
    Delete,
}

/// What a call sends.
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// Bytes in memory: sent again as often as needed.
    Bytes(Bytes),
    /// A stream of known length: sent once. After its first byte has gone out the layers try nothing again; the caller,
    /// who can open the blob at an offset, decides.
    Stream {
        /// The bytes.
        stream: ByteStream,
        /// How many there are.
        length: u64,
    },
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Stream { length, .. } => write!(f, "Stream({length})"),
        }
    }
}

/// Whose room at the host a call uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// It takes a place for itself, and gives it back when the answer's head has come.
    Own,
    /// The caller holds a permit of the host's budget: part of a blob transfer.
    Held,
}

/// One request.
pub(crate) struct Call {
    /// What is being done, for errors: `get manifest 1.4`.
    pub(crate) op: String,
    /// On which side of the copy.
    pub(crate) side: Side,
    /// The verb.
    pub(crate) method: Method,
    /// Where to, absolute.
    pub(crate) url: Url,
    /// Headers, without the ones that the layers add.
    pub(crate) headers: HeaderMap,
    /// What is sent.
    pub(crate) body: Body,
    /// What the token must allow; several for a mount.
    pub(crate) scopes: Vec<Scope>,
    /// Whose room it uses.
    pub(crate) room: Room,
}

impl fmt::Debug for Call {
    /// Without headers, and without what a URL may have to hide.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = SafeUrl(self.url.clone());
        write!(
            f,
            "Call({}: {} {url} {:?})",
            self.op, self.method, self.body
        )
    }
}
