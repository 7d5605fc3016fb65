//! The inventory as bytes, both ways.

use transship_oci::{Error, ErrorKind, Result};

use super::Inventory;

/// The largest inventory that is read, in bytes: room for [`super::MAX_ENTRIES`] blobs.
pub const MAX_INVENTORY: u64 = 256 * 1024 * 1024;

impl Inventory {
    /// The one way to write it: compact JSON, fields in the order of the model, nothing that is empty.
    ///
    /// # Errors
    /// `Internal`, should it not be writable.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|cause| {
            Error::new(ErrorKind::Internal, "the inventory cannot be written").because(cause)
        })
    }

    /// Reads and checks an inventory; see [`Inventory::check`].
    ///
    /// # Errors
    /// `Corrupt` with the name of the field; `Unsupported` for another version than ours.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let corrupt = |message: String| Error::new(ErrorKind::Corrupt, message);
        if json.len() as u64 > MAX_INVENTORY {
            let size = json.len();
            return Err(corrupt(format!(
                "an inventory of {size} bytes is over the limit of {MAX_INVENTORY}"
            )));
        }
        let mut reader = serde_json::Deserializer::from_slice(json);
        let inventory: Self = serde_path_to_error::deserialize(&mut reader).map_err(|cause| {
            let field = cause.path().to_string();
            corrupt(format!("the inventory cannot be read at {field}")).because(cause.into_inner())
        })?;
        reader.end().map_err(|cause| {
            corrupt("something follows the inventory".to_owned()).because(cause)
        })?;
        inventory.check()?;
        Ok(inventory)
    }
}
