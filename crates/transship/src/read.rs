//! Reading a small blob whole: a configuration, a signed payload.

use futures::TryStreamExt as _;
use transship_oci::{Descriptor, Error, ErrorKind, Result, Source, Verifier};

/// The largest blob that is read whole, in bytes.
const MAX_BLOB: u64 = 4 * 1024 * 1024;

/// Reads and verifies a blob.
///
/// # Errors
/// `Corrupt` when it is too large, `DigestMismatch` when it is not what was promised.
pub(crate) async fn blob(source: &dyn Source, node: &Descriptor) -> Result<Vec<u8>> {
    if node.size > MAX_BLOB {
        let message = format!(
            "a blob of {} bytes is over the limit of {MAX_BLOB}",
            node.size
        );
        return Err(Error::new(ErrorKind::Corrupt, message).at(node.digest));
    }
    let verifier = Verifier::new(node.clone());
    let permit = match source.budget() {
        Some(budget) => Some(budget.acquire().await),
        None => None,
    };
    let mut stream = source.blob(node, 0).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = stream.try_next().await? {
        verifier.pass(bytes.len() as u64, &piece)?;
        bytes.extend_from_slice(&piece);
    }
    drop(permit);
    verifier.ended(bytes.len() as u64)?;
    Ok(bytes)
}
