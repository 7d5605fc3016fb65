//! The whole way: a registry, a store, a stick, another store, another registry; signed by cosign on one side, verified by
//! cosign and by a policy on the other.
//!
//! Each side has a network namespace of its own, in which there is nothing but its loopback: what listens there is out of
//! reach for everybody else. Only the stick, a folder, goes across.

use std::path::PathBuf;

use tokio::process::Command;
use transship_oci::Digest;
use transship_testkit::{
    image::Graph,
    peers::{AzureSas, Azurite, Cosign, Home, Process, Run, Tool, Version, missing, require},
    tls::Authority,
};

use crate::world::{expect, unsigned_app};

const CONTAINER: &str = "transfer";
const ACCOUNT: &str = "transshiptest";

/// One side of the gap.
struct Side {
    home: Home,
    /// What puts a program into this side's network.
    enter: Vec<String>,
    registry: String,
    /// The store's URL of a container; ends in a slash.
    container: String,
    held: Vec<Process>,
}

impl Side {
    /// A network with a registry and a store in it; `None` after saying what is missing.
    async fn new() -> Option<Self> {
        let home = Home::new();
        let (holder, enter) = network(&home).await?;
        let mut side = Self {
            home,
            enter,
            registry: String::new(),
            container: String::new(),
            held: vec![holder],
        };
        let registry = ["registry", "serve", "store", "--listen", "127.0.0.1:0"];
        let mut registry = Process::spawn(side.transship().command(registry));
        side.registry = registry.wait_for(address).await;
        side.held.push(registry);
        side.start_store().await?;
        Some(side)
    }

    async fn start_store(&mut self) -> Option<()> {
        let program = require("azurite-blob")?;
        let authority = Authority::new();
        let identity = authority.server();
        self.home.write("store.pem", authority.certificate());
        self.home.write("server.pem", &identity.certificate);
        self.home.write("server.key", &identity.key);
        let flags = [
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            "0",
            "--inMemoryPersistence",
        ];
        let tls = [
            "--disableTelemetry",
            "--cert",
            "server.pem",
            "--key",
            "server.key",
        ];
        let accounts = format!("{ACCOUNT}:{}", Azurite::key());
        let tool = self.tool(program).env("AZURITE_ACCOUNTS", &accounts);
        let mut store = Process::spawn(tool.command(flags.iter().chain(&tls)));
        let host = store
            .wait_for(|log| {
                let (_, after) = log.split_once("successfully listens on https://")?;
                Some(after.lines().next()?.trim().to_owned())
            })
            .await;
        self.held.push(store);
        self.container = format!("https://{host}/{ACCOUNT}/{CONTAINER}/");
        let make = AzureSas::new("c").of_account("c").sign("");
        let url = format!("https://{host}/{ACCOUNT}/{CONTAINER}?restype=container&{make}");
        let curl = [
            "--fail",
            "--silent",
            "--insecure",
            "-X",
            "PUT",
            "-H",
            "content-length: 0",
        ];
        self.tool(require("curl")?)
            .ok(curl.iter().chain(&[url.as_str()]))
            .await;
        Some(())
    }

    fn tool(&self, program: PathBuf) -> Tool {
        Tool::at(program, &self.home).within(&self.enter)
    }

    fn transship(&self) -> Tool {
        self.tool(PathBuf::from(env!("CARGO_BIN_EXE_transship")))
            .env("TRANSSHIP__CA_FILE", "store.pem")
    }

    /// The URL of an archive in the store.
    fn url(&self, rights: &str) -> String {
        let sas = AzureSas::new(rights).sign(CONTAINER);
        format!("{}app.oci.tar?{sas}", self.container)
    }

    async fn run(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.transship().run(arguments).await;
        expect(&run, code);
        run
    }
}

/// A network of one's own, and how to get in; `None` after saying that there is none to be had.
async fn network(home: &Home) -> Option<(Process, Vec<String>)> {
    let (unshare, nsenter) = (require("unshare")?, require("nsenter")?);
    let mut command = Command::new(unshare);
    let hold = "ip link set lo up && echo held && exec sleep infinity";
    command.args(["--net", "sh", "-c", hold]);
    let probe = Command::from(std::process::Command::new(command.as_std().get_program()))
        .args(["--net", "true"])
        .current_dir(home.path())
        .output()
        .await;
    if !probe.is_ok_and(|probe| probe.status.success()) {
        missing("network namespaces cannot be had here; run this test as root");
        return None;
    }
    let mut holder = Process::spawn(command);
    holder
        .wait_for(|log| log.contains("held").then_some(()))
        .await;
    let id = holder.id()?.to_string();
    let nsenter = nsenter.display().to_string();
    let enter = [&nsenter, "--target", &id, "--net", "--"].map(str::to_owned);
    Some((holder, enter.to_vec()))
}

fn address(log: &str) -> Option<String> {
    let line = log.lines().find(|line| line.starts_with("http"))?;
    Some(line.split_once("://")?.1.to_owned())
}

/// Puts a graph into the registry of a side, from a layout.
async fn put(side: &Side, graph: &Graph, to: &str) {
    graph
        .write_layout(&side.home.path().join("layout"))
        .unwrap();
    let map = ["--map", to];
    let host = side.registry.as_str();
    side.run(
        0,
        &[&["import", "oci:layout", "--to", host][..], &map].concat(),
    )
    .await;
}

#[tokio::test]
async fn from_registry_to_registry_with_no_network_between() {
    let (Some(near), Some(far)) = (Side::new().await, Side::new().await) else {
        return;
    };
    for version in [Version::V2, Version::V3] {
        let Some(cosign) = Cosign::new(version, &near.home).await else {
            return;
        };
        let path = format!("acme/app{version:?}").to_lowercase();
        let (graph, app) = unsigned_app();
        put(&near, &graph, &path).await;
        let cosign = cosign.within(&near.enter);
        let pinned = format!("{}/{path}@{}", near.registry, app.digest);
        cosign.sign_recursive(&pinned).await;
        carry(&near, &far, &path, &cosign, app.digest).await;
        let there = Cosign::new(version, &far.home)
            .await
            .unwrap()
            .within(&far.enter);
        let verified = there
            .verify(&format!("{}/mirror/{path}@{}", far.registry, app.digest))
            .await;
        expect(&verified, 0);
    }
}

async fn carry(near: &Side, far: &Side, path: &str, cosign: &Cosign, digest: Digest) {
    let stick = Home::new();
    let (stick, reference) = (
        format!("{}/", stick.path().display()),
        format!("{}/{path}:1.4", near.registry),
    );
    let public = std::fs::read(cosign.public_key()).unwrap();
    far.home.write("cosign.pub", &public);
    std::fs::copy(
        near.home.path().join("cosign.key"),
        far.home.path().join("cosign.key"),
    )
    .unwrap();
    let (here, there) = (near.url("alrw"), far.url("alrw"));
    let key = [
        "--key",
        "cosign.key",
        "--overwrite",
        "--trust-file",
        "cosign.pub",
    ];
    let exported = near
        .run(
            0,
            &[&["export", &reference, "--to", &here][..], &key].concat(),
        )
        .await;
    // Neither side reaches the other.
    far.run(1, &["archive", "inspect", &here]).await;
    near.run(1, &["archive", "inspect", &there]).await;
    near.run(0, &["archive", "copy", &here, &stick, "--overwrite"])
        .await;
    let carried = format!("{stick}app.oci.tar");
    far.run(0, &["archive", "copy", &carried, &there, "--overwrite"])
        .await;
    far.home.write(
        "policy.yaml",
        "version: 1\nsigners: {vendor: {key: cosign.pub, tlog: ignore}}\ndefault: {signed-by: vendor}\n",
    );
    let to = format!("{}/mirror", far.registry);
    let judged = ["--archive-key", "cosign.pub", "--policy", "policy.yaml"];
    let import = [
        "import",
        &far.url("dlr"),
        "--to",
        &to,
        "--delete-source-on-success",
    ];
    far.run(0, &[&import[..], &judged].concat()).await;
    let arrived = format!("{to}/{path}:1.4");
    let shown = far.run(0, &["inspect", &arrived]).await;
    assert!(
        shown.stdout.contains(&digest.to_string()),
        "{}",
        shown.stdout
    );
    far.run(0, &["verify", &arrived, "--policy", "policy.yaml"])
        .await;
    far.run(1, &["archive", "inspect", &there]).await;
    assert!(
        exported.stdout.contains("signed by key"),
        "{}",
        exported.stdout
    );
}
