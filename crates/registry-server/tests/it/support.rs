//! A registry on a free port, and the few words that the tests say to it.

use std::sync::Arc;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header::HeaderMap};
use serde_json::Value;
use transship_oci::{Digest, media_type};
use transship_registry_server::{Disk, Memory, Registry, Server, Store};

/// A registry that is running.
pub(crate) struct Running {
    pub(crate) server: Server,
    pub(crate) client: Client,
    /// Kept for as long as the registry runs.
    folder: Option<tempfile::TempDir>,
}

impl Running {
    pub(crate) async fn start(registry: Registry) -> Self {
        let address = ([127, 0, 0, 1], 0).into();
        Self {
            server: Server::bind(address, registry.router()).await.unwrap(),
            // A connection each: where a test moves the clock, those that are idle end.
            client: Client::builder().pool_max_idle_per_host(0).build().unwrap(),
            folder: None,
        }
    }

    pub(crate) async fn memory() -> Self {
        Self::start(Registry::new(Memory::new())).await
    }

    pub(crate) async fn disk() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).await.unwrap();
        let mut running = Self::start(Registry::new(disk)).await;
        running.folder = Some(folder);
        running
    }

    /// One on every store that can be written to.
    pub(crate) async fn everywhere() -> [Self; 2] {
        [Self::memory().await, Self::disk().await]
    }

    pub(crate) fn host(&self) -> String {
        self.server.local_addr().to_string()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.server.local_addr());
        self.client.request(method, url)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn head(&self, path: &str) -> Response {
        self.request(Method::HEAD, path).send().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> StatusCode {
        let request = self.request(Method::DELETE, path);
        request.send().await.unwrap().status()
    }

    /// Pushes a blob in one request.
    pub(crate) async fn blob(&self, name: &str, content: &[u8]) -> Digest {
        let digest = Digest::sha256(content);
        let path = format!("/v2/{name}/blobs/uploads/?digest={digest}");
        let request = self.request(Method::POST, &path).body(content.to_vec());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        digest
    }

    /// Opens an upload and returns where it is.
    pub(crate) async fn session(&self, name: &str) -> String {
        let path = format!("/v2/{name}/blobs/uploads/");
        let response = self.request(Method::POST, &path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        text(response.headers(), "location").to_owned()
    }

    /// Puts a manifest.
    pub(crate) async fn put(&self, name: &str, reference: &str, json: &str) -> Response {
        let path = format!("/v2/{name}/manifests/{reference}");
        let request = self.request(Method::PUT, &path);
        let request = request.header("content-type", media_type::OCI_MANIFEST);
        request.body(json.to_owned()).send().await.unwrap()
    }

    /// Pushes an image of one layer under a tag.
    pub(crate) async fn image(&self, name: &str, tag: &str, content: &[u8]) -> Digest {
        let json = self.manifest(name, content, "").await;
        let response = self.put(name, tag, &json).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        Digest::sha256(json.as_bytes())
    }

    /// Pushes the blobs of an image of one layer, and returns its manifest.
    pub(crate) async fn manifest(&self, name: &str, content: &[u8], more: &str) -> String {
        let config = self.blob(name, b"{}").await;
        let layer = self.blob(name, content).await;
        image_json(&config, &layer, content.len(), more)
    }
}

/// The manifest of an image of one layer.
pub(crate) fn image_json(config: &Digest, layer: &Digest, size: usize, more: &str) -> String {
    format!(
        concat!(
            r#"{{"schemaVersion":2,"mediaType":"{kind}","#,
            r#""config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":2}},"#,
            r#""layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{layer}","size":{size}}}]{more}}}"#
        ),
        kind = media_type::OCI_MANIFEST,
        config = config,
        layer = layer,
        size = size,
        more = more,
    )
}

/// A header's value.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// The code of an error answer.
pub(crate) async fn code(response: Response) -> String {
    let body = json(response).await;
    body["errors"][0]["code"].as_str().unwrap().to_owned()
}

pub(crate) async fn json(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// A store in memory as any store.
pub(crate) fn store() -> Arc<dyn Store> {
    Memory::new()
}
