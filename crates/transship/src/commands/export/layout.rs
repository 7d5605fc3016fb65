//! From what was gathered and what the command line says to the outline of an archive.

use std::path::Path;

use transship_archive::{Lineage, Outline, OutlineOptions, TrustMaterial, inventory::TagPolicy};
use transship_engine::Gathering;
use transship_oci::{Artifact, Error, ErrorKind, Result, Side};
use transship_trust::sign::PrivateKey;

use super::{
    far::Far,
    wanted::{Wanted, targets},
};
use crate::{
    archives::{self, GENERATOR},
    args::ExportArtifacts,
    files,
};

/// The longest trust file that travels along, in bytes.
const MAX_TRUST_FILE: u64 = 16 << 20;

/// Lays out the archive: every byte's place is known then, and nothing was written.
///
/// # Errors
/// `Invalid` when a file is not there, or what is asked for makes no archive.
pub(super) fn outline(
    args: &ExportArtifacts,
    (wanted, far): (&[Wanted], &Far),
    gathering: &Gathering,
    key: Option<&PrivateKey>,
) -> Result<Outline> {
    let targets = targets(wanted)?;
    let artifacts: Vec<Artifact> = gathering
        .gathered
        .iter()
        .map(|one| one.artifact.clone())
        .collect();
    let prerequisites = far.prerequisites(&artifacts, &targets)?;
    let succession = &args.succession;
    let lineage = succession.lineage.clone().zip(succession.sequence);
    let options = OutlineOptions {
        lineage: lineage.map(|(name, sequence)| Lineage {
            name,
            sequence,
            predecessor: succession.predecessor,
        }),
        tag_policy: if args.move_tags {
            TagPolicy::Overwrite
        } else {
            TagPolicy::CreateOnly
        },
        targets,
        trust: args
            .trust_file
            .iter()
            .map(|path| trust_file(path))
            .collect::<Result<_>>()?,
        volume_size: args.volume_size.map(|size| size.0),
        prerequisites,
        ..OutlineOptions::new(GENERATOR)
    };
    Outline::of(&artifacts, &options, &|inventory| {
        archives::seal(key, inventory)
    })
}

fn trust_file(path: &Path) -> Result<TrustMaterial> {
    let name = path.file_name().and_then(std::ffi::OsStr::to_str);
    let name = name.ok_or_else(|| {
        Error::new(ErrorKind::Invalid, "this names no file")
            .on(Side::Local)
            .at(files::name(path))
    })?;
    let bytes = files::read(path, MAX_TRUST_FILE)?;
    // One private key carried across by mistake is one too many.
    if bytes.windows(KEY.len()).any(|part| part == KEY) {
        let message = "a private key must not travel in an archive";
        return Err(Error::new(ErrorKind::Invalid, message)
            .on(Side::Local)
            .at(files::name(path))
            .hinting("give the public key"));
    }
    Ok(TrustMaterial {
        name: name.to_owned(),
        bytes: bytes.into(),
    })
}

/// In the first line of every PEM and every cosign file with a private key.
const KEY: &[u8] = b"PRIVATE KEY-----";
