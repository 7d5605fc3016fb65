//! `attest REF`

use serde_json::Value;
use transship_oci::{Error, ErrorKind, Result, Side, Source as _};
use transship_trust::sign::{self, Attestation};

use super::sign::{Placed, place, with_children};
use crate::{
    app::App,
    args::{Attest, Storage},
    exit::Exit,
    files, private_key,
};

/// The largest predicate that is read, in bytes: a bundle with it must fit into what verifiers read (128 MiB).
const MAX_PREDICATE: u64 = 64 << 20;

pub(super) async fn run(app: &App, args: &Attest) -> Result<Exit> {
    let text = files::read_text(&args.predicate, MAX_PREDICATE)?;
    let predicate: Value = serde_json::from_str(&text).map_err(|cause| {
        Error::new(ErrorKind::Invalid, "the predicate is not JSON")
            .on(Side::Local)
            .at(files::name(&args.predicate))
            .because(cause)
    })?;
    let key = private_key::read(app, &args.key)?;
    let repository = app.target(&args.reference.repository)?;
    let root = repository.fetch(&args.reference.name()).await?;
    let subjects = if args.recursive {
        with_children(&repository, root).await?
    } else {
        vec![root.descriptor().clone()]
    };
    let mut lines = Vec::new();
    for subject in subjects {
        let said = Attestation {
            subject: &subject,
            predicate_type: &args.predicate_type,
            predicate: predicate.clone(),
        };
        let signed = match args.storage() {
            Storage::Bundle => sign::attest(&key, said, app.now())?,
            Storage::Cosign => {
                let tag = sign::legacy_tag(&subject.digest, "att")?;
                let existing = sign::tagged(&repository, &tag).await?;
                sign::attest_legacy(&key, said, repository.name(), existing.as_ref())?
            }
        };
        lines.push(place(&repository, &subject, &signed, args.dry_run).await?);
    }
    app.progress.end();
    app.output
        .result(&Placed::new(&repository, &key, args.storage(), lines))?;
    Ok(Exit::Done)
}
