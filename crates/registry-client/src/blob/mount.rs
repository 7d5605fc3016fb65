//! Mounting: a blob that the registry has in another repository need not be sent.

use http::Method;
use transship_oci::{Descriptor, ErrorKind, Repository, Result};

use super::Session;
use crate::{
    manifest::{check_said, digest_header},
    repository::RemoteRepository,
    transport::{Access, Room, Scope},
};

/// What came of it.
#[derive(Debug)]
pub(crate) enum Mount {
    /// The blob is there.
    Done,
    /// The registry would rather have the bytes, and has opened a session for them.
    Opened(Session),
    /// Not here, not from there, or not for us: send it.
    No,
}

impl RemoteRepository {
    /// Tries to mount `node` from `from`. Whatever the registry has against it is no error: Harbor says 401 for a
    /// missing project, others 403, 404 or 405.
    pub(crate) async fn mount_blob(&self, node: &Descriptor, from: &Repository) -> Result<Mount> {
        let usable = from.registry() == self.name().registry() && self.host().learned().mount();
        if !usable {
            return Ok(Mount::No);
        }
        let path = format!("blobs/uploads/?mount={}&from={}", node.digest, from.path());
        let op = format!("mount blob {} from {}", node.digest, from.path());
        let mut call = self.call(op, Method::POST, self.url(&path), Access::Push);
        call.room = Room::Held;
        // Docker Hub wants the right to pull from the source, even from a public one.
        call.scopes.push(Scope {
            repository: from.path().to_owned(),
            access: Access::Pull,
        });
        let answer = match self.host().send(call).await {
            Ok(answer) => answer,
            Err(error) => {
                return match error.kind() {
                    ErrorKind::RateLimited | ErrorKind::Cancelled => Err(error),
                    _ => Ok(Mount::No),
                };
            }
        };
        match answer.status().as_u16() {
            201 => {
                let said = digest_header(&answer).and_then(|said| check_said(node.digest, said));
                Ok(if said.is_ok() { Mount::Done } else { Mount::No })
            }
            202 => Session::opened(&answer).map(Mount::Opened),
            405 | 501 => {
                self.host().learned().learn_no_mount();
                Ok(Mount::No)
            }
            _ => Ok(Mount::No),
        }
    }
}
