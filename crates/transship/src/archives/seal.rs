//! Signing an inventory, and judging who signed one.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use jiff::Timestamp;
use transship_archive::{Archive, Sealed};
use transship_oci::{Error, ErrorKind, Name, RawManifest, Result, Side};
use transship_trust::{
    Judge, Limits,
    policy::{self, Assessment, Rules},
    sign::{self, PrivateKey},
};

use crate::{app::App, trust};

/// The signature of an inventory; none without a key.
///
/// The time of signing is left at the beginning of time: it is not signed, and the same archive must have the same bytes.
///
/// # Errors
/// `Internal` when the signature cannot be made.
pub(crate) fn seal(key: Option<&PrivateKey>, inventory: &RawManifest) -> Result<Vec<Sealed>> {
    let Some(key) = key else {
        return Ok(Vec::new());
    };
    let nothing = BTreeMap::new();
    let signed = sign::sign(key, inventory.descriptor(), &nothing, Timestamp::UNIX_EPOCH)?;
    Ok(vec![Sealed {
        manifest: signed.manifest,
        blobs: signed.blobs,
    }])
}

/// Judges the inventory of an archive by keys or by a policy. Without either nobody's word is asked for, and `None` is
/// what was found.
///
/// # Errors
/// As the verdict is, when the inventory may not pass.
pub(crate) async fn unlock(
    app: &App,
    archive: &Archive,
    keys: &[String],
    policy: Option<&PathBuf>,
) -> Result<Option<Assessment>> {
    let rules: Arc<dyn Rules> = match (keys, policy) {
        ([], None) => return Ok(None),
        (_, Some(path)) => trust::rules(app, path)?,
        (keys, None) => trust::by_keys(app, keys)?,
    };
    let (source, name) = (archive.inventory_source(), Name::Digest(archive.digest()));
    let walked = policy::walk(&*rules, &*source, None, &name).await?;
    let judge = Judge::new(app.now());
    let found = policy::assess(&*rules, &judge, &Limits::default(), &walked, &*source).await?;
    match found.class.error_kind() {
        None => Ok(Some(found)),
        Some(kind) => Err(refused(kind, archive, &found)),
    }
}

fn refused(kind: ErrorKind, archive: &Archive, found: &Assessment) -> Error {
    let reasons = found.reasons.join("; ");
    let error = Error::new(kind, format!("the inventory is refused: {reasons}"));
    let error = error.on(Side::Source).at(archive.at());
    match kind {
        ErrorKind::SignatureMissing => {
            error.hinting("ask for an archive that was exported with --key")
        }
        _ => error,
    }
}
