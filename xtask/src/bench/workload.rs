//! The workloads, and one tool's turn at one of them.

use std::{net::SocketAddr, path::Path, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use transship_oci::media_type::{OCI_INDEX, OCI_LAYER_GZIP};

use super::{
    Result, arrived,
    measure::{self, Usage},
    peer::{Peer, Task},
    proxy::Proxy,
    registry::Registry,
    seed::Seeder,
};

/// What is copied, and under which circumstances.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    /// One index of 533 MB in seven large layers.
    Large,
    /// Two hundred tags that share layers.
    Tags,
    /// The same again, nothing changed.
    Unchanged,
    /// Two platforms with 111 small layers, 20 ms away.
    Distant,
    /// Two hundred tags, 20 ms away.
    DistantTags,
    /// One blob of 5 GB.
    Huge,
    /// Two thousand tags.
    ManyTags,
}

const ROUND_TRIP: Duration = Duration::from_millis(20);

impl Workload {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Large,
        Self::Tags,
        Self::Unchanged,
        Self::Distant,
        Self::DistantTags,
        Self::Huge,
        Self::ManyTags,
    ];

    /// The name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Large => "large",
            Self::Tags => "tags",
            Self::Unchanged => "unchanged",
            Self::Distant => "distant",
            Self::DistantTags => "distant-tags",
            Self::Huge => "huge",
            Self::ManyTags => "many-tags",
        }
    }

    /// The workload of that name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|workload| workload.name() == name)
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|workload| workload.name()).collect();
                format!("no workload {name:?}; there are {}", names.join(", ")).into()
            })
    }

    /// Is it a whole repository, or one image?
    pub(crate) fn is_repository(self) -> bool {
        matches!(
            self,
            Self::Tags | Self::Unchanged | Self::DistantTags | Self::ManyTags
        )
    }

    fn is_distant(self) -> bool {
        matches!(self, Self::Distant | Self::DistantTags)
    }

    async fn seed(self, seeder: &mut Seeder) -> Result<()> {
        match self {
            Self::Large => index(seeder, &[4, 3], 76 << 20).await,
            Self::Distant => index(seeder, &[60, 51], 20 << 10).await,
            Self::Huge => {
                let layer = seeder.zeros(5 << 30).await?;
                seeder
                    .image(vec![layer], "amd64", Some("v1"))
                    .await
                    .map(drop)
            }
            Self::Tags | Self::Unchanged | Self::DistantTags => tags(seeder, 200).await,
            Self::ManyTags => tags(seeder, 2000).await,
        }
    }
}

/// An index with one child for each entry of `children`, of so many layers of `size` bytes.
pub(crate) async fn index(seeder: &mut Seeder, children: &[usize], size: usize) -> Result<()> {
    let mut manifests = Vec::new();
    for (count, architecture) in children.iter().zip(["amd64", "arm64"]) {
        let mut layers = Vec::new();
        for _ in 0..*count {
            let bytes = seeder.random(size);
            layers.push(seeder.blob(OCI_LAYER_GZIP, bytes).await?);
        }
        let mut child = seeder.image(layers, architecture, None).await?;
        child["platform"] = json!({ "os": "linux", "architecture": architecture });
        manifests.push(child);
    }
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests });
    seeder
        .manifest(OCI_INDEX, &index, Some("v1"))
        .await
        .map(drop)
}

/// Images that share five layers and have one of their own.
async fn tags(seeder: &mut Seeder, count: usize) -> Result<()> {
    let mut shared: Vec<Value> = Vec::new();
    for _ in 0..5 {
        let bytes = seeder.random(1 << 20);
        shared.push(seeder.blob(OCI_LAYER_GZIP, bytes).await?);
    }
    for tag in 0..count {
        let own = seeder.random(10 << 10);
        let mut layers = shared.clone();
        layers.push(seeder.blob(OCI_LAYER_GZIP, own).await?);
        seeder
            .image(layers, "amd64", Some(&format!("v{tag}")))
            .await?;
    }
    Ok(())
}

/// A seeded source and what the turns need.
pub(crate) struct Bench {
    workload: Workload,
    source: Registry,
    source_proxy: Option<Proxy>,
    /// For the unchanged workload: each tool's own target, already filled by it.
    filled: Vec<(Peer, Registry)>,
    folder: TempDir,
}

impl Bench {
    /// Starts and fills the source.
    pub(crate) async fn start(workload: Workload) -> Result<Self> {
        let source = Registry::start().await?;
        eprintln!("{}: filling the source", workload.name());
        workload.seed(&mut Seeder::new(&source.host())?).await?;
        let source_proxy = distant(workload, &source).await?;
        Ok(Self {
            workload,
            source,
            source_proxy,
            filled: Vec::new(),
            folder: tempfile::tempdir()?,
        })
    }

    /// One run of one tool.
    pub(crate) async fn turn(&mut self, peer: Peer) -> Result<Usage> {
        if self.workload != Workload::Unchanged {
            let target = Registry::start().await?;
            return self.run(peer, &target).await;
        }
        if !self.filled.iter().any(|(owner, _)| *owner == peer) {
            let target = Registry::start().await?;
            self.run(peer, &target).await?;
            self.filled.push((peer, target));
        }
        let target = self
            .filled
            .iter()
            .find(|(owner, _)| *owner == peer)
            .map(|(_, target)| target);
        self.run(peer, target.ok_or("filled above")?).await
    }

    async fn run(&self, peer: Peer, target: &Registry) -> Result<Usage> {
        let target_proxy = distant(self.workload, target).await?;
        let task = Task {
            source: self
                .source_proxy
                .as_ref()
                .map_or_else(|| self.source.host(), Proxy::host),
            target: target_proxy
                .as_ref()
                .map_or_else(|| target.host(), Proxy::host),
            whole_repository: self.workload.is_repository(),
            folder: self.folder.path().to_owned(),
        };
        let mut command = peer.command(&task)?;
        let log = self.folder.path().join("log");
        let before = self.source.cpu() + target.cpu();
        let measured = tokio::task::block_in_place(|| measure::run(&mut command, &log))?;
        self.check(target, &log).await?;
        Ok(Usage {
            registries: (self.source.cpu() + target.cpu()).saturating_sub(before),
            ..measured
        })
    }

    /// A tool that did less than it was asked for is no peer.
    async fn check(&self, target: &Registry, log: &Path) -> Result<()> {
        let tag = match self.workload {
            Workload::Large | Workload::Distant | Workload::Huge => "v1",
            Workload::ManyTags => "v1999",
            _ => "v199",
        };
        if arrived::same(&self.source.host(), &target.host(), tag).await? {
            return Ok(());
        }
        Err(format!(
            "tag {tag} did not arrive: {}",
            std::fs::read_to_string(log).unwrap_or_default()
        )
        .into())
    }
}

async fn distant(workload: Workload, registry: &Registry) -> Result<Option<Proxy>> {
    if !workload.is_distant() {
        return Ok(None);
    }
    let to = SocketAddr::from(([127, 0, 0, 1], registry.port()));
    Proxy::start(to, ROUND_TRIP).await.map(Some)
}
