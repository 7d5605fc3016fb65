use transship_oci::ErrorKind;
use url::Url;

use super::judge;
use crate::{
    HostSettings, Proxies,
    transport::wire::{Material, Wires},
};

fn wires(plain: &[&str]) -> Wires {
    let material = Material {
        proxies: Proxies::default(),
        user_agent: "test".to_owned(),
        max_connections: 1,
    };
    let plain_http = plain.iter().map(|&host| host.to_owned()).collect();
    Wires::new(
        material,
        HostSettings {
            plain_http,
            ..HostSettings::default()
        },
    )
}

async fn way(from: &str, to: &str, settings: &[&str]) -> Result<bool, String> {
    let (from, to) = (Url::parse(from).unwrap(), Url::parse(to).unwrap());
    let verdict = judge(&wires(settings), &from, &to, "a redirect").await;
    verdict.map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Denied);
        error.message().to_owned()
    })
}

#[tokio::test]
async fn the_open_does_not_lead_into_private_networks() {
    for private in [
        "10.0.0.1",
        "169.254.169.254",
        "127.0.0.1:8080",
        "[::1]",
        "[fd00::1]",
        "localhost",
        "0x7f.1",
    ] {
        let refused = way("http://8.8.8.8/", &format!("http://{private}/x?k=v"), &[]).await;
        assert!(
            refused
                .unwrap_err()
                .ends_with("it leads from a public host into a private network"),
            "{private}"
        );
    }
    assert_eq!(
        way("http://8.8.8.8/", "http://1.1.1.1/", &[]).await,
        Ok(true)
    );
    assert_eq!(
        way("https://8.8.8.8/", "https://storage.example/", &[]).await,
        Ok(true)
    );
}

#[tokio::test]
async fn a_private_host_may_lead_anywhere() {
    assert_eq!(
        way("http://10.0.0.1/", "http://10.0.0.2/", &[]).await,
        Ok(false)
    );
    assert_eq!(
        way("http://127.0.0.1:5000/", "http://8.8.8.8/", &[]).await,
        Ok(false)
    );
    assert_eq!(
        way("http://localhost/", "http://127.0.0.1:9000/", &[]).await,
        Ok(false)
    );
}

#[tokio::test]
async fn who_is_named_in_the_settings_may_be_anywhere() {
    assert_eq!(
        way(
            "http://8.8.8.8/",
            "http://10.0.0.1:9000/",
            &["10.0.0.1:9000"]
        )
        .await,
        Ok(false)
    );
    assert_eq!(
        way("http://8.8.8.8/", "http://8.8.8.8/other", &[]).await,
        Ok(false)
    );
}

#[tokio::test]
async fn https_stays_https() {
    let refused = way("https://10.0.0.1/", "http://10.0.0.1/x?sig=s3cret", &[]).await;
    assert_eq!(
        refused.unwrap_err(),
        "a redirect to http://10.0.0.1/x?sig=… is refused: it leads from https to http"
    );
}
