//! The registries: Debian's, CNCF's and our own, each as a process.

use transship_oci::Repository;
use transship_testkit::peers::{Distribution, DockerRegistry, Home, Options, Process};

use crate::serve::serve;

/// Which registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Debian's docker-registry 2.8.
    Debian,
    /// CNCF distribution 3.
    Distribution,
    /// `transship registry serve`, the only one with the referrers API.
    Ours,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Debian, Self::Distribution, Self::Ours];
}

/// A registry that runs, empty at first.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) kind: Kind,
    host: String,
    _running: Running,
}

#[derive(Debug)]
#[expect(dead_code, reason = "held so that the process lives as long")]
enum Running {
    Debian(DockerRegistry),
    Distribution(Distribution),
    Ours(Process, Home),
}

impl Place {
    /// Starts one; `None` after saying that the program is missing.
    pub(super) async fn start(kind: Kind) -> Option<Self> {
        let options = Options::default();
        let (host, running) = match kind {
            Kind::Debian => {
                let registry = DockerRegistry::start(&options).await?;
                (registry.host().to_owned(), Running::Debian(registry))
            }
            Kind::Distribution => {
                let registry = Distribution::start(&options).await?;
                (registry.host().to_owned(), Running::Distribution(registry))
            }
            Kind::Ours => {
                let home = Home::new();
                let (process, host) = serve(&home, &[]).await;
                (host, Running::Ours(process, home))
            }
        };
        Some(Self {
            kind,
            host,
            _running: running,
        })
    }

    /// Starts one of each.
    pub(super) async fn start_all() -> Option<Vec<Self>> {
        let started = futures::future::join_all(Kind::ALL.map(Self::start)).await;
        started.into_iter().collect()
    }

    /// Host and port, as in a reference.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// A reference here, such as `acme/app:1`.
    pub(super) fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.host)
    }

    /// A repository here.
    pub(super) fn repository(&self, path: &str) -> Repository {
        Repository::new(&self.host, path).unwrap()
    }
}
