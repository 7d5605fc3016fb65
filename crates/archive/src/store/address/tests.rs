use proptest::prelude::*;
use transship_oci::ErrorKind;

use super::Address;

const SIGNED: &str = "sv=2022-11-02&sr=c&sp=rl&se=2030-01-01T00%3A00%3A00Z&sig=s%2Fecret%3D";

fn read(text: &str) -> Address {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn every_form_is_read_and_shown_without_its_signature() {
    for (text, shown, key) in [
        (
            "az://acct/transfer/app.oci.tar",
            "az://acct/transfer/app.oci.tar",
            "app.oci.tar",
        ),
        ("az://acct/transfer", "az://acct/transfer", ""),
        ("azure://acct/transfer/a/", "az://acct/transfer/a/", "a/"),
        (
            "az://acct/transfer/a b?sig=x",
            "az://acct/transfer/a b",
            "a b",
        ),
        (
            "az://acct/transfer/what?",
            "az://acct/transfer/what?",
            "what?",
        ),
        (
            "https://acct.blob.core.windows.net/transfer/x%20y/app.tar?sig=x",
            "https://acct.blob.core.windows.net/transfer/x%20y/app.tar",
            "x y/app.tar",
        ),
        (
            "https://acct.z01.blob.storage.azure.net/transfer",
            "https://acct.z01.blob.storage.azure.net/transfer",
            "",
        ),
        (
            "http://127.0.0.1:11000/devstoreaccount1/transfer/k?sig=x",
            "http://127.0.0.1:11000/devstoreaccount1/transfer/k",
            "k",
        ),
        (
            "http://acct.blob.localhost:11000/transfer/k",
            "http://acct.blob.localhost:11000/transfer/k",
            "k",
        ),
        (
            "https://blobs.corp.example/transfer/k?sig=x",
            "https://blobs.corp.example/transfer/k",
            "k",
        ),
        ("s3://bucket/a/b%20c", "s3://bucket/a/b%20c", "a/b%20c"),
        ("S3://bucket", "s3://bucket", ""),
        ("gs://bucket/k", "gs://bucket/k", "k"),
        (
            "file:///media/usb%20stick/a.tar",
            "/media/usb stick/a.tar",
            "a.tar",
        ),
        ("a/b.tar", "a/b.tar", "b.tar"),
        ("/media/usb/", "/media/usb/", ""),
    ] {
        let text = text.replace("sig=x", SIGNED);
        let address = read(&text);
        assert_eq!(address.to_string(), shown);
        assert_eq!(address.key(), key, "{text}");
        assert!(!format!("{address:?}").contains("ecret"), "{address:?}");
    }
}

#[test]
fn a_signature_is_no_part_of_a_name_whatever_follows_it() {
    for (text, key) in [
        ("az://acct/c-1/k?sp=r&sig=secret?comp=list", "k"),
        ("az://acct/c-1/k?sp=r&sig=sec?ret", "k"),
        ("az://acct/c-1/k?sp=r&sig=secret&x?sp=r&sig=y", "k"),
        ("az://acct/c-1/why?/k?sp=r&sig=secret", "why?/k"),
        ("az://acct/c-1/sig=a/k?sp=r&sig=secret", "sig=a/k"),
    ] {
        let address = read(text);
        assert_eq!(address.key(), key, "{text}");
        assert_eq!(address.to_string(), format!("az://acct/c-1/{key}"));
    }
    let unsigned = "az://acct/c-1/sig=a/why?";
    assert_eq!(read(unsigned).to_string(), unsigned);
}

#[test]
fn an_azure_address_knows_its_parts() {
    let table = [
        (
            "https://acct.blob.core.windows.net/c-1/k",
            "acct",
            Some("https://acct.blob.core.windows.net/"),
        ),
        (
            "http://[::1]:11000/acct/c-1/k",
            "acct",
            Some("http://[::1]:11000/acct/"),
        ),
        (
            "https://localhost/acct/c-1/k",
            "acct",
            Some("https://localhost/acct/"),
        ),
        ("az://acct/c-1/k", "acct", None),
    ];
    for (text, account, endpoint) in table {
        let Address::Azure(azure) = read(text) else {
            panic!("{text} is not read as Azure's")
        };
        assert_eq!(azure.account(), account);
        assert_eq!(azure.container(), "c-1");
        assert_eq!(azure.endpoint().map(url::Url::as_str), endpoint);
        assert!(azure.sas().is_none());
    }
}

#[test]
fn what_is_no_address_is_refused_without_being_repeated() {
    for (text, message) in [
        (
            "",
            "the address of a store is empty, too long, or not in one line",
        ),
        (
            "a\nb",
            "the address of a store is empty, too long, or not in one line",
        ),
        ("ftp://secret.example/x", "no store has addresses in ftp://"),
        (
            "http://acct.blob.core.windows.net/c-1/k?sig=secret",
            "the store would be spoken to in the clear",
        ),
        (
            "https://user:secret@acct.blob.core.windows.net/c-1",
            "the address of a blob has no user, no password and no fragment",
        ),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Signature=secret",
            "a signed URL of a single object is no store",
        ),
        (
            "https://blobs.corp.example/transfer/secret",
            "the https address is not one of Azure, and has no SAS",
        ),
        (
            "https://acct.blob.corp.example/c-1/secret",
            "the https address is not one of Azure, and has no SAS",
        ),
        (
            "https://acct.blob.core.windows.net.corp.example/c-1/secret",
            "the https address is not one of Azure, and has no SAS",
        ),
        (
            "https://10.0.0.5/acct/c-1/secret",
            "the https address is not one of Azure, and has no SAS",
        ),
        (
            "https://azurite/acct/c-1/secret",
            "the https address is not one of Azure, and has no SAS",
        ),
        (
            "https://acct.blob.core.windows.net/c-1/k?sv=1&secret=2",
            "the SAS cannot be used: there is no signature (sig) in it",
        ),
        (
            "az://a/c-1",
            "the storage account of the address cannot be one: it has 3 to 24 lower-case letters and digits",
        ),
        ("az://acct", "the address names no container"),
        (
            "az://acct/NO",
            "the container of the address cannot be one: it has 3 to 63 lower-case letters, digits and single dashes",
        ),
        (
            "az://acct/c-1/a/../secret",
            "the name of the object cannot be used: one of its folders is `.`, `..` or empty",
        ),
        (
            "https://acct.blob.core.windows.net/c-1/a%2f%2e%2e/secret?sig=1",
            "the name of the object cannot be used: one of its folders is `.`, `..` or empty",
        ),
        (
            "gs://bucket/a//b",
            "the name of the object cannot be used: one of its folders is `.`, `..` or empty",
        ),
        (
            "s3://bucket/a\\b",
            "the name of the object cannot be used: it has a backslash or a control character in it",
        ),
        ("s3://", "the bucket of the s3:// address cannot be one"),
        (
            "file://host/secret",
            "the address names a file of another host",
        ),
    ] {
        let error = text.parse::<Address>().expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
        assert_eq!(error.message(), message, "{text}");
        assert!(!format!("{error:?} {:?}", error.hint()).contains("secret"));
    }
}

#[test]
fn a_name_beside_an_object_or_below_a_folder() {
    for (text, shown) in [
        ("az://acct/c-1", "az://acct/c-1/n.tar"),
        ("az://acct/c-1/a/", "az://acct/c-1/a/n.tar"),
        ("s3://bucket/a/b", "s3://bucket/a/n.tar"),
        ("gs://bucket/b", "gs://bucket/n.tar"),
        ("/x/y/", "/x/y/n.tar"),
        ("/x/y", "/x/n.tar"),
        ("y", "n.tar"),
    ] {
        assert_eq!(read(text).beside("n.tar").unwrap().to_string(), shown);
    }
    assert!(read("az://acct/c-1").beside("../x").is_err());
    assert!(read("az://acct/c-1").is_folder());
    assert!(read("/x/y/").is_folder());
    assert!(!read("s3://bucket/a").is_folder());
    for (text, folder) in [
        ("s3://bucket/a", "s3://bucket/a/"),
        ("/x/y", "/x/y/"),
        ("/x/", "/x/"),
        ("az://acct/c-1", "az://acct/c-1"),
    ] {
        let address = read(text).as_folder();
        assert_eq!(
            (address.to_string().as_str(), address.is_folder()),
            (folder, true)
        );
    }
}

proptest! {
    #[test]
    fn what_is_shown_is_read_as_the_same(
        scheme in "(az|s3|gs)",
        key in "[a-zA-Z0-9 _.~!$%&'()*+,;=:@?#\u{e4}\u{6f22}-]{1,20}(/[a-z0-9]{1,9}){0,3}/?",
    ) {
        prop_assume!(!key.starts_with("./") && !key.starts_with("../") && !matches!(key.as_str(), "." | ".."));
        prop_assume!(!key.contains("sig="));
        let container = if scheme == "az" { "acct/container" } else { "bucket" };
        let text = format!("{scheme}://{container}/{key}");
        let address = read(&text);
        prop_assert_eq!(address.key(), &key);
        prop_assert_eq!(address.to_string(), text);
        let url = format!("https://acct.blob.core.windows.net/container/{}", super::encode(&key));
        let address = read(&url);
        prop_assert_eq!(address.key(), &key);
        prop_assert_eq!(address.to_string(), url);
    }

    #[test]
    fn any_text_is_read_without_a_fault(text in "(az|azure|https|http|s3|gs|file|x)://.{0,60}") {
        if let Ok(address) = text.parse::<Address>() {
            let _ = address.beside("k");
        }
    }
}
