//! Queries of URLs.

use std::fmt::Write as _;

use crate::store::address::encode_segment;

/// `fixed` with the pairs behind it whose values are not empty, encoded.
pub(in crate::store) fn query(fixed: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = fixed.to_owned();
    for (name, value) in pairs {
        if !value.is_empty() {
            let joint = if query.is_empty() { "" } else { "&" };
            let _ = write!(query, "{joint}{name}={}", encode_segment(value));
        }
    }
    query
}
