//! What a second archive carries when one layer of ten has changed, and the target said by a receipt what it has.

use std::{fmt, fs, process::Command};

use serde_json::Value;
use transship_oci::media_type::OCI_LAYER_GZIP;

use super::{
    super::{
        Result, arrived, measure,
        registry::Registry,
        seed::{REPOSITORY, Seeder},
        transship,
    },
    gap::Gap,
};

const LAYERS: usize = 10;
const LAYER: usize = 20 << 20;

/// What was carried.
pub(super) struct Carried {
    first: u64,
    whole: u64,
    against: u64,
}

/// Exports `v1`, imports it with a receipt, and exports `v2` whole and against the receipt; imports that, too.
pub(super) async fn run() -> Result<Carried> {
    let gap = Gap::new().await?;
    seed(&gap).await?;
    let store = gap.store().await?;
    let target = Registry::counting().await?;
    let export = |tag: &str, key: &str, more: &[&str]| -> Result<u64> {
        let image = format!("{}/{REPOSITORY}:{tag}", gap.source.host());
        let url = Gap::url(&store, key);
        let mut args = vec!["export", &image, "--to", "env://STORE", "--key", "key.pem"];
        args.extend(["--format", "json"]);
        args.extend(more);
        size(&gap, &url, &args)
    };
    let import = |key: &str, more: &[&str]| -> Result<()> {
        let host = target.host();
        let mut args = vec!["import", "env://STORE", "--to", &host];
        args.extend(["--archive-key", "key.pub"]);
        args.extend(more);
        ours(&gap, &Gap::url(&store, key), &args)
    };
    let first = export("v1", "first.oci.tar", &[])?;
    import("first.oci.tar", &["--receipt", "receipt.json"])?;
    let whole = export("v2", "whole.oci.tar", &[])?;
    let against = export("v2", "second.oci.tar", &["--against", "receipt.json"])?;
    import("second.oci.tar", &[])?;
    if arrived::same(&gap.source.host(), &target.host(), "v2").await? {
        return Ok(Carried {
            first,
            whole,
            against,
        });
    }
    Err("v2 did not arrive".into())
}

async fn seed(gap: &Gap) -> Result<()> {
    let mut seeder = Seeder::new(&gap.source.host())?;
    let mut layers = Vec::new();
    for _ in 0..LAYERS {
        let bytes = seeder.random(LAYER);
        layers.push(seeder.blob(OCI_LAYER_GZIP, bytes).await?);
    }
    seeder.image(layers.clone(), "amd64", Some("v1")).await?;
    let bytes = seeder.random(LAYER);
    layers[LAYERS - 1] = seeder.blob(OCI_LAYER_GZIP, bytes).await?;
    seeder.image(layers, "amd64", Some("v2")).await?;
    gap.sign("v1")?;
    gap.sign("v2")
}

fn ours(gap: &Gap, url: &str, args: &[&str]) -> Result<()> {
    let mut command = Command::new(transship());
    command
        .args(["--quiet", "--ca-file", "ca.pem"])
        .args(args)
        .current_dir(&gap.folder)
        .env("HOME", gap.folder.path())
        .env("STORE", url);
    measure::run(&mut command, &gap.log()).map(drop)
}

/// Runs an export and returns how large it says the archive is.
fn size(gap: &Gap, url: &str, args: &[&str]) -> Result<u64> {
    ours(gap, url, args)?;
    let said: Value = serde_json::from_str(&fs::read_to_string(gap.log())?)?;
    Ok(said["size"].as_u64().ok_or("no size")?)
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.against * 1000 / self.whole;
        writeln!(f, "### again: one layer of {LAYERS} changed\n")?;
        writeln!(
            f,
            "| first archive, bytes | second, whole | second, against the receipt | of the whole |\n|---|---|---|---|"
        )?;
        writeln!(
            f,
            "| {} | {} | {} | {}.{} % |",
            self.first,
            self.whole,
            self.against,
            tenths / 10,
            tenths % 10
        )
    }
}
