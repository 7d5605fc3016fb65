//! The published schema of the inventory.
//!
//! The types here are never made: they tell the schema what the text forms of the specification's nouns look like.
#![expect(dead_code, reason = "they are there for what is derived from them")]

use schemars::{JsonSchema, Schema, schema_for};

use super::Inventory;

/// A digest with its algorithm.
#[derive(JsonSchema)]
#[schemars(rename = "Digest")]
pub(crate) struct DigestText(
    #[schemars(regex(pattern = r"^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$"))] String,
);

/// A tag.
#[derive(JsonSchema)]
#[schemars(rename = "Tag")]
pub(crate) struct TagText(
    #[schemars(regex(pattern = r"^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$"))] String,
);

/// A repository with its registry.
#[derive(JsonSchema)]
#[schemars(rename = "Repository")]
pub(crate) struct RepositoryText(#[schemars(length(max = 512))] String);

impl Inventory {
    /// The JSON schema of an inventory, as it is published.
    pub fn schema() -> Schema {
        schema_for!(Inventory)
    }
}
