//! What every test needs: the program with a home of its own, registries, and artifacts in them.

use std::path::PathBuf;

use serde_json::Value;
use transship_oci::{Descriptor, Repository, Side};
use transship_registry_client::{Client, Context, RemoteRepository};
use transship_registry_server::{Auth, Memory, Registry, Users};
use transship_testkit::{
    fault::{FaultRegistry, Quirk},
    image::{Graph, Image, Index, layer},
    peers::{Home, Run, Tool},
};

/// The program, with a home folder to throw away.
pub(crate) fn transship() -> Tool {
    at_home(&Home::new())
}

/// The program with this home folder.
pub(crate) fn at_home(home: &Home) -> Tool {
    Tool::at(PathBuf::from(env!("CARGO_BIN_EXE_transship")), home)
}

/// An empty registry in this process that counts its requests.
pub(crate) async fn registry() -> FaultRegistry {
    faulty(Vec::new()).await
}

/// An empty registry that misbehaves.
pub(crate) async fn faulty(quirks: Vec<std::sync::Arc<dyn Quirk>>) -> FaultRegistry {
    FaultRegistry::start(Registry::new(Memory::new()).router(), quirks).await
}

/// An empty registry that wants a password.
pub(crate) async fn guarded(user: &str, password: &str) -> FaultRegistry {
    let users = Users::single(user, password).unwrap();
    let registry = Registry::new(Memory::new()).auth(Auth::basic(users));
    FaultRegistry::start(registry.router(), Vec::new()).await
}

/// A repository as a client of its own sees it.
pub(crate) fn remote(repository: &Repository) -> RemoteRepository {
    Client::new(Context::default())
        .unwrap()
        .repository(repository, Side::Target)
        .unwrap()
}

/// An index of two platforms under `1.4`, a signature in a tag, and an SBOM with a signature of its own as referrers.
pub(crate) fn signed_app() -> (Graph, Descriptor) {
    let mut graph = Graph::new();
    let amd = Image::new()
        .platform("linux/amd64")
        .layer(layer::gzip("etc/motd", b"hello"))
        .layer(layer::gzip("usr/bin/app", &[7; 5000]));
    let arm = Image::new()
        .platform("linux/arm64")
        .layer(layer::zstd("etc/motd", b"hello"));
    let (amd, arm) = (graph.image(amd), graph.image(arm));
    let app = graph.index(Index::of([amd, arm]));
    graph.tag("1.4", &app);
    let sbom = graph.attach(
        &app,
        "application/spdx+json",
        b"{\"spdxVersion\":\"SPDX-2.3\"}",
    );
    graph.attach(&sbom, "application/vnd.cncf.notary.signature", b"signed");
    graph.sign_in_tag(&app, &[b"payload"]);
    (graph, app)
}

/// An index of two platforms under `1.4`, with an SBOM beside it and no signature.
pub(crate) fn unsigned_app() -> (Graph, Descriptor) {
    let mut graph = Graph::new();
    let image = |platform: &str| {
        let program = layer::gzip("usr/bin/app", platform.as_bytes());
        Image::new().platform(platform).layer(program)
    };
    let children = ["linux/amd64", "linux/arm64"].map(|platform| graph.image(image(platform)));
    let app = graph.index(Index::of(children));
    graph.tag("1.4", &app);
    graph.attach(&app, "application/spdx+json", b"{}");
    (graph, app)
}

/// The single image `name`, with a layer of its own, under each of these tags.
pub(crate) fn image_under(tags: &[&str]) -> Graph {
    let mut graph = Graph::new();
    for tag in tags {
        let image = graph.image(Image::new().layer(layer::gzip("tag", tag.as_bytes())));
        graph.tag(tag, &image);
    }
    graph
}

/// The standard output as JSON.
pub(crate) fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout)
        .unwrap_or_else(|cause| panic!("{cause}\n{}\n{}", run.stdout, run.stderr))
}

/// Expects an exit code and says everything when it is another.
#[track_caller]
pub(crate) fn expect(run: &Run, code: i32) {
    assert_eq!(
        run.code(),
        code,
        "stdout:\n{}\nstderr:\n{}",
        run.stdout,
        run.stderr
    );
}
