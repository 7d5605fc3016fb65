//! From what was written to an address.

use transship_archive::store::Address;
use transship_oci::{Error, ErrorKind, Result, Side};

use crate::{app::App, args::Written};

/// Reads an address: as it is, or from the variable that `env://NAME` names. A URL with a SAS belongs in a variable: every
/// process can read the command line.
///
/// # Errors
/// `Invalid` when it is none. What was written is not repeated.
pub(crate) fn read(app: &App, written: &Written) -> Result<Address> {
    let text = match written.text().strip_prefix("env://") {
        Some(name) => app.environment.get(name).ok_or_else(|| {
            let shown: String = name.chars().take(80).collect();
            let message = format!("the variable {shown}, which is to hold the address, is not set");
            Error::new(ErrorKind::Invalid, message).on(Side::Local)
        })?,
        None => written.text(),
    };
    text.parse().map_err(|error: Error| error.on(Side::Local))
}
