//! `--format`: the form of the results, and for what is signed the form in which it is stored.

use std::str::FromStr;

use clap::ValueEnum;

use super::Format;

/// What `--format` said. One type for all commands: `sign` has values of its own for the flag that all have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Forms {
    /// Form of the results.
    pub(crate) output: Format,
    /// How signatures are stored.
    pub(crate) storage: Option<Storage>,
}

/// How a signature is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Storage {
    /// A Sigstore bundle that refers to its subject.
    #[default]
    Bundle,
    /// cosign's first form, in a tag.
    Cosign,
}

impl From<Format> for Forms {
    fn from(output: Format) -> Self {
        Self {
            output,
            storage: None,
        }
    }
}

impl Storage {
    /// As it is written and shown.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Cosign => "cosign",
        }
    }
}

/// The values of a command that signs, with a comma between them.
pub(crate) fn signing(text: &str) -> Result<Forms, String> {
    let mut forms = Forms::default();
    for word in text.split(',') {
        match word {
            "bundle" => forms.storage = Some(Storage::Bundle),
            "cosign" => forms.storage = Some(Storage::Cosign),
            _ => {
                forms.output = Format::from_str(word, false)
                    .map_err(|_| format!("{word:?} is none of bundle, cosign, text and json"))?;
            }
        }
    }
    Ok(forms)
}

/// Where a private key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignerKey {
    /// In a file.
    File(std::path::PathBuf),
    /// In a variable of the environment.
    Variable(String),
    /// On the command line itself, where it does not belong.
    Written,
}

impl FromStr for SignerKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("-----BEGIN") {
            // Refused by whoever reads the key: the parser would quote it.
            return Ok(Self::Written);
        }
        match text.split_once("://") {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Variable(name.to_owned())),
            Some((scheme, _)) => Err(format!(
                "keys at {scheme}:// are not known here; give a file or env://VARIABLE"
            )),
            None => Ok(Self::File(text.into())),
        }
    }
}
