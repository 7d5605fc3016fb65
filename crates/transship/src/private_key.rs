//! The private key to sign with, and its passphrase.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

use secrecy::SecretString;
use transship_oci::{Error, ErrorKind, Result, Side};
use transship_trust::sign::PrivateKey;

use crate::{
    app::App,
    args::{SignerKey, SigningKey},
    environment::Environment,
    files,
};

/// The longest key file that is read, in bytes.
const MAX_KEY: u64 = 64 * 1024;
/// The variables that may hold a passphrase: ours, then cosign's.
const VARIABLES: [&str; 2] = ["TRANSSHIP_KEY_PASSWORD", "COSIGN_PASSWORD"];

/// Reads the key. A passphrase is looked for only when the key needs one.
///
/// # Errors
/// `Invalid` when there is no key, or when the passphrase is missing or wrong.
pub(crate) fn read(app: &App, given: &SigningKey) -> Result<PrivateKey> {
    let (text, at) = match &given.key {
        SignerKey::File(path) => (
            SecretString::from(files::read_text(path, MAX_KEY)?),
            files::name(path),
        ),
        SignerKey::Written => {
            let message = "a private key does not belong on the command line, where every process can read it";
            return Err(invalid(message).hinting("give a file, or env://VARIABLE"));
        }
        SignerKey::Variable(name) => {
            let value = app.environment.get(name).ok_or_else(|| {
                invalid(format!(
                    "the variable {name}, which is to hold the key, is not set"
                ))
            })?;
            (
                SecretString::from(value.to_owned()),
                format!("env://{name}"),
            )
        }
    };
    let text = exposed(&text);
    let passphrase = if PrivateKey::is_encrypted(text) {
        let file = given.password_file.as_deref();
        Some(passphrase(
            &app.environment,
            file,
            &format!("passphrase of {at}: "),
        )?)
    } else {
        None
    };
    PrivateKey::from_pem(text, passphrase.as_ref()).map_err(|error| error.on(Side::Local).at(at))
}

/// The passphrase for a new key; at a terminal it is asked for twice.
pub(crate) fn new_passphrase(
    environment: &Environment,
    file: Option<&Path>,
) -> Result<SecretString> {
    if let Some(given) = without_asking(environment, file)? {
        return Ok(given);
    }
    let first = ask("passphrase for the new key: ")?;
    let again = ask("the same once more: ")?;
    if exposed(&first) == exposed(&again) {
        Ok(first)
    } else {
        Err(invalid("the two passphrases differ"))
    }
}

fn passphrase(
    environment: &Environment,
    file: Option<&Path>,
    prompt: &str,
) -> Result<SecretString> {
    match without_asking(environment, file)? {
        Some(given) => Ok(given),
        None => ask(prompt),
    }
}

fn without_asking(environment: &Environment, file: Option<&Path>) -> Result<Option<SecretString>> {
    if let Some(path) = file {
        let text = files::read_text(path, MAX_KEY)?;
        // The line end that an editor or `echo` puts there is none of it.
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        return Ok(Some(text.to_owned().into()));
    }
    let set = VARIABLES.iter().find_map(|name| environment.set(name));
    Ok(set.map(|text| text.to_owned().into()))
}

fn ask(prompt: &str) -> Result<SecretString> {
    let nowhere = || {
        invalid("the private key has a passphrase, and nobody is there to be asked for it")
            .hinting("set TRANSSHIP_KEY_PASSWORD or COSIGN_PASSWORD, or give --password-file FILE")
    };
    if !io::stdin().is_terminal() {
        return Err(nowhere());
    }
    let typed = rpassword::prompt_password(prompt).map_err(|cause| nowhere().because(cause))?;
    Ok(typed.into())
}

fn exposed(secret: &SecretString) -> &str {
    use secrecy::ExposeSecret as _;
    secret.expose_secret()
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message).on(Side::Local)
}
