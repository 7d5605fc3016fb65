//! Letters that go back across a gap: receipts and requests, each with its signature in a file beside it.
//!
//! The signature is a Sigstore bundle in `FILE.sigstore.json`, over the digest of the file's bytes, so that the file itself
//! stays what its schema says.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use transship_oci::{Digest, Error, ErrorKind, Result, Side};
use transship_trust::{
    Class, Demand, Evidence, Judge, Key, KeySigner, SIGN, Signer, Statement, StatementSubject,
    Tlog,
    sign::{self, PrivateKey},
};

use crate::{app::App, files, output};

/// The longest letter that is read, in bytes: a receipt of a large registry names every blob there.
const MAX_LETTER: u64 = 1 << 30;
/// The longest signature that is read, in bytes.
const MAX_SIGNATURE: u64 = 1 << 20;
/// The largest file of public keys, in bytes.
const MAX_KEYS: u64 = 1 << 20;

/// Writes a letter, and its signature beside it where there is a key. `-` is standard output, which takes no signature.
///
/// # Errors
/// `Invalid` when a file cannot be written.
pub(crate) fn write(app: &App, path: &Path, text: &[u8], key: Option<&PrivateKey>) -> Result<()> {
    if path == Path::new("-") {
        if key.is_some() {
            let message = "standard output has no place for a signature";
            return Err(Error::new(ErrorKind::Invalid, message)
                .on(Side::Local)
                .hinting("give a file to write to"));
        }
        return output::bytes(text);
    }
    // The signature first: a letter whose signature is missing looks like a forgery.
    let signature = beside(path);
    match key {
        Some(key) => files::write_text(&signature, &String::from_utf8_lossy(&signed(key, text)?))?,
        None => remove(&signature)?,
    }
    files::write_text(path, &String::from_utf8_lossy(text))?;
    app.output
        .say(format_args!("written to {}", files::name(path)));
    Ok(())
}

/// Reads a letter. With `keys`, one of them must have signed it.
///
/// # Errors
/// `Invalid` when it cannot be read; as the judge says when it is not signed as it should be.
pub(crate) fn read(app: &App, path: &Path, keys: &[PathBuf]) -> Result<Vec<u8>> {
    let text = files::read(path, MAX_LETTER)?;
    if keys.is_empty() {
        app.output.say(format_args!(
            "note: nobody's signature of {} was asked for; --far-key does",
            files::name(path)
        ));
        return Ok(text);
    }
    let signer = Signer::Key(KeySigner {
        keys: read_keys(keys)?,
        tlog: Tlog::Ignore,
        root: None,
    });
    let signature = beside(path);
    if !signature.exists() {
        let message = "the file has no signature beside it";
        return Err(Error::new(ErrorKind::SignatureMissing, message)
            .on(Side::Local)
            .at(files::name(path))
            .hinting(format!("put {} there", files::name(&signature))));
    }
    let bundle = files::read(&signature, MAX_SIGNATURE)?;
    let evidence = Evidence::bundle(Digest::sha256(&text), &bundle);
    let finding = Judge::new(app.now()).judge(&evidence, &signer, &Demand::signature());
    match finding.outcome.class() {
        Class::Good => Ok(text),
        class => {
            let outcome = finding.outcome.as_str();
            let message = format!("the file is refused: {outcome}: {}", finding.detail);
            let kind = class.error_kind().unwrap_or(ErrorKind::CannotCheck);
            Err(Error::new(kind, message)
                .on(Side::Local)
                .at(files::name(path)))
        }
    }
}

fn read_keys(files: &[PathBuf]) -> Result<Vec<Key>> {
    let mut keys = Vec::new();
    for file in files {
        let text = files::read_text(file, MAX_KEYS)?;
        let read = Key::from_pem(&text);
        keys.extend(read.map_err(|error| error.on(Side::Local).at(files::name(file)))?);
    }
    Ok(keys)
}

fn signed(key: &PrivateKey, text: &[u8]) -> Result<Vec<u8>> {
    let digest = Digest::sha256(text);
    let statement = Statement {
        form: "https://in-toto.io/Statement/v1".to_owned(),
        subject: vec![StatementSubject {
            name: String::new(),
            digest: [(digest.algorithm().as_str().to_owned(), digest.hex())].into(),
            annotations: None,
        }],
        predicate_type: SIGN.to_owned(),
        predicate: Value::Object(Map::new()),
    };
    sign::bundle(key, &statement)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sigstore.json");
    name.into()
}

/// A signature of what stood here before must not be taken for one of what stands here now.
fn remove(signature: &Path) -> Result<()> {
    match std::fs::remove_file(signature) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            let message = "the signature of an earlier letter cannot be removed";
            Err(Error::new(ErrorKind::Invalid, message)
                .on(Side::Local)
                .at(files::name(signature))
                .because(cause))
        }
        _ => Ok(()),
    }
}
