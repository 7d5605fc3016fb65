//! Conditions.

use transship_oci::Result;

use super::{super::ConditionFile, invalid};
use crate::{Condition, Test};

/// A condition from what the file says: a place, and exactly one test.
pub(super) fn read(file: &ConditionFile) -> Result<Condition> {
    let tests = [
        file.equals.clone().map(Test::Equals),
        file.r#in.clone().map(Test::In),
        file.exists.map(Test::Exists),
        file.less_than.map(Test::LessThan),
        file.at_most.map(Test::AtMost),
        file.greater_than.map(Test::GreaterThan),
        file.at_least.map(Test::AtLeast),
    ];
    let mut tests = tests.into_iter().flatten();
    let (Some(test), None) = (tests.next(), tests.next()) else {
        return Err(invalid(format!(
            "the condition on {:?} wants exactly one test",
            file.pointer
        ))
        .hinting("use one of: equals, in, exists, less-than, at-most, greater-than, at-least"));
    };
    let condition = Condition {
        pointer: file.pointer.clone(),
        test,
    };
    if !(file.pointer.is_empty() || file.pointer.starts_with('/')) {
        return Err(invalid(format!("{:?} is no JSON pointer", file.pointer))
            .hinting(format!("write {:?}", format!("/{}", file.pointer))));
    }
    Ok(condition)
}
