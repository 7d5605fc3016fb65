//! Two sources must not go to one target: which of them stays would be chance.

use std::collections::HashMap;

use transship_oci::{Error, ErrorKind, Result};

/// Checks (source, target) pairs, both as they are shown. The same pair twice is no collision.
///
/// # Errors
/// `Invalid`, naming the target and both sources.
pub(crate) fn check<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<()> {
    let mut taken: HashMap<&str, &str> = HashMap::new();
    for (source, target) in pairs {
        if let Some(first) = taken.insert(target, source)
            && first != source
        {
            let message = format!("{first} and {source} would both go to {target}");
            return Err(Error::new(ErrorKind::Invalid, message).hinting(
                "give them different targets, for example with {repository} or {tag} in the target",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn one_target_has_one_source() {
        assert!(
            check([
                ("a:1", "x:1"),
                ("a:2", "x:2"),
                ("a:1", "y:1"),
                ("a:1", "x:1")
            ])
            .is_ok()
        );
        let error = check([("a:1", "x:1"), ("b:1", "x:1")]).unwrap_err();
        assert_eq!(error.to_string(), "a:1 and b:1 would both go to x:1");
    }
}
