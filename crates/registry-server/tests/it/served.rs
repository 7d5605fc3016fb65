use reqwest::Method;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use transship_oci::ErrorKind;
use transship_registry_server::{Registry, Server};

use crate::support::{Running, store, text};

#[tokio::test]
async fn a_request_that_is_under_way_is_not_cut_off() {
    let registry = Running::memory().await;
    let at = registry.session("a").await;
    let mut stream = TcpStream::connect(registry.server.local_addr())
        .await
        .unwrap();
    let head = format!("PATCH {at} HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab");
    stream.write_all(head.as_bytes()).await.unwrap();
    while text(registry.get(&at).await.headers(), "range") != "0-1" {
        tokio::task::yield_now().await;
    }
    let address = registry.server.local_addr();
    let ended = tokio::spawn(registry.server.shutdown());
    // Nobody is let in any more once the listener is gone.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!ended.is_finished());
    stream.write_all(b"cd").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    ended.await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let registry = Running::memory().await;
    let address = registry.server.local_addr();
    let error = Server::bind(address, Registry::new(store()).router())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let expected = format!("local {address}: the address cannot be listened on");
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[tokio::test]
async fn prior_knowledge_of_http2_is_enough() {
    let registry = Running::memory().await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let url = format!("http://{}/v2/", registry.host());
    let response = client.request(Method::GET, url).send().await.unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(response.status(), 200);
}
