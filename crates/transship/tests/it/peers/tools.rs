//! The clients of others, and what they are asked for here.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;
use transship_testkit::{
    image::Graph,
    peers::{Home, Tool},
};

use super::place::Place;

/// crane, oras, regctl and skopeo in one home.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) home: Home,
    pub(super) crane: Tool,
    pub(super) oras: Tool,
    pub(super) regctl: Tool,
    pub(super) skopeo: Tool,
}

impl Tools {
    /// All of them; `None` after saying which is missing.
    pub(super) fn new() -> Option<Self> {
        let home = Home::new();
        Some(Self {
            crane: Tool::new("crane", &home)?,
            oras: Tool::new("oras", &home)?,
            regctl: Tool::new("regctl", &home)?,
            skopeo: Tool::new("skopeo", &home)?,
            home,
        })
    }

    /// Writes a graph as a layout below the home, and returns the folder's name there.
    pub(super) fn layout(&self, name: &str, graph: &Graph) -> String {
        graph.write_layout(&self.home.path().join(name)).unwrap();
        name.to_owned()
    }

    /// crane pushes the one artifact of a layout.
    pub(super) async fn crane_push(&self, layout: &str, to: &str) {
        self.crane.ok(["push", "--insecure", layout, to]).await;
    }

    /// oras pushes a tag of a layout.
    pub(super) async fn oras_push(&self, layout: &str, tag: &str, to: &str) {
        let from = format!("{layout}:{tag}");
        let flags = ["cp", "--from-oci-layout", "--to-plain-http"];
        self.oras.ok([&flags[..], &[&from, to]].concat()).await;
    }

    /// regctl pushes a tag of a layout.
    pub(super) async fn regctl_push(&self, layout: &str, tag: &str, to: &Place, name: &str) {
        self.home.plain_http(to.host());
        let from = format!("ocidir://{layout}:{tag}");
        self.regctl.ok(["image", "copy", &from, &to.at(name)]).await;
    }

    /// skopeo pushes a tag of a layout, every platform.
    pub(super) async fn skopeo_push(&self, layout: &str, tag: &str, to: &str) {
        let (from, to) = (format!("oci:{layout}:{tag}"), format!("docker://{to}"));
        let flags = ["--insecure-policy", "copy", "--all", "--preserve-digests"];
        let ends = ["--dest-tls-verify=false", &from, &to];
        self.skopeo.ok([&flags[..], &ends].concat()).await;
    }

    /// The digest of a reference, as crane sees it.
    pub(super) async fn digest(&self, reference: &str) -> String {
        self.crane.ok(["digest", "--insecure", reference]).await
    }

    /// The tags of a repository, as crane sees them.
    pub(super) async fn tags(&self, repository: &str) -> BTreeSet<String> {
        let listed = self.crane.ok(["ls", "--insecure", repository]).await;
        listed.lines().map(str::to_owned).collect()
    }

    /// The digests of all referrers of a reference and of their referrers, as oras discovers them.
    pub(super) async fn discovered(&self, reference: &str) -> BTreeSet<String> {
        self.described(reference).await.into_keys().collect()
    }

    /// The same, with the type and the annotations that the list says of each.
    pub(super) async fn described(&self, reference: &str) -> BTreeMap<String, [Value; 2]> {
        let flags = ["discover", "--plain-http", "--format=json", reference];
        let text = self.oras.ok(flags).await;
        let mut found = BTreeMap::new();
        collect(&serde_json::from_str(&text).unwrap(), &mut found);
        found
    }

    /// The digests of the referrers of a reference, and of what its digest tags hold, as regctl lists them.
    pub(super) async fn listed(&self, at: &Place, name: &str) -> BTreeSet<String> {
        self.home.plain_http(at.host());
        let format = "--format={{range .Descriptors}}{{println .Digest}}{{end}}";
        let flags = ["artifact", "list", "--digest-tags", format];
        let listed = self.regctl.ok([&flags[..], &[&at.at(name)]].concat()).await;
        let lines = listed.lines().filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    }
}

fn collect(node: &Value, found: &mut BTreeMap<String, [Value; 2]>) {
    for referrer in node["referrers"].as_array().into_iter().flatten() {
        let said = ["artifactType", "annotations"].map(|field| referrer[field].clone());
        found.insert(referrer["digest"].as_str().unwrap().to_owned(), said);
        collect(referrer, found);
    }
}

/// The bytes that a layout below `home` holds for a digest.
pub(super) fn in_layout(layout: &Path, digest: &str) -> Vec<u8> {
    let (algorithm, hex) = digest.split_once(':').unwrap();
    let path = layout.join("blobs").join(algorithm).join(hex);
    std::fs::read(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}
