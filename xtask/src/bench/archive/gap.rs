//! Both sides of a gap: a seeded registry on this side, and for every turn an empty store and an empty registry beyond.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use tempfile::TempDir;
use transship_testkit::peers::Azurite;

use super::{
    super::{
        Result, arrived,
        measure::{self, cpu_of},
        registry::Registry,
        seed::{REPOSITORY, Seeder},
        transship, workload,
    },
    scratch::Scratch,
    way::{Task, Way},
};

/// The container that everything goes through.
const CONTAINER: &str = "transfer";

/// The index of the copy benchmark: two images, seven layers.
const LAYERS: [usize; 2] = [4, 3];
const LAYER: usize = 76 << 20;

/// This side of the gap.
pub(super) struct Gap {
    pub(super) source: Registry,
    /// Keys, certificates and logs.
    pub(super) folder: TempDir,
}

/// What one leg cost.
#[derive(Clone, Copy, Default)]
pub(super) struct Leg {
    pub(super) wall: Duration,
    pub(super) cpu: Duration,
    pub(super) memory: u64,
    /// The most bytes that lay in temporary files at once.
    pub(super) temporary: u64,
    /// Requests to the registry of this side.
    pub(super) registry: usize,
    /// Requests to the store.
    pub(super) store: usize,
    /// What registry and store spent meanwhile.
    pub(super) peers_cpu: Duration,
}

impl Gap {
    /// A source registry with nothing in it, and a key.
    pub(super) async fn new() -> Result<Self> {
        let gap = Self {
            source: Registry::counting().await?,
            folder: tempfile::tempdir()?,
        };
        gap.make_key()?;
        Ok(gap)
    }

    /// A source registry that holds one large signed index.
    pub(super) async fn with_large_index() -> Result<Self> {
        let gap = Self::new().await?;
        eprintln!("carry: filling the source");
        let mut seeder = Seeder::new(&gap.source.host())?;
        workload::index(&mut seeder, &LAYERS, LAYER).await?;
        gap.sign("v1")?;
        Ok(gap)
    }

    /// Without a passphrase: stretching one would be measured too.
    fn make_key(&self) -> Result<()> {
        const SCRIPT: &str = "openssl ecparam -genkey -name prime256v1 -noout | openssl pkcs8 -topk8 -nocrypt -out key.pem \
                              && openssl pkey -in key.pem -pubout -out key.pub";
        let mut command = Command::new("bash");
        command
            .args(["-o", "pipefail", "-ec", SCRIPT])
            .current_dir(&self.folder);
        measure::run(&mut command, &self.log()).map(drop)
    }

    /// Signs a tag of the source as cosign 3 does.
    pub(super) fn sign(&self, tag: &str) -> Result<()> {
        let image = format!("{}/{REPOSITORY}:{tag}", self.source.host());
        let mut command = Command::new(transship());
        command
            .args(["--quiet", "sign", "--key", "key.pem", &image])
            .current_dir(&self.folder)
            .env("HOME", self.folder.path());
        measure::run(&mut command, &self.log()).map(drop)
    }

    /// Where the output of whatever runs goes.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// A store with an empty container. Its certificate is put where the commands look for it.
    pub(super) async fn store(&self) -> Result<Azurite> {
        let store = Azurite::start()
            .await
            .ok_or("azurite is missing; run scripts/peers azurite-blob")?;
        store.create(CONTAINER).await;
        fs::write(self.folder.path().join("ca.pem"), store.certificate())?;
        Ok(store)
    }

    /// The URL of a blob, with a SAS that allows everything that an exporter and an importer do.
    pub(super) fn url(store: &Azurite, key: &str) -> String {
        let sas = store.sas(CONTAINER, "racwdl");
        format!("{}{CONTAINER}/{key}?{sas}", store.endpoint())
    }

    /// One way, once: both legs, and whether it arrived.
    pub(super) async fn turn(&self, way: Way) -> Result<[Leg; 2]> {
        let mut store = self.store().await?;
        let target = Registry::counting().await?;
        let url = Self::url(&store, "app.oci.tar");
        let mut legs = [Leg::default(); 2];
        for (number, leg) in legs.iter_mut().enumerate() {
            let scratch = Scratch::new()?;
            let task = Task {
                source: self.source.host(),
                target: target.host(),
                store: url.clone(),
                settings: self.folder.path().to_owned(),
                scratch: scratch.path().to_owned(),
            };
            let registry = if number == 0 { &self.source } else { &target };
            let commands = way.leg(number, &task)?;
            *leg = self.leg(commands, scratch, registry, &mut store).await?;
        }
        self.check(way, &target).await?;
        Ok(legs)
    }

    async fn leg(
        &self,
        commands: Vec<Command>,
        mut scratch: Scratch,
        registry: &Registry,
        store: &mut Azurite,
    ) -> Result<Leg> {
        let azurite = store.process().id().ok_or("azurite has ended")?;
        let cpu = || registry.cpu() + cpu_of(azurite);
        let before = (cpu(), registry.requests(), settled(store).await);
        let mut leg = Leg::default();
        for mut command in commands {
            let log = self.log();
            let watch = &mut || scratch.watch();
            let usage =
                tokio::task::block_in_place(|| measure::watched(&mut command, &log, watch))?;
            leg.wall += usage.wall;
            leg.cpu += usage.cpu;
            leg.memory = leg.memory.max(usage.memory);
        }
        let peers_cpu = cpu().saturating_sub(before.0);
        Ok(Leg {
            temporary: scratch.most(),
            peers_cpu,
            registry: registry.requests() - before.1,
            store: settled(store).await - before.2,
            ..leg
        })
    }

    async fn check(&self, way: Way, target: &Registry) -> Result<()> {
        if !way.copies() {
            return Ok(());
        }
        let (source, target) = (self.source.host(), target.host());
        if !arrived::same(&source, &target, "v1").await? {
            return Err(format!("{}: the tag did not arrive", way.name()).into());
        }
        // Where a registry knows no referrers, signatures are listed in a tag that is named after what they sign.
        let digest = arrived::digest(&source, "v1").await?.unwrap_or_default();
        let list = digest.replace(':', "-");
        let signed = arrived::digest(&target, &list).await?.is_some();
        if signed == way.carries_signatures() {
            return Ok(());
        }
        Err(format!("{}: is the signature there? {signed}", way.name()).into())
    }
}

/// Requests that a store has answered so far. It writes them down a moment after it answered.
pub(super) async fn settled(store: &mut Azurite) -> usize {
    let mut last = None;
    loop {
        let log = store.process().log();
        let count = log.matches(" HTTP/1.1\" ").count();
        if last.replace(count) == Some(count) {
            return count;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
