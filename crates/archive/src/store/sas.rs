//! Shared access signatures of Azure: what one says of itself, read without asking anybody.

mod terms;

use std::{fmt, str::FromStr};

use secrecy::{ExposeSecret as _, SecretString};
use transship_oci::{Error, ErrorKind};

pub use self::terms::{Kind, Terms};

/// Longer than any that Azure makes.
const MAX_SAS: usize = 4 * 1024;

/// A shared access signature. Its text is kept secret; what it allows is not.
#[derive(Clone)]
pub struct Sas {
    query: SecretString,
    terms: Box<Terms>,
}

impl Sas {
    /// What it allows, where, and how long.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The text for the query of a URL.
    pub(super) fn expose(&self) -> &str {
        self.query.expose_secret()
    }
}

impl fmt::Debug for Sas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sas").field(&self.terms).finish()
    }
}

impl FromStr for Sas {
    type Err = Error;

    /// With or without the question mark that Azure's tools put in front.
    ///
    /// # Errors
    /// `Invalid`; nothing of the text is repeated.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.contains("://") {
            return Err(
                invalid("it is a whole URL").hinting("give what stands behind the question mark")
            );
        }
        let text = text.strip_prefix('?').unwrap_or(text);
        if text.is_empty() || text.len() > MAX_SAS {
            return Err(invalid("it is empty or too long"));
        }
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
        {
            return Err(invalid(
                "it has spaces or other characters that do not belong there",
            ));
        }
        let terms = Terms::read(text).map_err(|what| invalid(&what))?;
        // The base64 of a signature that somebody has decoded on the way: a plus in a query is a space.
        let query = text.replace('+', "%2B");
        Ok(Self {
            query: query.into(),
            terms: Box::new(terms),
        })
    }
}

fn invalid(what: &str) -> Error {
    Error::new(
        ErrorKind::Invalid,
        format!("the SAS cannot be used: {what}"),
    )
    .hinting(
        "make a new one, such as with `az storage container generate-sas`, and give it in quotes",
    )
}

#[cfg(test)]
mod tests;
