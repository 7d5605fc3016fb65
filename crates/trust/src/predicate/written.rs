//! A condition as it is written: every test is a field, and one of them must be there.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{Condition, Test};

/// A condition on what a statement says.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Written {
    /// Where in the predicate, as a JSON pointer (RFC 6901); empty for the whole of it.
    pointer: String,
    /// This value is there.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    equals: Option<Value>,
    /// One of these values is there.
    #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
    one_of: Option<Vec<Value>>,
    /// Something is there (`true`), or nothing (`false`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exists: Option<bool>,
    /// A number less than this is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    less_than: Option<f64>,
    /// A number of at most this is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    /// A number greater than this is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    greater_than: Option<f64>,
    /// A number of at least this is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
}

/// `null` that was written is a value, not an absence.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl TryFrom<Written> for Condition {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let pointer = written.pointer;
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(format!("{pointer:?} is no JSON pointer; it starts with /"));
        }
        let tests = [
            written.equals.map(Test::Equals),
            written.one_of.map(Test::In),
            written.exists.map(Test::Exists),
            written.less_than.map(Test::LessThan),
            written.at_most.map(Test::AtMost),
            written.greater_than.map(Test::GreaterThan),
            written.at_least.map(Test::AtLeast),
        ];
        let mut tests = tests.into_iter().flatten();
        match (tests.next(), tests.next()) {
            (Some(test), None) => Ok(Self { pointer, test }),
            (None, _) => Err(format!("the condition on {pointer:?} has no test")),
            (Some(_), Some(_)) => Err(format!(
                "the condition on {pointer:?} has several tests; write a condition for each"
            )),
        }
    }
}

impl From<Condition> for Written {
    fn from(condition: Condition) -> Self {
        let mut written = Self {
            pointer: condition.pointer,
            ..Self::default()
        };
        match condition.test {
            Test::Equals(value) => written.equals = Some(value),
            Test::In(values) => written.one_of = Some(values),
            Test::Exists(exists) => written.exists = Some(exists),
            Test::LessThan(number) => written.less_than = Some(number),
            Test::AtMost(number) => written.at_most = Some(number),
            Test::GreaterThan(number) => written.greater_than = Some(number),
            Test::AtLeast(number) => written.at_least = Some(number),
        }
        written
    }
}

impl JsonSchema for Condition {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}
