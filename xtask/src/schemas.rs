//! `cargo xtask schemas`: writes the JSON schemas that are published; tests compare them.

use std::{error::Error, fs, path::Path};

use transship_archive::{Inventory, Receipt, Request};

/// Writes every schema into the workspace at `root`.
pub(crate) fn run(root: &Path) -> Result<(), Box<dyn Error>> {
    let schemas = [
        ("inventory", Inventory::schema()),
        ("receipt", Receipt::schema()),
        ("request", Request::schema()),
    ];
    for (name, schema) in schemas {
        let path = format!("crates/archive/schema/{name}.v1.schema.json");
        let text = serde_json::to_string_pretty(&schema)? + "\n";
        fs::write(root.join(&path), text)?;
        println!("{path}");
    }
    Ok(())
}
