use secrecy::{ExposeSecret as _, SecretString};

use super::PrivateKey;

/// Made by `cosign generate-key-pair` 3.1.3, for this test and nothing else. Its passphrase is "secret".
const COSIGN: &str = "\
-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiJNbmthUzZNMVI1N0ZJdjRVNG52UjBHNXhhU3hjSUNY
TFpJTWFuNzdSNXI4PSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJJQlBodXhyZGd2UGdvcDVmY3dwdWxaSmVmc3RLUlR0MCJ9LCJj
aXBoZXJ0ZXh0IjoiOGpzQjRhZncrY0x6VTJhdzE2ck82STc4ODhFQlN0TGpORllP
V1ZrTkNXTXRqOE5mYUJBa1plRTROd2FNOTg5SHBLNjFPMUxiS0ZmbTR1T3Qxd254
bUlZRk8yaWh3SFg2eitsNHRMdXFITzVsT0lLOUtWMDZ4UU94blY2eFpHcUFDby9T
NDZDTnltSW5ZVUlCcjVYLy9SUkFUeGw1MUVac3lNZGg0dFlHM285VXJvVVNya0tE
NjF4TkFMMmxJbWhJd2FKQ2s5Q0RZOTIzV0E9PSJ9
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
";
const COSIGN_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAh1Zy2ZeSOLRvsYwN0zEavXNFmpl
Zp+iA521lX8c9WuoTvz4hCMQkAb8TRztvtNf/b8WSTiUkBkrsjb7Y+o86Q==
-----END PUBLIC KEY-----
";

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn refused(text: &str, passphrase: Option<&SecretString>) -> String {
    let error = PrivateKey::from_pem(text, passphrase).unwrap_err();
    assert_eq!(error.kind(), transship_oci::ErrorKind::Invalid);
    error.message().to_owned()
}

#[test]
fn a_key_of_cosign_is_read() {
    assert!(PrivateKey::is_encrypted(COSIGN));
    let key = PrivateKey::from_pem(COSIGN, Some(&secret("secret"))).unwrap();
    assert_eq!(key.public_pem(), COSIGN_PUBLIC);
    assert_eq!(
        refused(COSIGN, Some(&secret("Secret"))),
        "the passphrase does not open the private key"
    );
    assert_eq!(
        refused(COSIGN, None),
        "the private key is encrypted, and there is no passphrase"
    );
    // What cosign wrote above its keys before 2.0.
    let old = COSIGN.replace("SIGSTORE", "COSIGN");
    assert!(PrivateKey::is_encrypted(&old));
    assert!(PrivateKey::from_pem(&old, Some(&secret("secret"))).is_ok());
}

#[test]
fn a_key_goes_out_and_comes_in_again() {
    let key = PrivateKey::generate().unwrap();
    let clear = key.to_pem();
    assert!(!PrivateKey::is_encrypted(clear.expose_secret()));
    let again = PrivateKey::from_pem(clear.expose_secret(), None).unwrap();
    assert_eq!(again.public(), key.public());
    let sealed = key.to_encrypted_pem(&secret("päss")).unwrap();
    let again = PrivateKey::from_pem(&sealed, Some(&secret("päss"))).unwrap();
    assert_eq!(again.public_pem(), key.public_pem());
    assert_ne!(sealed, key.to_encrypted_pem(&secret("päss")).unwrap());
    assert_ne!(PrivateKey::generate().unwrap().public(), key.public());
}

#[test]
fn signatures_are_deterministic_and_hold() {
    let key = PrivateKey::from_pem(COSIGN, Some(&secret("secret"))).unwrap();
    let signature = key.sign(b"message").unwrap();
    assert_eq!(key.sign(b"message").unwrap(), signature);
    assert_ne!(key.sign(b"massage").unwrap(), signature);
    assert!(key.public().made(b"message", &signature));
    assert!(!key.public().made(b"massage", &signature));
}

#[test]
fn other_keys_are_refused_by_name() {
    assert_eq!(refused("", None), "there is no private key in the PEM text");
    assert_eq!(
        refused(COSIGN_PUBLIC, None),
        "there is no private key in the PEM text"
    );
    let sec1 = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    assert_eq!(
        refused(sec1, None),
        "a private key of form \"EC PRIVATE KEY\" cannot be read"
    );
    let curve = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VuBCIEIPjg9B4gwd8Mu7KQvuYqdt2MsJm9Kp0hOe7vKD6HzBp5\n\
        -----END PRIVATE KEY-----\n";
    assert_eq!(
        refused(curve, None),
        "the private key is none that signs here: ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits"
    );
}

#[test]
fn keys_of_every_kind_sign_the_same_with_the_same_bytes() {
    for kind in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_RSA_SHA256,
    ] {
        let pair = rcgen::KeyPair::generate_for(kind).unwrap();
        let key = PrivateKey::from_pem(&pair.serialize_pem(), None).unwrap();
        assert_eq!(key.public_pem(), pair.public_key_pem().replace('\r', ""));
        let signature = key.sign(b"message").unwrap();
        assert_eq!(key.sign(b"message").unwrap(), signature, "{kind:?}");
        assert!(key.public().made(b"message", &signature), "{kind:?}");
        assert!(!key.public().made(b"massage", &signature), "{kind:?}");
        let clear = key.to_pem();
        let again = PrivateKey::from_pem(clear.expose_secret(), None).unwrap();
        assert_eq!(again.sign(b"message").unwrap(), signature, "{kind:?}");
        let sealed = key.to_encrypted_pem(&secret("s")).unwrap();
        let again = PrivateKey::from_pem(&sealed, Some(&secret("s"))).unwrap();
        assert_eq!(again.public(), key.public(), "{kind:?}");
    }
}

#[test]
fn a_key_cannot_be_shown() {
    let key = PrivateKey::generate().unwrap();
    let clear = key.to_pem();
    let body = clear.expose_secret().lines().nth(1).unwrap().to_owned();
    assert_eq!(
        format!("{key:?}"),
        format!("PrivateKey({})", key.public().fingerprint())
    );
    let damaged = clear.expose_secret().replacen(&body[..4], "AAAA", 1);
    let error = PrivateKey::from_pem(&damaged, None).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&body[4..]));
}
