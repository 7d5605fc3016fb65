//! `key generate`

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use serde_json::json;
use transship_oci::{Error, ErrorKind, Result, Side};
use transship_trust::sign::PrivateKey;

use crate::{
    app::App,
    args::{Format, GenerateKey},
    exit::Exit,
    output, private_key,
};

/// For whoever made it alone.
const PRIVATE: u32 = 0o600;
/// For everybody.
const PUBLIC: u32 = 0o644;

pub(super) fn generate(app: &App, args: &GenerateKey) -> Result<Exit> {
    let private = with_ending(&args.output_key_prefix, "key");
    let public = with_ending(&args.output_key_prefix, "pub");
    for path in [&private, &public] {
        if fs::symlink_metadata(path).is_ok() {
            return Err(exists(path));
        }
    }
    let passphrase: SecretString =
        private_key::new_passphrase(&app.environment, args.password_file.as_deref())?;
    let key = PrivateKey::generate()?;
    write_new(
        &private,
        key.to_encrypted_pem(&passphrase)?.as_bytes(),
        PRIVATE,
    )?;
    write_new(&public, key.public_pem().as_bytes(), PUBLIC)?;
    let fingerprint = key.public().fingerprint();
    match app.output.format() {
        Format::Json => output::json(&json!({
            "privateKey": private,
            "publicKey": public,
            "fingerprint": fingerprint,
        }))?,
        Format::Text => output::line(format_args!(
            "made {} and {}, fingerprint {fingerprint}",
            private.display(),
            public.display()
        ))?,
    }
    Ok(Exit::Done)
}

/// `PREFIX.key`, also for a prefix that has a dot in it.
fn with_ending(prefix: &Path, ending: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(".");
    path.push(ending);
    path.into()
}

fn write_new(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Error::new(ErrorKind::Invalid, "the file cannot be written")
            .on(Side::Local)
            .at(path.display())
            .because(cause),
    })
}

fn exists(path: &Path) -> Error {
    Error::new(
        ErrorKind::Invalid,
        "the file is there already, and keys are not overwritten",
    )
    .on(Side::Local)
    .at(path.display())
    .hinting("move it away, or give another --output-key-prefix")
}
