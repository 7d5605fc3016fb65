//! containerd with folders of its own, and `ctr` to talk to it.

use std::{fs, os::unix::fs::MetadataExt as _, path::PathBuf};

use super::{Home, Process, Run, Tool, find::missing};

/// A running containerd.
#[derive(Debug)]
pub struct Containerd {
    ctr: Tool,
    socket: PathBuf,
    _process: Process,
}

impl Containerd {
    /// Starts one below `home`; `None` after saying that it is missing, or that it cannot run for anybody but root.
    pub async fn start(home: &Home) -> Option<Self> {
        let (daemon, ctr) = (Tool::new("containerd", home)?, Tool::new("ctr", home)?);
        if fs::metadata("/proc/self").expect("a process").uid() != 0 {
            missing("containerd does not run without root");
            return None;
        }
        let socket = home.path().join("containerd.sock");
        let config = home.write("containerd.toml", configuration(home, &socket));
        let mut command = daemon.command(["--config"]);
        command.arg(config);
        let mut process = Process::spawn(command);
        process
            .wait_for(|log| log.contains("successfully booted").then_some(()))
            .await;
        Some(Self {
            ctr,
            socket,
            _process: process,
        })
    }

    /// Runs `ctr`.
    pub async fn ctr(&self, arguments: &[&str]) -> Run {
        let socket = self.socket.to_str().expect("a path of ours");
        let all = ["--address", socket]
            .into_iter()
            .chain(arguments.iter().copied());
        self.ctr.run(all).await
    }
}

fn configuration(home: &Home, socket: &std::path::Path) -> String {
    let folder = home.path().display();
    let socket = socket.display();
    format!(
        "version = 2\n\
         root = \"{folder}/containerd/root\"\n\
         state = \"{folder}/containerd/state\"\n\
         disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
         [grpc]\n\
         address = \"{socket}\"\n\
         [ttrpc]\n\
         address = \"{socket}.ttrpc\"\n"
    )
}
