//! The tools, and how each is told to do the same work.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Result, peers_bin, seed::REPOSITORY, transship, workload::Workload};

/// A tool that copies images.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Ours.
    Transship,
    /// go-containerregistry's crane.
    Crane,
    /// oras.
    Oras,
    /// regclient's regctl, and regsync for whole repositories.
    Regclient,
    /// skopeo.
    Skopeo,
    /// No tool at all: curl reading into curl writing, four blobs at a time.
    Pipe,
}

/// What is to be done.
pub(crate) struct Task {
    /// Host of the source.
    pub(crate) source: String,
    /// Host of the target.
    pub(crate) target: String,
    /// The whole repository, or the image `v1`?
    pub(crate) whole_repository: bool,
    /// For the tools' settings.
    pub(crate) folder: PathBuf,
}

impl Peer {
    /// All of them; ours first.
    pub(crate) const ALL: [Self; 6] = [
        Self::Transship,
        Self::Crane,
        Self::Oras,
        Self::Regclient,
        Self::Skopeo,
        Self::Pipe,
    ];

    /// The name on the command line and in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Transship => "transship",
            Self::Crane => "crane",
            Self::Oras => "oras",
            Self::Regclient => "regclient",
            Self::Skopeo => "skopeo",
            Self::Pipe => "pipe",
        }
    }

    /// The tool of that name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|peer| peer.name() == name)
            .ok_or_else(|| format!("no peer {name:?}").into())
    }

    /// Can it do this at all?
    pub(crate) fn can(self, workload: Workload) -> bool {
        match self {
            Self::Oras => !workload.is_repository(),
            Self::Pipe => workload == Workload::Large,
            _ => true,
        }
    }

    /// Is it here?
    pub(crate) fn is_installed(self) -> bool {
        let program = self.program(false);
        program.is_file()
            || ["/usr/bin", "/usr/local/bin"]
                .iter()
                .any(|bin| Path::new(bin).join(&program).is_file())
    }

    fn program(self, whole_repository: bool) -> PathBuf {
        match self {
            Self::Transship => transship(),
            Self::Crane => peers_bin().join("crane"),
            Self::Oras => peers_bin().join("oras"),
            Self::Regclient if whole_repository => peers_bin().join("regsync"),
            Self::Regclient => peers_bin().join("regctl"),
            Self::Skopeo => "skopeo".into(),
            Self::Pipe => "curl".into(),
        }
    }

    /// The command that does `task`.
    pub(crate) fn command(self, task: &Task) -> Result<Command> {
        let Task {
            source,
            target,
            whole_repository,
            folder,
        } = task;
        let from = format!("{source}/{REPOSITORY}");
        let to = format!("{target}/{REPOSITORY}");
        let image = |repository: &str| format!("{repository}:v1");
        let mut command = Command::new(self.program(*whole_repository));
        command
            .env("HOME", folder)
            .env("XDG_STATE_HOME", folder)
            .env_remove("DOCKER_CONFIG");
        match (self, whole_repository) {
            (Self::Transship, false) => {
                command.args(["--quiet", "copy", &image(&from), &image(&to)])
            }
            (Self::Transship, true) => {
                let list = folder.join("list.yaml");
                fs::write(
                    &list,
                    format!(
                        "sync:\n  - source: {from}\n    target: '{to}'\n    tags: {{glob: ['*']}}\n"
                    ),
                )?;
                command.args(["--quiet", "sync", "-f"]).arg(list)
            }
            (Self::Crane, false) => {
                command.args(["copy", "--insecure", &image(&from), &image(&to)])
            }
            (Self::Crane, true) => command.args(["copy", "--insecure", "-a", &from, &to]),
            (Self::Oras, _) => command.args([
                "cp",
                "--from-plain-http",
                "--to-plain-http",
                &image(&from),
                &image(&to),
            ]),
            (Self::Regclient, false) => {
                let hosts = [source, target].map(|host| {
                    format!("\"{host}\":{{\"tls\":\"disabled\",\"hostname\":\"{host}\"}}")
                });
                fs::create_dir_all(folder.join(".regctl"))?;
                fs::write(
                    folder.join(".regctl/config.json"),
                    format!("{{\"hosts\":{{{}}}}}", hosts.join(",")),
                )?;
                command.args(["image", "copy", &image(&from), &image(&to)])
            }
            (Self::Regclient, true) => {
                let list = folder.join("regsync.yaml");
                let creds = [source, target]
                    .map(|host| format!("  - {{registry: '{host}', tls: disabled}}\n"));
                let text = format!(
                    "version: 1\ncreds:\n{}defaults: {{parallel: 4}}\nsync:\n  - {{source: '{from}', target: '{to}', type: repository}}\n",
                    creds.concat()
                );
                fs::write(&list, text)?;
                command.arg("once").arg("-c").arg(list)
            }
            (Self::Skopeo, false) => command.args([
                "copy",
                "--quiet",
                "--all",
                "--preserve-digests",
                "--src-tls-verify=false",
                "--dest-tls-verify=false",
                &format!("docker://{}", image(&from)),
                &format!("docker://{}", image(&to)),
            ]),
            (Self::Skopeo, true) => command.args([
                "sync",
                "--all",
                "--preserve-digests",
                "--src",
                "docker",
                "--dest",
                "docker",
                "--src-tls-verify=false",
                "--dest-tls-verify=false",
                &from,
                &format!("{target}/bench"),
            ]),
            (Self::Pipe, _) => return Ok(pipe(&from, &to)),
        };
        Ok(command)
    }
}

/// Every blob of both children through a pair of curls, four at a time, then the manifests: what the two registries can do
/// when nobody in between looks at a byte.
fn pipe(from: &str, to: &str) -> Command {
    const SCRIPT: &str = r#"
set -eu
manifest() { curl -sf -H 'Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json' "http://$FROM/manifests/$1"; }
put() { curl -sf -o /dev/null -X PUT -H "Content-Type: $2" --data-binary @- "http://$TO/manifests/$1"; }
blob() {
  at=$(curl -sf -X POST -o /dev/null -D - "http://$TO/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  curl -sf "http://$FROM/blobs/$1" | curl -sf -X PUT -o /dev/null -H 'Content-Type: application/octet-stream' -T - "$at&digest=$1"
}
export -f blob
digests() { grep -o 'sha256:[0-9a-f]*' | sort -u; }
children=$(manifest v1 | digests)
for child in $children; do manifest "$child" | digests; done | sort -u | xargs -P 4 -I{} bash -c 'blob {}'
for child in $children; do manifest "$child" | put "$child" application/vnd.oci.image.manifest.v1+json; done
manifest v1 | put v1 application/vnd.oci.image.index.v1+json
"#;
    let v2 = |repository: &str| repository.replacen('/', "/v2/", 1);
    let mut command = Command::new("bash");
    command
        .args(["-c", SCRIPT])
        .env("FROM", v2(from))
        .env("TO", v2(to));
    command
}
