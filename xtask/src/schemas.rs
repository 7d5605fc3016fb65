//! `cargo xtask schemas`: writes the JSON schemas that are published; tests compare them.

use std::{error::Error, fs, path::Path};

use transship_archive::Inventory;

/// Writes every schema into the workspace at `root`.
pub(crate) fn run(root: &Path) -> Result<(), Box<dyn Error>> {
    let schemas = [(
        "crates/archive/schema/inventory.v1.schema.json",
        Inventory::schema(),
    )];
    for (path, schema) in schemas {
        let text = serde_json::to_string_pretty(&schema)? + "\n";
        fs::write(root.join(path), text)?;
        println!("{path}");
    }
    Ok(())
}
