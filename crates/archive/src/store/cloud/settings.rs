//! What the stores of clouds are handed: the environment, whom to trust, and who looks on.

use std::{collections::BTreeMap, fmt, sync::Arc};

use secrecy::{ExposeSecret as _, SecretString};
use transship_oci::{Clock, Observer, SystemClock, Unobserved};

use super::Patience;

/// Variables as the clouds' own tools know them (`AZURE_…`, `AWS_…`, `GOOGLE_…`): what the process was started with, or
/// what settings say. All are held as secrets, since some are.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, SecretString>);

impl Environment {
    /// The first of `names` that is set to something.
    pub(in crate::store) fn first(&self, names: &[&str]) -> Option<&str> {
        names
            .iter()
            .filter_map(|name| self.0.get(*name))
            .map(SecretString::expose_secret)
            .find(|value| !value.is_empty())
    }

    /// All that begin with `prefix`, their names in lower case.
    pub(in crate::store) fn below(&self, prefix: &str) -> impl Iterator<Item = (String, &str)> {
        let ours = self
            .0
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix));
        ours.map(|(name, value)| (name.to_ascii_lowercase(), value.expose_secret()))
            .filter(|(_, value)| !value.is_empty())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        Self(
            pairs
                .map(|(name, value)| (name.into(), SecretString::from(value.into())))
                .collect(),
        )
    }
}

impl fmt::Debug for Environment {
    /// Names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// How the stores of clouds are reached.
#[derive(Debug, Clone)]
pub struct CloudSettings {
    /// Endpoints, regions and credentials.
    pub environment: Environment,
    /// Certificates (PEM, one or more each) of authorities to trust beside the machine's own.
    pub authorities: Vec<String>,
    /// What to call ourselves.
    pub user_agent: String,
    /// How much trouble a request is worth.
    pub patience: Patience,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Who is told of second tries.
    pub observer: Arc<dyn Observer>,
}

impl CloudSettings {
    /// Settings with the usual patience, that trust whom the machine trusts.
    pub fn new(environment: Environment) -> Self {
        Self {
            environment,
            authorities: Vec::new(),
            user_agent: concat!("transship/", env!("CARGO_PKG_VERSION")).to_owned(),
            patience: Patience::default(),
            clock: Arc::new(SystemClock),
            observer: Arc::new(Unobserved),
        }
    }
}
