//! The ways across: ours, and what people do without us.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    super::{Result, peers_bin, seed::REPOSITORY, transship},
    bare,
};

/// A way to bring an image over a gap.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Ours.
    Transship,
    /// Ours, in volumes of 100 MiB.
    Volumes,
    /// `oras backup`, curl, curl, `oras restore`.
    Oras,
    /// `skopeo copy` to an oci-archive, curl, curl, and back.
    Skopeo,
    /// No registry at all: curl sends as many bytes in blocks to the store and reads ranges of them, four at a time.
    Bare,
    /// No archive either: curl reads blobs and writes blocks, and the other way round, four at a time.
    Pipe,
}

/// One turn of one way.
pub(super) struct Task {
    /// Host of the registry on this side.
    pub(super) source: String,
    /// Host of the registry beyond.
    pub(super) target: String,
    /// URL of the blob, with its SAS.
    pub(super) store: String,
    /// Where keys and certificates are.
    pub(super) settings: PathBuf,
    /// For temporary files.
    pub(super) scratch: PathBuf,
}

impl Task {
    fn image(host: &str) -> String {
        format!("{host}/{REPOSITORY}:v1")
    }

    /// A program for which every folder of temporary files and of state is the one that is watched.
    pub(super) fn program(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .current_dir(&self.scratch)
            .env("HOME", &self.scratch)
            .env("TMPDIR", &self.scratch)
            .env("XDG_STATE_HOME", &self.scratch)
            .env("STORE", &self.store)
            .env_remove("DOCKER_CONFIG");
        command
    }

    /// curl, trusting the store's certificate.
    pub(super) fn curl(&self) -> Command {
        let mut command = self.program("curl");
        command.args(["-sSf", "--cacert"]);
        command.arg(self.settings.join("ca.pem"));
        command
    }
}

impl Way {
    pub(super) const ALL: [Self; 6] = [
        Self::Transship,
        Self::Volumes,
        Self::Oras,
        Self::Skopeo,
        Self::Bare,
        Self::Pipe,
    ];

    /// The name on the command line and in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Transship => "transship",
            Self::Volumes => "volumes",
            Self::Oras => "oras",
            Self::Skopeo => "skopeo",
            Self::Bare => "bare",
            Self::Pipe => "pipe",
        }
    }

    /// The way of that name.
    pub(super) fn named(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|way| way.name() == name)
            .ok_or_else(|| format!("no way {name:?}").into())
    }

    /// Is it what people would do without us?
    pub(super) fn is_peer(self) -> bool {
        matches!(self, Self::Oras | Self::Skopeo)
    }

    /// Is there an image at the end?
    pub(super) fn copies(self) -> bool {
        self != Self::Bare
    }

    /// Does the signature arrive?
    pub(super) fn carries_signatures(self) -> bool {
        matches!(self, Self::Transship | Self::Volumes | Self::Oras)
    }

    /// The commands of a leg, one after the other: of the first (number 0) to the store, of the second from it.
    pub(super) fn leg(self, number: usize, task: &Task) -> Result<Vec<Command>> {
        let out = number == 0;
        Ok(match self {
            Self::Transship if out => vec![export(task, &[])],
            Self::Volumes if out => vec![export(task, &["--volume-size", "100MiB"])],
            Self::Transship | Self::Volumes => vec![import(task)],
            Self::Oras if out => vec![oras_backup(task), upload(task)],
            Self::Oras => vec![download(task), oras_restore(task)],
            Self::Skopeo if out => vec![skopeo(task, out), upload(task)],
            Self::Skopeo => vec![download(task), skopeo(task, out)],
            Self::Bare if out => bare::upload(task)?,
            Self::Bare => bare::download(task)?,
            Self::Pipe => vec![bare::pipe(task, out)],
        })
    }
}

/// `transship export`, of everything including the signature; the inventory is signed.
fn export(task: &Task, more: &[&str]) -> Command {
    let mut command = task.program(transship());
    let image = Task::image(&task.source);
    command
        .args(["--quiet", "export", &image, "--to", "env://STORE"])
        .arg("--ca-file")
        .arg(task.settings.join("ca.pem"))
        .arg("--key")
        .arg(task.settings.join("key.pem"))
        .args(more);
    command
}

/// `transship import`; the inventory's signature is demanded.
fn import(task: &Task) -> Command {
    let mut command = task.program(transship());
    command
        .args(["--quiet", "import", "env://STORE", "--to", &task.target])
        .arg("--ca-file")
        .arg(task.settings.join("ca.pem"))
        .arg("--archive-key")
        .arg(task.settings.join("key.pub"));
    command
}

fn oras_backup(task: &Task) -> Command {
    let mut command = task.program(peers_bin().join("oras"));
    command.args(["backup", "--no-tty", "--plain-http", "--include-referrers"]);
    command.args(["--output", "app.tar", &Task::image(&task.source)]);
    command
}

fn oras_restore(task: &Task) -> Command {
    let mut command = task.program(peers_bin().join("oras"));
    command.args(["restore", "--no-tty", "--plain-http"]);
    command.args(["--input", "app.tar", &Task::image(&task.target)]);
    command
}

fn skopeo(task: &Task, out: bool) -> Command {
    let mut command = task.program("skopeo");
    command.args(["copy", "--quiet", "--all", "--preserve-digests"]);
    if out {
        let image = format!("docker://{}", Task::image(&task.source));
        command.args(["--src-tls-verify=false", &image, "oci-archive:app.tar:v1"]);
    } else {
        let image = format!("docker://{}", Task::image(&task.target));
        command.args(["--dest-tls-verify=false", "oci-archive:app.tar:v1", &image]);
    }
    command
}

/// One file, in one request.
fn upload(task: &Task) -> Command {
    let mut command = task.curl();
    command.args(["-H", "x-ms-blob-type: BlockBlob"]);
    command.args(["-H", bare::API, "-T", "app.tar", &task.store]);
    command
}

fn download(task: &Task) -> Command {
    let mut command = task.curl();
    command.args(["-H", bare::API, "-o", "app.tar", &task.store]);
    command
}
