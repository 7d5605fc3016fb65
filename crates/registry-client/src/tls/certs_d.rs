//! A host's folder in `certs.d`: `*.crt` are authorities, `X.cert` with `X.key` is a client certificate.

use std::{fs, io, path::Path};

use transship_oci::{Error, ErrorKind, Result};

use super::{ClientCertificate, TlsMaterial};

/// No certificate file is larger.
const MAX_FILE: u64 = 1024 * 1024;

/// Reads one host's folder. The files are few and small, and are read once a process.
///
/// # Errors
/// `Invalid`, naming the file, when one cannot be read or a certificate lacks its key.
pub(crate) fn read(folder: &Path) -> Result<TlsMaterial> {
    let mut material = TlsMaterial::default();
    let mut names: Vec<_> = fs::read_dir(folder)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(|error| unreadable(folder, error))?
        .into_iter()
        .map(|entry| entry.path())
        .collect();
    names.sort();
    for path in names {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("crt") => material.authorities.push(read_file(&path)?),
            Some("cert") => {
                let key = path.with_extension("key");
                if !key.exists() {
                    let message = format!("certificate {} has no key beside it", path.display());
                    return Err(Error::new(ErrorKind::Invalid, message)
                        .hinting(format!("put the key into {}", key.display())));
                }
                material.client = Some(ClientCertificate {
                    chain: read_file(&path)?,
                    key: read_file(&key)?.into(),
                });
            }
            _ => {}
        }
    }
    Ok(material)
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    let length = fs::metadata(path)
        .map_err(|error| unreadable(path, error))?
        .len();
    if length > MAX_FILE {
        let message = format!("{} is too large for a certificate", path.display());
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    fs::read(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::new(
        ErrorKind::Invalid,
        format!("{} cannot be read", path.display()),
    )
    .because(error)
}
