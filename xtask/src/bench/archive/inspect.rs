//! A look at an archive of 100 GB that lies in a store.
//!
//! Its head is real; where the layers are to be, one block of zeros is listed some 1,500 times. Whoever looks at the
//! inventory cannot tell, and who would read more than the head would be seen: bytes are counted on the wire.

use std::{fmt, net::SocketAddr, process::Command, time::Duration};

use serde_json::json;
use transship_archive::{Outline, OutlineOptions, unsealed};
use transship_oci::{
    Artifact, Descriptor, Digest, RawManifest,
    media_type::{OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST},
};
use transship_testkit::peers::Azurite;

use super::{
    super::{Result, measure, proxy::Proxy, transship},
    gap::{Gap, settled},
};

/// 40 images of ten layers of 250 MB.
const IMAGES: u64 = 40;
const LAYERS: u64 = 10;
const LAYER: u64 = 250_000_000;
const BLOCK: usize = 64 << 20;

/// What was seen.
pub(super) struct Seen {
    size: u64,
    walls: Vec<Duration>,
    /// On the wire, with everything that TLS adds.
    bytes: u64,
    requests: usize,
    memory: u64,
}

/// Looks at it, so many times.
pub(super) async fn run(runs: usize) -> Result<Seen> {
    let outline = outline()?;
    let gap = Gap::new().await?;
    let mut store = gap.store().await?;
    eprintln!("inspect: making the archive");
    fill(&store, &outline).await?;
    let proxy = Proxy::start(address(&store)?, Duration::ZERO).await?;
    let url = Gap::url(&store, KEY).replace(store.host(), &proxy.host());
    let mut seen = Seen {
        size: outline.size(),
        walls: Vec::new(),
        bytes: 0,
        requests: 0,
        memory: 0,
    };
    for _ in 0..runs.max(1) {
        let mut command = Command::new(transship());
        command
            .args(["archive", "inspect", "env://STORE", "--ca-file", "ca.pem"])
            .current_dir(&gap.folder)
            .env("HOME", gap.folder.path())
            .env("STORE", &url);
        let before = (proxy.came(), settled(&mut store).await);
        let usage = tokio::task::block_in_place(|| measure::run(&mut command, &gap.log()))?;
        seen.walls.push(usage.wall);
        seen.bytes = seen.bytes.max(proxy.came() - before.0);
        seen.requests = seen.requests.max(settled(&mut store).await - before.1);
        seen.memory = seen.memory.max(usage.memory);
    }
    Ok(seen)
}

const KEY: &str = "huge.oci.tar";

fn address(store: &Azurite) -> Result<SocketAddr> {
    Ok(store.host().parse()?)
}

/// An archive whose layers nobody has.
fn outline() -> Result<Outline> {
    let artifacts: Vec<Artifact> = (0..IMAGES).map(artifact).collect::<Result<_>>()?;
    let options = OutlineOptions::new("benchmark");
    Ok(Outline::of(&artifacts, &options, &unsealed)?)
}

fn artifact(image: u64) -> Result<Artifact> {
    let node = |kind: &str, name: String, size| {
        Descriptor::new(kind, Digest::sha256(name.as_bytes()), size)
    };
    let config = node(OCI_CONFIG, format!("config {image}"), 2000);
    let layers = (0..LAYERS).map(|layer| {
        let name = format!("layer {layer} of {image}");
        node(OCI_LAYER_GZIP, name, LAYER)
    });
    let layers: Vec<Descriptor> = layers.collect();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers,
    });
    let manifest = RawManifest::named(OCI_MANIFEST, manifest.to_string().into_bytes().into())?;
    Ok(Artifact {
        reference: format!("registry.example/bench/app{image}:v1").parse()?,
        tags: vec!["v1".parse()?],
        root: manifest.descriptor().clone(),
        manifests: vec![manifest],
        referrers: Vec::new(),
        blobs: std::iter::once(config).chain(layers).collect(),
        foreign: Vec::new(),
    })
}

/// The head, as often as need be the same zeros, and what is left.
async fn fill(store: &Azurite, outline: &Outline) -> Result<()> {
    let volume = outline.volumes().first().ok_or("no volume")?;
    let head = volume.head().map(AsRef::as_ref).concat();
    let body = outline.size() - head.len() as u64;
    let rest = usize::try_from(body % BLOCK as u64)?;
    let certificate = reqwest::Certificate::from_pem(store.certificate().as_bytes())?;
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([certificate])
        .build()?;
    let url = Gap::url(store, KEY);
    let put = async |query: &str, bytes: Vec<u8>| -> Result<()> {
        let request = client.put(format!("{url}&{query}"));
        let request = request.header("x-ms-version", "2022-11-02");
        request.body(bytes).send().await?.error_for_status()?;
        Ok(())
    };
    let mut list = String::from("<BlockList><Latest>head</Latest>");
    put("comp=block&blockid=head", head).await?;
    put("comp=block&blockid=zero", vec![0; BLOCK]).await?;
    list.push_str(&"<Latest>zero</Latest>".repeat(usize::try_from(body / BLOCK as u64)?));
    if rest > 0 {
        put("comp=block&blockid=rest", vec![0; rest]).await?;
        list.push_str("<Latest>rest</Latest>");
    }
    list.push_str("</BlockList>");
    put("comp=blocklist", list.into_bytes()).await
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut walls = self.walls.clone();
        walls.sort();
        let seconds = |at: usize| walls[at].as_secs_f64();
        writeln!(f, "### inspect ({} runs)\n", walls.len())?;
        writeln!(
            f,
            "| archive | wall s (min–max) | KiB from the store | requests | peak MiB |\n|---|---|---|---|---|"
        )?;
        writeln!(
            f,
            "| {} GB, {IMAGES} images, {} blobs | {:.2} ({:.2}–{:.2}) | {} | {} | {} |",
            self.size / 1_000_000_000,
            IMAGES * (LAYERS + 1),
            seconds(walls.len() / 2),
            seconds(0),
            seconds(walls.len() - 1),
            self.bytes >> 10,
            self.requests,
            self.memory >> 20,
        )
    }
}
