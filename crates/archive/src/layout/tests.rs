use super::*;

#[test]
fn volumes_have_names_of_their_own() {
    assert_eq!(volume_key("app.oci.tar", 1, 1), "app.oci.tar");
    assert_eq!(
        volume_key("a/app.oci.tar", 3, 12),
        "a/app.oci.v003of012.tar"
    );
    assert_eq!(volume_key("app", 3, 1200), "app.v003of1200.tar");
    let whole = Some(("a/app.oci.tar".to_owned(), 3, 12));
    assert_eq!(parse_volume_key("a/app.oci.v003of012.tar"), whole);
    for other in [
        "app.oci.tar",
        "app.oci.v3of12.tar",
        "app.oci.v000of012.tar",
        "app.oci.v013of012.tar",
        "app.oci.v001of001.tar",
        "app.oci.v+03of012.tar",
        "app.oci.v003of012",
    ] {
        assert_eq!(parse_volume_key(other), None, "{other}");
    }
}

#[test]
fn paths_are_those_of_a_layout() {
    let digest = Digest::sha256(b"");
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(blob_path(&digest), format!("blobs/sha256/{hex}"));
    assert_eq!(
        part_path(&digest, 7),
        format!("transship/parts/sha256/{hex}.0007")
    );
}
