//! What the store can do when nobody looks at a byte: blocks in and ranges out, four at a time.

use std::{fmt::Write as _, fs, process::Command};

use super::{super::Result, way::Task};
use crate::bench::seed::{REPOSITORY, Seeder};

/// The version of the protocol that lets a request be as large as these are.
pub(super) const API: &str = "x-ms-version: 2022-11-02";

/// As many bytes as the layers have, in blocks about as large as ours.
const BLOCKS: u64 = 76;
const BLOCK: u64 = 7 << 20;
/// As many ranges as there are layers.
const RANGES: u64 = 7;
const RANGE: u64 = BLOCKS * BLOCK / RANGES;

const AT_ONCE: [&str; 4] = ["-Z", "--parallel-immediate", "--parallel-max", "4"];

/// Blocks and then their list.
pub(super) fn upload(task: &Task) -> Result<Vec<Command>> {
    let block = task.settings.join("block");
    if !block.exists() {
        let length = usize::try_from(BLOCK)?;
        fs::write(&block, Seeder::new("localhost")?.random(length))?;
    }
    let mut config = String::new();
    let mut list = String::from("<BlockList>");
    for number in 0..BLOCKS {
        let id = format!("b{number:03}");
        if number > 0 {
            config.push_str("next\n");
        }
        write!(
            config,
            "url = \"{}&comp=block&blockid={id}\"\nupload-file = \"{}\"\nheader = \"{API}\"\ncacert = \"{}\"\n",
            task.store,
            block.display(),
            task.settings.join("ca.pem").display()
        )?;
        write!(list, "<Latest>{id}</Latest>")?;
    }
    list.push_str("</BlockList>");
    let mut commit = task.curl();
    commit.args(["-X", "PUT", "-H", API, "--data-binary", &list]);
    commit.arg(format!("{}&comp=blocklist", task.store));
    Ok(vec![configured(task, &config)?, commit])
}

/// Ranges, into nothing.
pub(super) fn download(task: &Task) -> Result<Vec<Command>> {
    let mut config = String::new();
    for number in 0..RANGES {
        if number > 0 {
            config.push_str("next\n");
        }
        write!(
            config,
            "url = \"{}\"\nrange = \"{}-{}\"\noutput = \"/dev/null\"\nheader = \"{API}\"\ncacert = \"{}\"\n",
            task.store,
            number * RANGE,
            (number + 1) * RANGE - 1,
            task.settings.join("ca.pem").display()
        )?;
    }
    Ok(vec![configured(task, &config)?])
}

fn configured(task: &Task, config: &str) -> Result<Command> {
    let path = task.settings.join("curl.config");
    fs::write(&path, config)?;
    let mut command = task.program("curl");
    command.args(["-sSf"]).args(AT_ONCE).arg("-K").arg(path);
    Ok(command)
}

/// Every blob of both children through a pair of curls, four at a time: from the registry into a block each, or from a
/// range into the registry; the manifests, which a person would carry by hand, go straight across.
pub(super) fn pipe(task: &Task, out: bool) -> Command {
    const SCRIPT: &str = r#"
set -euo pipefail
curl() { command curl -sSf "$@"; }
store() { curl --cacert "$CA" -H 'x-ms-version: 2022-11-02' "$@"; }
manifest() { curl -H 'Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json' "http://$FROM/manifests/$1"; }
put() { curl -o /dev/null -X PUT -H "Content-Type: $2" --data-binary @- "http://$TO/manifests/$1"; }
blobs() { for child in $children; do manifest "$child" | grep -o '"digest":"[^"]*","[^}]*"size":[0-9]*' | sed 's/"digest":"\([^"]*\)".*"size":/\1 /'; done | sort -u; }
out() {
  curl "http://$FROM/blobs/$1" | store -X PUT -H "Content-Length: $2" -H 'Transfer-Encoding:' -T - "$STORE&comp=block&blockid=${1:7:32}"
}
back() {
  at=$(curl -X POST -o /dev/null -D - "http://$TO/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  store -r "$3-$(($3 + $2 - 1))" "$STORE" | curl -X PUT -o /dev/null -H 'Content-Type: application/octet-stream' -T - "$at&digest=$1"
}
export -f curl store out back
children=$(manifest v1 | grep -o 'sha256:[0-9a-f]*' | sort -u)
if [ "$OUT" = true ]; then
  blobs | xargs -P 4 -L 1 bash -c 'out $0 $1'
  list=$(blobs | while read -r digest size; do echo -n "<Latest>${digest:7:32}</Latest>"; done)
  store -X PUT --data-binary "<BlockList>$list</BlockList>" "$STORE&comp=blocklist"
else
  blobs | awk '{ print $1, $2, at + 0; at += $2 }' | xargs -P 4 -L 1 bash -c 'back $0 $1 $2'
  for child in $children; do manifest "$child" | put "$child" application/vnd.oci.image.manifest.v1+json; done
  manifest v1 | put v1 application/vnd.oci.image.index.v1+json
fi
"#;
    let v2 = |host: &str| format!("{host}/v2/{REPOSITORY}");
    let mut command = task.program("bash");
    command
        .args(["-c", SCRIPT])
        .env("FROM", v2(&task.source))
        .env("TO", v2(&task.target))
        .env("CA", task.settings.join("ca.pem"))
        .env("OUT", out.to_string());
    command
}
