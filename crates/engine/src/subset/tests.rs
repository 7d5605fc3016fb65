use super::*;

const CHILD: &str = "application/vnd.oci.image.manifest.v1+json";

fn entry(content: &str, platform: &str) -> String {
    let digest = Digest::sha256(content.as_bytes());
    // Odd spacing and a field that nobody knows: both must come through.
    format!(
        r#"{{ "mediaType":"{CHILD}",  "digest":"{digest}","size":7,"x-unknown":[1, 2],{platform} "y":null}}"#
    )
}

fn index(entries: &[String]) -> RawManifest {
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","x-own": {{"b":1,  "a":2}},"manifests":[{}]}}"#,
        media_type::OCI_INDEX,
        entries.join(", ")
    );
    RawManifest::named(media_type::OCI_INDEX, text.into()).unwrap()
}

fn on(architecture: &str) -> String {
    format!(r#""platform":{{"os":"linux","architecture":"{architecture}"}},"#)
}

fn wanted(names: &[&str]) -> Vec<Platform> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

#[test]
fn what_stays_keeps_its_text() {
    let (amd, arm) = (entry("a", &on("amd64")), entry("b", &on("arm64")));
    let whole = index(&[amd.clone(), arm]);
    let narrowed = subset(&whole, &wanted(&["linux/amd64"])).unwrap().unwrap();
    let text = std::str::from_utf8(narrowed.bytes()).unwrap();
    assert_eq!(
        text,
        format!(
            r#"{{"manifests":[{amd}],"mediaType":"{}","schemaVersion":2,"x-own":{{"b":1,  "a":2}}}}"#,
            media_type::OCI_INDEX
        )
    );
    assert_eq!(narrowed.media_type(), media_type::OCI_INDEX);
}

#[test]
fn nothing_to_leave_out_is_nothing_to_rewrite() {
    let whole = index(&[entry("a", &on("amd64"))]);
    assert_eq!(subset(&whole, &wanted(&["linux/amd64"])).unwrap(), None);
    assert_eq!(subset(&whole, &[]).unwrap(), None);
}

#[test]
fn a_platform_that_is_not_there_is_named() {
    let whole = index(&[entry("a", &on("amd64"))]);
    let error = subset(&whole, &wanted(&["linux/arm64"])).unwrap_err();
    assert_eq!(
        error.message(),
        "platform linux/arm64 is not there; there is linux/amd64"
    );
}

#[test]
fn an_index_of_indexes_is_not_narrowed() {
    let nested = entry("a", "").replace(CHILD, media_type::OCI_INDEX);
    let error = subset(&index(&[nested]), &wanted(&["linux/amd64"])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
