//! What a registry says besides: `Warning: 299 - "text"` (distribution-spec, "Warnings"). Shown once, never acted on.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use http::HeaderMap;
use transship_oci::{Event, Observer};

/// All warnings of one answer together may be so long.
const MAX_LENGTH: usize = 4096;
/// A registry that always finds something new to say is not listened to any longer.
const MAX_HEARD: usize = 64;

/// Passes a host's warnings on.
#[derive(Debug)]
pub(super) struct Remarks {
    host: String,
    observer: Arc<dyn Observer>,
    heard: Mutex<HashSet<String>>,
}

impl Remarks {
    pub(super) fn new(host: &str, observer: Arc<dyn Observer>) -> Self {
        Self {
            host: host.to_owned(),
            observer,
            heard: Mutex::default(),
        }
    }

    /// Takes note of the warnings in `headers`.
    pub(super) fn hear(&self, headers: &HeaderMap) {
        let mut left = MAX_LENGTH;
        for value in headers.get_all(http::header::WARNING) {
            let Some(text) = value.to_str().ok().and_then(parse) else {
                continue;
            };
            let Some(rest) = left.checked_sub(text.len()) else {
                return;
            };
            left = rest;
            if self.is_new(&text) {
                self.observer.on(&Event::Notice {
                    about: self.host.clone(),
                    message: format!("the registry says: {text}"),
                });
            }
        }
    }

    fn is_new(&self, text: &str) -> bool {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.len() < MAX_HEARD && heard.insert(text.to_owned())
    }
}

/// The text of a warning; other codes and agents are none of the specification's.
fn parse(value: &str) -> Option<String> {
    let quoted = value.trim().strip_prefix("299 - \"")?;
    let mut text = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return (!text.is_empty()).then_some(text),
            '\\' => text.push(chars.next()?),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_warnings_of_the_specification() {
        let text = "this repository goes away on \"Friday\"";
        assert_eq!(
            parse(r#"299 - "this repository goes away on \"Friday\"""#).as_deref(),
            Some(text)
        );
        for other in [
            "",
            "199 - \"x\"",
            "299 host \"x\"",
            "299 - x",
            "299 - \"x",
            "299 - \"\"",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
