//! The JSON schema of policy files, for editors.

use super::PolicyFile;

/// The schema, as JSON text that ends with a line's end. Made of the words in [`PolicyFile`].
pub fn schema() -> String {
    let schema = schemars::schema_for!(PolicyFile);
    format!("{:#}\n", schema.as_value())
}

#[cfg(test)]
mod tests;
