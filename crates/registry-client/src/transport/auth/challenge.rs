//! `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 6750 section 3): what a server wants to see.

use http::{HeaderMap, header};

/// More than this is not read: a challenge is short.
const MAX_LENGTH: usize = 16 * 1024;

/// One challenge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Challenge {
    /// The scheme, in lower case.
    pub(super) scheme: String,
    params: Vec<(String, String)>,
}

impl Challenge {
    /// The parameter `name`, in lower case; the first where a server says it twice.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Does the server say that the token is good, but not good enough?
    pub(super) fn wants_scope(&self) -> bool {
        self.get("error") == Some("insufficient_scope")
    }
}

/// The challenge to answer: Bearer before Basic, since a token tells the registry less than a password.
pub(super) fn best(headers: &HeaderMap) -> Option<Challenge> {
    let mut all = Vec::new();
    for value in headers.get_all(header::WWW_AUTHENTICATE).iter().take(8) {
        all.extend(parse(&String::from_utf8_lossy(value.as_bytes())));
    }
    let place = |scheme: &str| all.iter().position(|challenge| challenge.scheme == scheme);
    let at = place("bearer").or_else(|| place("basic"))?;
    Some(all.swap_remove(at))
}

/// All challenges of one header. Takes what it understands and passes over the rest.
pub(super) fn parse(text: &str) -> Vec<Challenge> {
    let mut rest = Cursor(text.get(..MAX_LENGTH).unwrap_or(text));
    let mut all: Vec<Challenge> = Vec::new();
    loop {
        rest.skip(|c| c == ',' || c.is_whitespace());
        let word = rest.word();
        if word.is_empty() {
            // Something that starts no word: step over it, or stop at the end.
            if rest.bump().is_none() {
                return all;
            }
            continue;
        }
        rest.skip(char::is_whitespace);
        if rest.0.starts_with('=') {
            rest.bump();
            rest.skip(char::is_whitespace);
            let value = rest.value();
            if let Some(challenge) = all.last_mut() {
                challenge.params.push((word.to_ascii_lowercase(), value));
            }
        } else {
            all.push(Challenge {
                scheme: word.to_ascii_lowercase(),
                params: Vec::new(),
            });
        }
    }
}

struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn skip(&mut self, what: impl Fn(char) -> bool) {
        self.0 = self.0.trim_start_matches(what);
    }

    fn bump(&mut self) -> Option<char> {
        let mut chars = self.0.chars();
        let first = chars.next();
        self.0 = chars.as_str();
        first
    }

    fn word(&mut self) -> &'a str {
        let end = self
            .0
            .find(|c: char| c.is_whitespace() || matches!(c, ',' | '=' | '"'))
            .unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        word
    }

    /// A quoted string, with what is escaped in it, or a word. A string without an end ends with the text.
    fn value(&mut self) -> String {
        if !self.0.starts_with('"') {
            return self.word().to_owned();
        }
        self.bump();
        let mut value = String::new();
        while let Some(c) = self.bump() {
            match c {
                '"' => break,
                '\\' => value.extend(self.bump()),
                c => value.push(c),
            }
        }
        value
    }
}

#[cfg(test)]
mod tests;
