//! The part of a URL behind the question mark.

use axum::extract::Query as AxumQuery;
use http::Uri;

/// Names and values, in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what can be read; a query that is none at all counts as empty.
    pub(crate) fn of(uri: &Uri) -> Self {
        if uri.query().is_none() {
            return Self::default();
        }
        AxumQuery::try_from_uri(uri)
            .map_or_else(|_| Self::default(), |AxumQuery(pairs)| Self(pairs))
    }

    /// The first value of a name.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All values of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}
