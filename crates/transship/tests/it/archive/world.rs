//! What the tests of archives need: two registries with a gap between them.

use std::path::PathBuf;

use transship_testkit::{
    fault::{FaultRegistry, Route},
    image::Graph,
    peers::{Home, Run, Tool},
};

use crate::world::{at_home, expect, registry, remote, signed_app};

/// A registry on each side, and a home for whoever carries.
#[derive(Debug)]
pub(super) struct Gap {
    pub(super) near: FaultRegistry,
    pub(super) far: FaultRegistry,
    pub(super) home: Home,
}

impl Gap {
    /// Two empty registries.
    pub(super) async fn new() -> Self {
        Self {
            near: registry().await,
            far: registry().await,
            home: Home::new(),
        }
    }

    /// The same, with the signed application in `acme/app` of the near one.
    pub(super) async fn with_app() -> (Self, Graph) {
        let gap = Self::new().await;
        let (graph, _) = signed_app();
        gap.put("acme/app", &graph).await;
        (gap, graph)
    }

    /// Puts a graph into a repository of the near registry.
    pub(super) async fn put(&self, path: &str, graph: &Graph) {
        let repository = self.near.repository(path);
        graph.push_to(&remote(&repository)).await.unwrap();
    }

    /// A reference at the near registry.
    pub(super) fn near(&self, name: &str) -> String {
        format!("{}/{name}", self.near.host())
    }

    /// A place at the far registry.
    pub(super) fn far(&self, name: &str) -> String {
        format!("{}/{name}", self.far.host())
    }

    /// Is all of a graph in a repository of the far registry?
    pub(super) async fn assert_far(&self, path: &str, graph: &Graph) {
        let repository = self.far.repository(path);
        graph.assert_in(&remote(&repository)).await;
    }

    /// How often somebody wrote to the far registry.
    pub(super) fn writes(&self) -> usize {
        let writing = [
            Route::PutManifest,
            Route::PostUpload,
            Route::PostMount,
            Route::Patch,
            Route::PutBlob,
        ];
        writing.iter().map(|route| self.far.count(*route)).sum()
    }

    /// Our program at home.
    pub(super) fn tool(&self) -> Tool {
        at_home(&self.home)
    }

    /// Runs our program and expects this exit code.
    pub(super) async fn run(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.tool().run(arguments).await;
        expect(&run, code);
        run
    }

    /// Exports, with flags, into `app.oci.tar`.
    pub(super) async fn export(&self, flags: &[&str]) -> Run {
        let reference = self.near("acme/app:1.4");
        let arguments = ["export", &reference, "--to", "app.oci.tar"];
        self.run(0, &[&arguments[..], flags].concat()).await
    }

    /// A file at home.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Makes a key pair `NAME.key` and `NAME.pub` at home.
    pub(super) async fn key(&self, name: &str) {
        let arguments = ["key", "generate", "--output-key-prefix", name];
        self.run(0, &arguments).await;
    }
}

/// The digest that an export prints last.
pub(super) fn inventory(run: &Run) -> String {
    let last = run.stdout.lines().last().unwrap();
    last.strip_prefix("inventory ").unwrap().to_owned()
}
