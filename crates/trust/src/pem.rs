//! PEM (RFC 7468): labelled blocks of base64 in a text.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use transship_oci::{Error, ErrorKind, Result};

/// The longest block that is read, in characters: no key or certificate comes near it.
const MAX_BLOCK: usize = 64 * 1024;

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// What it says it is, such as `PUBLIC KEY`.
    pub(crate) label: String,
    /// What it holds.
    pub(crate) der: Vec<u8>,
}

/// Reads all blocks of `text`; what stands between them is commentary. Never more than `max`.
///
/// # Errors
/// `Invalid` for a block that does not end, is not base64, is too long, or is one too many. Content is never quoted: it may be
/// a secret given by mistake.
pub(crate) fn read(text: &str, max: usize) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let (label, body) = after
            .split_once("-----")
            .filter(|(label, _)| label.len() <= 64 && !label.contains(['\n', '\r']))
            .ok_or_else(|| invalid("a PEM block has no proper first line"))?;
        let end = format!("-----END {label}-----");
        let (body, after) = body
            .split_once(&end)
            .ok_or_else(|| invalid(format!("the PEM block {label:?} does not end")))?;
        if body.len() > MAX_BLOCK {
            return Err(invalid(format!(
                "the PEM block {label:?} is longer than {MAX_BLOCK} characters"
            )));
        }
        if blocks.len() == max {
            return Err(invalid(format!("there are more than {max} PEM blocks")));
        }
        let base64: String = body.split_ascii_whitespace().collect();
        let der = STANDARD
            .decode(base64)
            .map_err(|_| invalid(format!("the PEM block {label:?} is not base64")))?;
        blocks.push(Block {
            label: label.to_owned(),
            der,
        });
        rest = after;
    }
    Ok(blocks)
}

/// Writes one block, 64 characters a line.
pub(crate) fn write(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text + "-----END " + label + "-----\n"
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests;
