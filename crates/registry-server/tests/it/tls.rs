use std::time::Duration;

use reqwest::{Certificate, Client, StatusCode, Version};
use transship_registry_server::{Auth, Registry, Server, Tls, Users};
use transship_testkit::tls::Authority;

use crate::support::{store, text};

#[tokio::test]
async fn both_versions_of_http_are_spoken_over_tls() {
    let authority = Authority::new();
    let identity = authority.server();
    let tls = Tls::from_pem(&identity.certificate, &identity.key).unwrap();
    let users = Users::single("u", "p").unwrap();
    let auth = Auth::token(users, Duration::from_mins(1));
    let app = Registry::new(store()).auth(auth).router();
    let address = ([127, 0, 0, 1], 0).into();
    let server = Server::bind_tls(address, app, tls).await.unwrap();
    let root = Certificate::from_pem(authority.certificate().as_bytes()).unwrap();
    let client = || Client::builder().tls_certs_only([root.clone()]);
    let host = server.local_addr().to_string();
    let url = format!("https://{host}/v2/");
    for (client, version) in [
        (client().http1_only(), Version::HTTP_11),
        (client(), Version::HTTP_2),
    ] {
        let response = client.build().unwrap().get(&url).send().await.unwrap();
        assert_eq!(response.version(), version);
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        // The way to the token is not a plain one.
        let expected = format!("Bearer realm=\"https://{host}/token\",service=\"{host}\"");
        assert_eq!(text(response.headers(), "www-authenticate"), expected);
    }
    server.shutdown().await;
}

#[test]
fn what_is_no_certificate_is_refused_without_showing_the_key() {
    let identity = Authority::new().server();
    let other = Authority::new().server();
    let refused = |certificate: &str, key: &str| Tls::from_pem(certificate, key).unwrap_err();
    assert_eq!(
        refused("", &identity.key).to_string(),
        "local: there is no certificate in the certificate file"
    );
    assert_eq!(
        refused(&identity.certificate, "secret").to_string(),
        "local: there is no private key in the key file"
    );
    let unfit = refused(&identity.certificate, &other.key).to_string();
    assert!(
        unfit.starts_with("local: certificate and key do not fit each other"),
        "{unfit}"
    );
}
