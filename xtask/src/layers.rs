//! `cargo xtask layers`: does every crate see lower layers only?
//!
//! ARCHITECTURE.md draws the layers; the table here is what counts. A crate that is not in it is refused, so that a new
//! one is put somewhere on purpose.

use std::{collections::BTreeSet, error::Error, fs, path::Path};

use toml::{Table, Value};

/// A crate's place.
struct Place {
    name: &'static str,
    /// Sees only what is on a lower layer.
    layer: u8,
    /// Sees only these, for a crate that must not see all that is below.
    only: Option<&'static [&'static str]>,
}

const fn on(layer: u8, name: &'static str) -> Place {
    Place {
        name,
        layer,
        only: None,
    }
}

const PLACES: &[Place] = &[
    on(0, "transship-oci"),
    on(1, "transship-archive"),
    on(1, "transship-registry-client"),
    on(1, "transship-registry-server"),
    on(1, "transship-trust"),
    // Knows no HTTP and no files: it sees sources and sinks, never what is behind them.
    Place {
        name: "transship-engine",
        layer: 2,
        only: Some(&["transship-oci"]),
    },
    on(5, "transship"),
];

/// For tests and chores. They see everything; nothing that is shipped sees them.
const NOT_SHIPPED: &[&str] = &["transship-testkit", "xtask"];

/// What matters of one crate.
#[derive(Debug, PartialEq, Eq)]
struct Crate {
    name: String,
    /// What it depends on when it is shipped.
    sees: BTreeSet<String>,
    /// What its sources name, with the file that does.
    names: BTreeSet<(String, String)>,
}

/// Checks the workspace at `root` and prints what is wrong.
pub(crate) fn run(root: &Path) -> Result<(), Box<dyn Error>> {
    let crates = read(root)?;
    let complaints: Vec<String> = crates.iter().flat_map(complaints).collect();
    if complaints.is_empty() {
        println!(
            "layers: {} crates, each sees lower layers only",
            crates.len()
        );
        return Ok(());
    }
    Err(complaints.join("\n").into())
}

fn read(root: &Path) -> Result<Vec<Crate>, Box<dyn Error>> {
    let mut folders: Vec<_> = fs::read_dir(root.join("crates"))?.collect::<Result<Vec<_>, _>>()?;
    folders.sort_by_key(fs::DirEntry::file_name);
    let folders = folders
        .iter()
        .map(fs::DirEntry::path)
        .chain([root.join("xtask")]);
    folders
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .map(|folder| {
            let mut found = parse(&fs::read_to_string(folder.join("Cargo.toml"))?)?;
            for file in crate::lines::sources(&folder.join("src"))? {
                if !is_test(&file) {
                    let shown = file
                        .strip_prefix(root)
                        .unwrap_or(&file)
                        .display()
                        .to_string();
                    let source = fs::read_to_string(&file)?;
                    found
                        .names
                        .extend(names(&source).map(|name| (shown.clone(), name)));
                }
            }
            Ok(found)
        })
        .collect()
}

/// Unit tests see what dev-dependencies bring.
fn is_test(file: &Path) -> bool {
    let parts = file
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    parts
        .into_iter()
        .any(|part| part == "tests.rs" || part == "tests")
}

/// Reads a crate's manifest: dependencies and build dependencies, for any target, under whatever name.
fn parse(manifest: &str) -> Result<Crate, Box<dyn Error>> {
    let table: Table = manifest.parse()?;
    let name = table.get("package").and_then(|package| package.get("name"));
    let name = name
        .and_then(Value::as_str)
        .ok_or("a manifest without a name")?;
    let targets = table.get("target").and_then(Value::as_table);
    let targets = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    let mut sees = BTreeSet::new();
    for section in std::iter::once(&table).chain(targets) {
        for kind in ["dependencies", "build-dependencies"] {
            let listed = section.get(kind).and_then(Value::as_table);
            for (key, value) in listed.into_iter().flatten() {
                let renamed = value.get("package").and_then(Value::as_str);
                sees.insert(renamed.unwrap_or(key).to_owned());
            }
        }
    }
    Ok(Crate {
        name: name.to_owned(),
        sees,
        names: BTreeSet::new(),
    })
}

/// The crates of the workspace that a source file names, outside of comments.
fn names(source: &str) -> impl Iterator<Item = String> {
    let code = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.match_indices("transship_").map(|(at, _)| &line[at..]))
        .filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
            rest[end..]
                .starts_with("::")
                .then(|| rest[..end].replace('_', "-"))
        })
}

fn complaints(one: &Crate) -> Vec<String> {
    if NOT_SHIPPED.contains(&one.name.as_str()) {
        return Vec::new();
    }
    let Some(place) = place(&one.name) else {
        return vec![format!(
            "{} has no layer; give it one in xtask/src/layers.rs",
            one.name
        )];
    };
    let depends = one.sees.iter().filter_map(|other| {
        let reason = objection(place, other)?;
        Some(format!("{} depends on {other}, {reason}", one.name))
    });
    let uses = one.names.iter().filter_map(|(file, other)| {
        let reason = objection(place, other)?;
        Some(format!("{file} names {other}, {reason}"))
    });
    depends.chain(uses).collect()
}

/// Why a crate at `place` may not see `other`, if it may not.
fn objection(place: &Place, other: &str) -> Option<String> {
    if NOT_SHIPPED.contains(&other) {
        return Some("which is for tests and chores only".to_owned());
    }
    if other == place.name {
        return None;
    }
    let below = self::place(other)?;
    if below.layer >= place.layer {
        return Some(format!(
            "which is on layer {}, not below layer {}",
            below.layer, place.layer
        ));
    }
    let only = place.only?;
    (!only.contains(&other)).then(|| format!("but may see only {}", only.join(", ")))
}

fn place(name: &str) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.name == name)
}

#[cfg(test)]
mod tests;
