//! No payload makes its reader panic, and no pointer that of a condition.
#![no_main]

use libfuzzer_sys::fuzz_target;
use transship_trust::{Condition, Pattern, SimpleSigning, Statement};

fuzz_target!(|bytes: &[u8]| {
    let _ = SimpleSigning::parse(bytes);
    if let Ok(statement) = Statement::parse(bytes) {
        assert!(!statement.subject.is_empty());
    }
    let Ok(condition) = serde_json::from_slice::<Condition>(bytes) else {
        return;
    };
    let written = serde_json::to_value(&condition).unwrap_or_default();
    let _ = condition.holds(&written);
    if let Ok(pattern) = Pattern::expression(condition.pointer.as_str()) {
        let _ = pattern.matches(&condition.pointer);
    }
});
