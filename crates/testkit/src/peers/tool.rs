//! A peer that runs to its end: crane, oras, regctl, skopeo and the like.

use std::{
    ffi::OsStr,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use super::{Home, require};

/// A command-line program with a home of its own and no environment but that.
#[derive(Debug, Clone)]
pub struct Tool {
    program: PathBuf,
    home: Home,
    limit: Duration,
    environment: Vec<(String, String)>,
    /// What comes before the program, such as `nsenter …`.
    within: Vec<String>,
}

/// How a run of a [`Tool`] ended.
#[derive(Debug, Clone)]
pub struct Run {
    /// The exit status.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Run {
    /// The exit code; -1 for a process that a signal ended.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }
}

impl Tool {
    /// The peer `name`, or `None` after saying that it is missing. See [`require`].
    pub fn new(name: &str, home: &Home) -> Option<Self> {
        Some(Self::at(require(name)?, home))
    }

    /// A program by its path, such as our own binary.
    pub fn at(program: PathBuf, home: &Home) -> Self {
        Self {
            program,
            home: home.clone(),
            limit: Duration::from_mins(2),
            environment: Vec::new(),
            within: Vec::new(),
        }
    }

    /// Runs it by another program, whose arguments end where the program's name begins.
    pub fn within(mut self, wrapper: &[String]) -> Self {
        self.within = wrapper.to_vec();
        self
    }

    /// Adds a variable to its environment.
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Sets how long a run may take.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The home that it sees.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The command as it would be run, for [`super::Process`] and for those who need the pipes.
    pub fn command<I, A>(&self, arguments: I) -> Command
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        let mut words = self.within.iter().map(OsStr::new);
        let mut command = match words.next() {
            Some(wrapper) => {
                let mut command = Command::new(wrapper);
                command.args(words).arg(&self.program);
                command
            }
            None => Command::new(&self.program),
        };
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("TMPDIR", self.home.path())
            .env("DOCKER_CONFIG", self.home.docker_config())
            .env("XDG_RUNTIME_DIR", self.home.path().join("run"))
            .env("COSIGN_PASSWORD", "")
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs it to its end. Panics when the time limit passes.
    pub async fn run<I, A>(&self, arguments: I) -> Run
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        let mut command = self.command(arguments);
        let shown = format!("{:?}", command.as_std());
        let output = timeout(self.limit, command.output())
            .await
            .unwrap_or_else(|_| panic!("{shown} took longer than {:?}", self.limit))
            .unwrap_or_else(|cause| panic!("{shown} cannot be started: {cause}"));
        Run {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs it, expects success, and returns its stdout without the last line end.
    pub async fn ok<I, A>(&self, arguments: I) -> String
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        let arguments: Vec<A> = arguments.into_iter().collect();
        let shown: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        let run = self.run(&shown).await;
        assert!(
            run.status.success(),
            "{} {shown:?}: {}\n{}{}",
            self.program.display(),
            run.status,
            run.stdout,
            run.stderr
        );
        run.stdout.trim_end().to_owned()
    }
}
