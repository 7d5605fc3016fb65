//! Settings from the environment: `TRANSSHIP__A__B` is the key `b` below the key `a`, and `_` within a key is `-`.

use serde_json::{Map, Value};
use transship_oci::{Error, ErrorKind, Result};

use super::Settings;
use crate::{environment::Environment, yaml};

const PREFIX: &str = "TRANSSHIP__";

/// Reads all variables that begin with the prefix.
pub(super) fn read(environment: &Environment) -> Result<Settings> {
    let mut merged = Map::new();
    for (variable, text) in environment.with_prefix(PREFIX) {
        let path: Vec<String> = variable[PREFIX.len()..]
            .split("__")
            .map(|key| key.to_ascii_lowercase().replace('_', "-"))
            .collect();
        let mut alone = Map::new();
        insert(&mut alone, &path, &value(&path, text));
        // Each alone first, so that a bad one is named as the person wrote it.
        parse(&alone, variable)?;
        insert(&mut merged, &path, &value(&path, text));
    }
    parse(&merged, "the environment")
}

fn parse(values: &Map<String, Value>, origin: &str) -> Result<Settings> {
    let text = serde_json::to_string(values).map_err(|cause| {
        Error::new(ErrorKind::Internal, "the environment has no json form").because(cause)
    })?;
    yaml::read(&text, origin)
}

/// Numbers are numbers, and where a list is wanted commas divide.
fn value(path: &[String], text: &str) -> Value {
    if path == ["plain-http"] {
        return text
            .split(',')
            .map(|part| Value::from(part.trim()))
            .collect();
    }
    text.parse::<u64>()
        .map_or_else(|_| Value::from(text), Value::from)
}

fn insert(into: &mut Map<String, Value>, path: &[String], value: &Value) {
    match path {
        [] => {}
        [key] => {
            into.insert(key.clone(), value.clone());
        }
        [key, rest @ ..] => {
            let below = into
                .entry(key.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(below) = below {
                insert(below, rest, value);
            }
        }
    }
}
