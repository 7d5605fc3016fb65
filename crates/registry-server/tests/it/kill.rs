//! A registry that is killed in the middle of its work, again and again, over the same folder.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use bytes::Bytes;
use futures::{TryStreamExt as _, future::join_all};
use reqwest::{Client, StatusCode};
use tokio::sync::mpsc;
use transship_oci::{Digest, Name, media_type};
use transship_registry_server::{Disk, Registry, Server, Store as _, StoredRepository, complete};

use crate::support::image_json;

const FOLDER: &str = "KILLED_REGISTRY_FOLDER";
const ADDRESS: &str = "listening on ";
const CLIENTS: usize = 4;

#[tokio::test]
#[ignore = "the registry that the other test starts and kills"]
async fn serve_until_killed() {
    let folder = std::env::var_os(FOLDER).unwrap();
    let disk = Disk::open(Path::new(&folder)).await.unwrap();
    let address = ([127, 0, 0, 1], 0).into();
    let server = Server::bind(address, Registry::new(disk).router())
        .await
        .unwrap();
    println!("{ADDRESS}{}", server.local_addr());
    std::future::pending::<()>().await;
}

fn start(folder: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kill::serve_until_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    let address = lines
        .find_map(|line| Some(line.split_once(ADDRESS)?.1.to_owned()))
        .unwrap();
    (child, address)
}

/// Pushes images until the registry is gone, and tells of each that it acknowledged.
async fn push(
    address: String,
    client: usize,
    round: usize,
    told: mpsc::UnboundedSender<(String, Digest)>,
) {
    let http = Client::builder().build().unwrap();
    let blob = async |content: Vec<u8>| {
        let digest = Digest::sha256(&content);
        let url = format!("http://{address}/v2/a/b/blobs/uploads/?digest={digest}");
        let sent = http.post(url).body(content).send().await.ok()?;
        (sent.status() == StatusCode::CREATED).then_some(digest)
    };
    let image = async |number: usize| {
        let layer = format!("{round}-{client}-{number}")
            .repeat(20_000)
            .into_bytes();
        let size = layer.len();
        let json = image_json(&blob(b"{}".to_vec()).await?, &blob(layer).await?, size, "");
        let tag = format!("r{round}-c{client}-n{number}");
        let digest = Digest::sha256(json.as_bytes());
        let put = http.put(format!("http://{address}/v2/a/b/manifests/{tag}"));
        let put = put
            .header("content-type", media_type::OCI_MANIFEST)
            .body(json);
        let status = put.send().await.ok()?.status();
        (status == StatusCode::CREATED).then_some((tag, digest))
    };
    for number in 0.. {
        match image(number).await {
            Some(done) => drop(told.send(done)),
            None => return,
        }
    }
}

/// Everything that was acknowledged is there, and everything that is there is whole.
async fn check(folder: &Path, acknowledged: &BTreeMap<String, Digest>) {
    let disk = Disk::open(folder).await.unwrap();
    let repository = disk.open("a/b").await.unwrap().unwrap();
    for (tag, digest) in acknowledged {
        let found = repository
            .find(&Name::Tag(tag.parse().unwrap()))
            .await
            .unwrap();
        assert_eq!(found.map(|found| found.digest), Some(*digest), "{tag}");
    }
    for node in repository.manifests().await.unwrap() {
        let manifest = repository.manifest(&node.digest).await.unwrap().unwrap();
        complete(&*repository, &manifest).await.unwrap();
    }
    for blob in repository.blobs().await.unwrap() {
        read(&*repository, &blob).await;
    }
}

/// Reads a blob to its end, which checks it.
async fn read(repository: &dyn StoredRepository, blob: &Digest) {
    let bytes = repository.read(blob, 0..u64::MAX).await.unwrap();
    let pieces: Vec<Bytes> = bytes.try_collect().await.unwrap();
    assert_eq!(Digest::sha256(&pieces.concat()), *blob);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_and_what_is_there_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeMap::new();
    for round in 0..6 {
        let (mut registry, address) = start(folder.path());
        let (told, mut heard) = mpsc::unbounded_channel();
        let clients = (0..CLIENTS)
            .map(|client| tokio::spawn(push(address.clone(), client, round, told.clone())));
        let clients: Vec<_> = clients.collect();
        drop(told);
        // The others are in the middle of something when one has just been told that its push is done.
        for _ in 0..=round * 3 {
            let (tag, digest) = heard.recv().await.unwrap();
            acknowledged.insert(tag, digest);
        }
        registry.kill().unwrap();
        registry.wait().unwrap();
        for client in join_all(clients).await {
            client.unwrap();
        }
        while let Some((tag, digest)) = heard.recv().await {
            acknowledged.insert(tag, digest);
        }
        check(folder.path(), &acknowledged).await;
    }
    assert!(acknowledged.len() >= 51);
}
