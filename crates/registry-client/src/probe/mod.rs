//! Finding out by effect what a repository allows, before anything is moved.
//!
//! A registry's name, version and headers are no evidence: what it does is. A [`Probe`] pushes small things of its own,
//! looks at what comes of them, and takes them away again. Where it was seen that nothing can be taken away, it pushes
//! no more; [`Probe::finish`] names what had to stay.

mod clock;
mod delete;
mod material;
mod mount;
mod referrers;
mod sparse;
mod tags;

use transship_oci::{Digest, Error, ErrorKind, Tag};

use self::material::Material;
pub use self::{
    clock::clock_skew,
    delete::{Cleanup, Deleting},
    referrers::Referring,
};
use crate::{blob::Session, repository::RemoteRepository, transport::Access};

/// What came of one probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It works.
    Yes,
    /// It does not; the registry's reason.
    No(String),
    /// It could not be found out; why.
    Unknown(String),
}

impl Finding {
    /// Does it work?
    pub fn is_yes(&self) -> bool {
        *self == Self::Yes
    }

    /// What an error says about an ability: a refusal is a no, trouble on the way is nothing.
    fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Unavailable | ErrorKind::RateLimited | ErrorKind::Cancelled => {
                Self::Unknown(error.to_string())
            }
            _ => Self::No(error.message().to_owned()),
        }
    }
}

/// Something that a probe has put into the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Made {
    Tag(Tag),
    Manifest(Digest),
    Blob(Digest),
}

/// A look at one repository.
#[derive(Debug)]
pub struct Probe<'a> {
    repository: &'a RemoteRepository,
    material: Material,
    /// What is to be taken away, in the order in which it was put.
    made: Vec<Made>,
    deleting: Option<Deleting>,
}

impl<'a> Probe<'a> {
    /// A probe of `repository`. Nothing is asked yet.
    pub fn new(repository: &'a RemoteRepository) -> Self {
        Self {
            repository,
            material: Material::random(),
            made: Vec::new(),
            deleting: None,
        }
    }

    /// May we push? Opens an upload and gives it up.
    pub async fn push(&self) -> Finding {
        let url = self.repository.url("blobs/uploads/");
        let call = self.repository.call(
            "open an upload".to_owned(),
            http::Method::POST,
            url,
            Access::Push,
        );
        match self.repository.host().send(call).await {
            Err(error) => Finding::of(&error),
            Ok(answer) if answer.status().as_u16() != 202 => {
                Finding::of(&answer.into_error().await)
            }
            Ok(answer) => match Session::opened(&answer) {
                Err(error) => Finding::of(&error),
                Ok(session) => {
                    drop(answer);
                    self.repository.give_up_session(&session).await;
                    Finding::Yes
                }
            },
        }
    }

    /// The smallest body that the host has refused as too large so far, in bytes. Nothing is sent to find out.
    pub fn size_limit(&self) -> Option<u64> {
        self.repository.host().learned().size_limit()
    }

    /// Is it known that what we push we can also take away?
    fn can_clean(&self) -> bool {
        self.deleting
            .as_ref()
            .is_some_and(|deleting| deleting.manifests.is_yes())
    }
}

/// Why a probe that pushes was left out.
fn not_tried() -> Finding {
    Finding::Unknown("not tried, because what is pushed here cannot be removed again".to_owned())
}
