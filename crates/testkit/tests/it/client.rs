//! The smallest client that can push and pull, and that recovers from nothing.

use std::sync::Arc;

use reqwest::{Method, RequestBuilder, Response};
use transship_oci::{Digest, RawManifest, media_type};
use transship_registry_server::{Memory, Registry};
use transship_testkit::fault::{FaultRegistry, Quirk};

/// A client of one fault registry.
pub(crate) struct Client {
    pub(crate) registry: FaultRegistry,
    http: reqwest::Client,
}

impl Client {
    /// A client of our own registry, in memory, behind these quirks.
    pub(crate) async fn new(quirks: Vec<Arc<dyn Quirk>>) -> Self {
        let app = Registry::new(Memory::new()).router();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            registry: FaultRegistry::start(app, quirks).await,
            http,
        }
    }

    /// A request to a path of the registry, or to a whole address.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("http://{}{path}", self.registry.host())
        };
        self.http.request(method, url)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn head(&self, path: &str) -> Response {
        self.request(Method::HEAD, path).send().await.unwrap()
    }

    /// Opens an upload in `/v2/app` and returns its address.
    pub(crate) async fn open(&self) -> String {
        let answer = self
            .request(Method::POST, "/v2/app/blobs/uploads/")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 202);
        location(&answer)
    }

    /// Ends an upload.
    pub(crate) async fn close(&self, session: &str, digest: &Digest) -> Response {
        let joint = if session.contains('?') { '&' } else { '?' };
        let path = format!("{session}{joint}digest={digest}");
        self.request(Method::PUT, &path).send().await.unwrap()
    }

    /// Puts a blob into `/v2/app` in one request.
    pub(crate) async fn put_blob(&self, bytes: &[u8]) -> Digest {
        let digest = Digest::sha256(bytes);
        let path = format!("/v2/app/blobs/uploads/?digest={digest}");
        let answer = self
            .request(Method::POST, &path)
            .body(bytes.to_vec())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
        digest
    }

    /// Puts a manifest into `/v2/app` under a tag or its digest.
    pub(crate) async fn put_manifest(&self, name: &str, manifest: &RawManifest) -> Response {
        let path = format!("/v2/app/manifests/{name}");
        let request = self.request(Method::PUT, &path);
        let request = request.header("content-type", manifest.media_type());
        request.body(manifest.bytes().clone()).send().await.unwrap()
    }

    /// Pushes a whole graph into `/v2/app`.
    pub(crate) async fn push(&self, graph: &transship_testkit::image::Graph) {
        for bytes in graph.blobs().values() {
            self.put_blob(bytes).await;
        }
        for manifest in graph.manifests() {
            let answer = self
                .put_manifest(&manifest.digest().to_string(), manifest)
                .await;
            assert_eq!(answer.status(), 201, "{}", manifest.digest());
        }
        for (tag, digest) in graph.tags() {
            let manifest = graph.manifest(digest).unwrap();
            assert_eq!(
                self.put_manifest(tag.as_str(), manifest).await.status(),
                201,
                "{tag}"
            );
        }
    }
}

pub(crate) async fn json(answer: Response) -> serde_json::Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

pub(crate) fn location(answer: &Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// An index of nothing: a manifest that needs no blobs.
pub(crate) fn empty_index() -> RawManifest {
    let text = r#"{"schemaVersion":2,"manifests":[]}"#;
    RawManifest::named(media_type::OCI_INDEX, text.into()).unwrap()
}
