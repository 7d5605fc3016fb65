//! Certificates: whom we trust, and how we show who we are.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::Arc,
};

use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use transship_oci::{ErrorKind, Retry};
use transship_registry_client::{Client, ClientCertificate, Context, HostSettings, TlsMaterial};
use transship_testkit::tls::Authority;

use super::fake::{Fake, status};

fn client(hosts: HostSettings) -> Client {
    Client::new(Context {
        hosts,
        max_attempts: 1,
        ..Context::default()
    })
    .unwrap()
}

fn trusting(
    host: &str,
    authority: &Authority,
    identity: Option<ClientCertificate>,
) -> HostSettings {
    let mut hosts = HostSettings::default();
    let authorities = vec![authority.certificate().as_bytes().to_vec()];
    hosts.tls.insert(
        host.to_owned(),
        TlsMaterial {
            authorities,
            client: identity,
        },
    );
    hosts
}

#[tokio::test]
async fn an_authority_is_trusted_for_its_host_alone() {
    let authority = Authority::new();
    let (one, two) = (
        Fake::start_tls(&authority, |_| status(200)).await,
        Fake::start_tls(&authority, |_| status(200)).await,
    );
    let mut hosts = trusting(&one.host(), &authority, None);
    // The other is spoken to in https as well, with another authority.
    let stranger = vec![Authority::new().certificate().as_bytes().to_vec()];
    hosts.tls.insert(
        two.host(),
        TlsMaterial {
            authorities: stranger,
            client: None,
        },
    );
    let client = client(hosts);
    client.ping(&one.host()).await.unwrap();
    let error = client.ping(&two.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(
        error.message(),
        "the certificate is not trusted that was shown by 127.0.0.1"
    );
    assert_eq!(error.retry(), Retry::No);
    let hint = format!(
        "if it is signed by an authority of your own, put that into /etc/containers/certs.d/{}/ca.crt",
        two.host()
    );
    assert_eq!(error.hint(), Some(hint.as_str()));
    assert!(two.seen().is_empty());
}

#[tokio::test]
async fn this_machine_is_plain_unless_certs_d_has_a_folder_for_it() {
    let plain = Fake::start(|_| status(200)).await;
    client(HostSettings::default())
        .ping(&plain.host())
        .await
        .unwrap();

    let authority = Authority::new();
    let secure = Fake::start_tls(&authority, |_| status(200)).await;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(secure.host());
    fs::create_dir(&place).unwrap();
    fs::write(place.join("ca.crt"), authority.certificate()).unwrap();
    let certs_dirs = vec![folder.path().to_owned(), folder.path().join("absent")];
    let client = client(HostSettings {
        certs_dirs,
        ..HostSettings::default()
    });
    client.ping(&secure.host()).await.unwrap();
}

#[tokio::test]
async fn broken_certificates_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("127.0.0.1:9");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("ca.crt"), "no certificate").unwrap();
    let settings = || HostSettings {
        certs_dirs: vec![folder.path().to_owned()],
        ..HostSettings::default()
    };
    let error = client(settings()).ping("127.0.0.1:9").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(
        error.message(),
        "a file of certificate authorities has no certificate in it"
    );
    fs::write(place.join("me.cert"), "x").unwrap();
    let error = client(settings()).ping("127.0.0.1:9").await.unwrap_err();
    assert_eq!(
        error.message(),
        format!(
            "certificate {} has no key beside it",
            place.join("me.cert").display()
        )
    );
}

/// A server that lets in who has a certificate of `authority`, once; yields how that went.
fn strict(authority: &Authority) -> (String, tokio::task::JoinHandle<bool>) {
    let identity = authority.server();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.certificate().as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
        .build()
        .unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap(),
        )
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let task = tokio::task::spawn_blocking(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), socket);
        let mut head = [0; 4096];
        if stream.read(&mut head).is_err() {
            return false;
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .is_ok()
    });
    (host, task)
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let authority = Authority::new();
    let me = authority.client("me");
    let identity = || ClientCertificate {
        chain: me.certificate.clone().into_bytes(),
        key: me.key.clone().into_bytes().into(),
    };
    assert_eq!(format!("{:?}", identity()), "ClientCertificate");
    let (host, task) = strict(&authority);
    client(trusting(&host, &authority, Some(identity())))
        .ping(&host)
        .await
        .unwrap();
    assert!(task.await.unwrap());

    let (host, task) = strict(&authority);
    client(trusting(&host, &authority, None))
        .ping(&host)
        .await
        .unwrap_err();
    assert!(!task.await.unwrap());
}
