//! Signature files of a `dir:` folder, as `containers/image` writes them: `signature-1`, `signature-2` and so on.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use transship_oci::Digest;

use super::{Evidence, Form, find::SIMPLE_SIGNING};
use crate::Outcome;

/// What a file that is no `OpenPGP` message starts with, before the name of its format and a line's end.
const MAGIC: u8 = 0;
/// The format of a signature in cosign's first form.
const SIGSTORE: &[u8] = b"sigstore-json";

/// A signature as the file keeps it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    mime_type: String,
    payload: String,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

/// Reads one file.
pub(super) fn read(subject: Digest, file: &[u8]) -> Evidence {
    let cannot =
        |form, why: String| Evidence::unreadable(subject, form, Outcome::UnsupportedFormat, why);
    let Some(rest) = file.strip_prefix(&[MAGIC]) else {
        let why = "OpenPGP signatures are not supported by this version";
        return cannot(Form::OpenPgp, why.to_owned());
    };
    let Some(json) = rest
        .strip_prefix(SIGSTORE)
        .and_then(|rest| rest.strip_prefix(b"\n"))
    else {
        return cannot(
            Form::LegacyTag,
            "the signature file is of a format that is not known here".to_owned(),
        );
    };
    let read = serde_json::from_slice::<File>(json)
        .map_err(|cause| cause.to_string())
        .and_then(|file| {
            let payload = STANDARD.decode(&file.payload).map_err(|e| e.to_string())?;
            Ok((file, payload))
        });
    match read {
        Ok((file, payload)) if file.mime_type == SIMPLE_SIGNING => Evidence::simple(
            subject,
            payload.into(),
            &file.annotations.unwrap_or_default(),
        ),
        Ok((file, _)) => {
            let kind: String = file.mime_type.chars().take(80).collect();
            cannot(
                Form::LegacyTag,
                format!("an attachment of type {kind:?} is no signature"),
            )
        }
        Err(cause) => cannot(
            Form::LegacyTag,
            format!("the signature file cannot be read: {cause}"),
        ),
    }
}
