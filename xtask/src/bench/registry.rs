//! Real registries for the benchmark, each a process of its own over a folder of its own.

use std::{
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::{Result, measure::cpu_of};

/// A running docker-registry.
pub(crate) struct Registry {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Registry {
    /// Starts one over an empty folder and waits until it answers.
    pub(crate) async fn start() -> Result<Self> {
        Self::run("accesslog: {disabled: true}").await
    }

    /// The same, with a log from which [`Self::requests`] counts.
    pub(crate) async fn counting() -> Result<Self> {
        Self::run("accesslog: {disabled: false}").await
    }

    async fn run(accesslog: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let config = folder.path().join("config.yml");
        let data = folder.path().join("data");
        fs::write(
            &config,
            format!(
                "version: 0.1\nlog: {{level: error, {accesslog}}}\n\
                 storage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\n\
                 http: {{addr: '127.0.0.1:{port}'}}\n",
                data.display()
            ),
        )?;
        let log = fs::File::create(folder.path().join("log"))?;
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|error| {
                format!("docker-registry cannot be started ({error}); run scripts/peers")
            })?;
        let registry = Self {
            child,
            port,
            folder,
        };
        registry.wait().await?;
        Ok(registry)
    }

    async fn wait(&self) -> Result<()> {
        for _ in 0..500 {
            if answers(&format!("http://127.0.0.1:{}/v2/", self.port)).await {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("docker-registry does not answer".into())
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Processor time spent so far.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(self.child.id())
    }

    /// Requests answered so far, of one that is [`Self::counting`] (and the one that asked whether it is up).
    pub(crate) fn requests(&self) -> usize {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.matches(" HTTP/1.1\" ").count()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn answers(url: &str) -> bool {
    let Ok(client) = reqwest::Client::builder().no_proxy().build() else {
        return false;
    };
    client
        .get(url)
        .send()
        .await
        .is_ok_and(|answer| answer.status().is_success())
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
