//! Signature files of a `dir:` folder, as `containers/image` writes them: `signature-1`, `signature-2` and so on.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use transship_oci::Digest;

use super::{Evidence, Form};
use crate::Outcome;
use crate::storage::SIMPLE_SIGNING;

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

/// Reads one file; `None` when it holds an attachment that is no signature.
pub(super) fn read(subject: Digest, file: &[u8]) -> Option<Evidence> {
    let Some(rest) = file.strip_prefix(&[MAGIC]) else {
        let why = "OpenPGP signatures are not supported by this version";
        let outcome = Outcome::UnsupportedFormat;
        return Some(Evidence::unreadable(subject, Form::OpenPgp, outcome, why));
    };
    let cannot =
        |outcome, why: String| Some(Evidence::unreadable(subject, Form::LegacyTag, outcome, why));
    let Some(json) = rest
        .strip_prefix(SIGSTORE)
        .and_then(|rest| rest.strip_prefix(b"\n"))
    else {
        let why = "the signature file is of a format that is not known here";
        return cannot(Outcome::UnsupportedFormat, why.to_owned());
    };
    let file: File = match serde_json::from_slice(json) {
        Ok(file) => file,
        Err(cause) => {
            let why = format!("the signature file cannot be read: {cause}");
            return cannot(Outcome::BadSignature, why);
        }
    };
    if file.mime_type != SIMPLE_SIGNING {
        return None;
    }
    match STANDARD.decode(&file.payload) {
        Ok(payload) => Some(Evidence::simple(
            subject,
            payload.into(),
            &file.annotations.unwrap_or_default(),
        )),
        Err(_) => cannot(
            Outcome::BadSignature,
            "the signature file's payload is not base64".to_owned(),
        ),
    }
}
