//! Google Cloud Storage twice, since no emulator does all of it: fake-gcs-server knows conditions and cannot say how far an
//! upload has come; gcp-storage-emulator is the other way round.

use std::net::TcpListener;

use tokio::process::Command;

use super::{Process, require};

/// A running emulator of Google Cloud Storage.
#[derive(Debug)]
pub struct Gcs {
    endpoint: String,
    process: Process,
}

impl Gcs {
    /// fake-gcs-server, with a bucket; `None` after saying that the program is missing.
    pub async fn fake(bucket: &str) -> Option<Self> {
        let program = require("fake-gcs-server")?;
        let (host, port) = free_port();
        let endpoint = format!("http://{host}:{port}");
        let mut command = Command::new(program);
        command
            .args([
                "-scheme", "http", "-host", &host, "-port", &port, "-backend", "memory",
            ])
            .args([
                "-external-url",
                &endpoint,
                "-public-host",
                &format!("{host}:{port}"),
            ]);
        let started = |log: &str| log.contains("server started").then_some(());
        Some(Self::run(command, endpoint, bucket, started).await)
    }

    /// gcp-storage-emulator, with a bucket; `None` after saying that the program is missing.
    pub async fn emulator(bucket: &str) -> Option<Self> {
        let program = require("gcp-storage-emulator")?;
        let (host, port) = free_port();
        let mut command = Command::new(program);
        command.args(["start", "--host", &host, "--port", &port, "--in-memory"]);
        let started = |log: &str| log.contains("All services started").then_some(());
        Some(Self::run(command, format!("http://{host}:{port}"), bucket, started).await)
    }

    async fn run(
        command: Command,
        endpoint: String,
        bucket: &str,
        started: impl FnMut(&str) -> Option<()>,
    ) -> Self {
        let mut process = Process::spawn(command);
        process.wait_for(started).await;
        let answer = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client")
            .post(format!("{endpoint}/storage/v1/b?project=test"))
            .header("content-type", "application/json")
            .body(format!(r#"{{"name":"{bucket}"}}"#))
            .send()
            .await
            .expect("an answer of the emulator");
        assert!(
            answer.status().is_success(),
            "bucket {bucket}: {}",
            answer.status()
        );
        Self { endpoint, process }
    }

    /// Its URL, without a slash at the end.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The environment that leads a client here.
    pub fn environment(&self) -> Vec<(String, String)> {
        vec![("STORAGE_EMULATOR_HOST".to_owned(), self.endpoint.clone())]
    }

    /// The process, to look at its log or to kill it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// A port that was free a moment ago: neither of the two says which one it took when it may choose.
fn free_port() -> (String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    ("127.0.0.1".to_owned(), port.to_string())
}
