//! Registries of others: Debian's docker-registry 2.8 and CNCF distribution 3, as plain processes.

use std::{collections::BTreeMap, fmt::Write as _};

use tempfile::TempDir;
use tokio::process::Command;

use super::{Process, require};
use crate::tls::Identity;

/// How a registry is set up. Deleting is always allowed.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Users and passwords of Basic authentication; nobody has to log in where there are none.
    pub users: BTreeMap<String, String>,
    /// The certificate of an https registry.
    pub tls: Option<Identity>,
}

impl Options {
    /// Asks for one user to log in.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.users.insert(name.to_owned(), password.to_owned());
        self
    }

    /// Serves https.
    pub fn tls(mut self, identity: &Identity) -> Self {
        self.tls = Some(identity.clone());
        self
    }
}

/// Debian's `docker-registry` 2.8: no referrers API, tags that cannot be deleted.
#[derive(Debug)]
pub struct DockerRegistry(Running);

/// CNCF distribution 3: no referrers API either.
#[derive(Debug)]
pub struct Distribution(Running);

macro_rules! registry {
    ($name:ident, $program:literal) => {
        impl $name {
            /// Starts one on a port of its own; `None` after saying that the program is missing.
            pub async fn start(options: &Options) -> Option<Self> {
                Running::start($program, options).await.map(Self)
            }

            /// Host and port, as in a reference.
            pub fn host(&self) -> &str {
                &self.0.host
            }

            /// The process, to look at its log or to kill it.
            pub fn process(&mut self) -> &mut Process {
                &mut self.0.process
            }
        }
    };
}
registry!(DockerRegistry, "docker-registry");
registry!(Distribution, "distribution");

#[derive(Debug)]
struct Running {
    host: String,
    process: Process,
    _folder: TempDir,
}

impl Running {
    async fn start(name: &str, options: &Options) -> Option<Self> {
        let program = require(name)?;
        let folder = TempDir::new().expect("a temporary folder");
        let file = folder.path().join("config.yml");
        std::fs::write(&file, configuration(&folder, options)).expect("a configuration file");
        let mut command = Command::new(program);
        command
            .arg("serve")
            .arg(&file)
            .env("OTEL_TRACES_EXPORTER", "none");
        let mut process = Process::spawn(command);
        let host = process.wait_for(listening_on).await;
        Some(Self {
            host,
            process,
            _folder: folder,
        })
    }
}

/// The registry takes whatever port is free and says which: nobody can take it in between.
fn listening_on(log: &str) -> Option<String> {
    let (_, after) = log.split_once("listening on ")?;
    let (host, _) = after.split_once([',', '"'])?;
    Some(host.to_owned())
}

fn configuration(folder: &TempDir, options: &Options) -> String {
    let root = folder.path();
    let mut text = format!(
        "version: 0.1\n\
         log: {{level: info, accesslog: {{disabled: true}}}}\n\
         storage: {{filesystem: {{rootdirectory: {root}/data}}, delete: {{enabled: true}}}}\n\
         http:\n  addr: 127.0.0.1:0\n",
        root = root.display()
    );
    let file = |name: &str, content: &str| {
        let path = root.join(name);
        std::fs::write(&path, content).expect("a file beside the configuration");
        path.display().to_string()
    };
    if let Some(identity) = &options.tls {
        let certificate = file("cert.pem", &identity.certificate);
        let key = file("key.pem", &identity.key);
        let _ = writeln!(text, "  tls: {{certificate: {certificate}, key: {key}}}");
    }
    if !options.users.is_empty() {
        let mut lines = String::new();
        for (user, password) in &options.users {
            // The cheapest hash there is: it guards nothing.
            let hash = bcrypt::hash(password, 4).expect("a bcrypt hash");
            let _ = writeln!(lines, "{user}:{hash}");
        }
        let path = file("htpasswd", &lines);
        let _ = writeln!(text, "auth: {{htpasswd: {{realm: test, path: {path}}}}}");
    }
    text
}
