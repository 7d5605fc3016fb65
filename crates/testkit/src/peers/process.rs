//! A child process whose output is kept, and which never outlives its test.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

/// How long a peer may take to come up on a busy machine. Reached only when something is broken.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    _folder: TempDir,
}

impl Process {
    /// Starts `command` with both outputs going to one log file.
    pub fn spawn(mut command: Command) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let log = folder.path().join("log");
        let out = fs::File::create(&log).expect("a log file");
        let err = out.try_clone().expect("a second handle");
        let name = name_of(&command);
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|cause| panic!("{name} cannot be started: {cause}"));
        Self {
            name,
            child,
            log,
            _folder: folder,
        }
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        fs::read(&self.log).map_or_else(
            |_| String::new(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// Where its log is.
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until `ready` finds in the log what it looks for.
    ///
    /// Panics with the log when the process ends first, or never gets there.
    pub async fn wait_for<T>(&mut self, mut ready: impl FnMut(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = ready(&self.log()) {
                return found;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("{} ended with {status}:\n{}", self.name, self.log());
            }
            assert!(
                Instant::now() < deadline,
                "{} did not come up in {PATIENCE:?}:\n{}",
                self.name,
                self.log()
            );
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    pub async fn kill(&mut self) -> ExitStatus {
        let _ = self.child.start_kill();
        self.wait().await
    }

    /// Asks it to end as Ctrl-C (`INT`) or a service manager (`TERM`) does; it may take its time.
    pub async fn signal(&self, signal: &str) {
        let id = self.child.id().expect("a process that still runs");
        let status = Command::new("kill")
            .args([
                OsStr::new("-s"),
                OsStr::new(signal),
                OsStr::new(&id.to_string()),
            ])
            .status()
            .await
            .expect("kill");
        assert!(status.success(), "kill -s {signal} {id}: {status}");
    }

    /// Waits until it ends by itself.
    pub async fn wait(&mut self) -> ExitStatus {
        self.child.wait().await.expect("a child to wait for")
    }
}

fn name_of(command: &Command) -> String {
    let program = Path::new(command.as_std().get_program());
    program.file_name().map_or_else(
        || "a program".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}
