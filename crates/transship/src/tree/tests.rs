use std::collections::BTreeMap;

use transship_oci::{Children, Descriptor, Digest};

use super::{Drawing, Kind, Node, Piece, Tie};

fn kind_of_layer(media_type: &str, layer: &[(&str, &str)], manifest: &[(&str, &str)]) -> String {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    };
    let mut blob = Descriptor::of(media_type, b"x");
    blob.annotations = map(layer);
    let children = Children {
        blobs: vec![
            Descriptor::of("application/vnd.oci.empty.v1+json", b"{}"),
            blob,
        ],
        annotations: map(manifest),
        artifact_type: Some("application/vnd.oci.empty.v1+json".to_owned()),
        ..Children::default()
    };
    let node = Descriptor::of("application/vnd.oci.image.manifest.v1+json", b"m");
    Kind::of(&node, &children).to_string()
}

#[test]
fn kinds_are_told_by_content() {
    let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
    let predicate = "dev.sigstore.bundle.predicateType";
    for (media_type, layer, manifest, shown) in [
        (
            "application/vnd.dev.cosign.simplesigning.v1+json",
            &[][..],
            &[][..],
            "signature (cosign)",
        ),
        (
            bundle,
            &[],
            &[(predicate, "https://sigstore.dev/cosign/sign/v1")],
            "signature (sigstore bundle)",
        ),
        (
            bundle,
            &[],
            &[(predicate, "https://spdx.dev/Document")],
            "SBOM (SPDX, sigstore bundle)",
        ),
        (
            bundle,
            &[],
            &[("dev.sigstore.bundle.content", "dsse-envelope")],
            "attestation (sigstore bundle)",
        ),
        (bundle, &[], &[], "signature (sigstore bundle)"),
        (
            "application/vnd.dsse.envelope.v1+json",
            &[("predicateType", "https://slsa.dev/provenance/v1")],
            &[],
            "provenance (SLSA, DSSE)",
        ),
        (
            "application/vnd.dsse.envelope.v1+json",
            &[],
            &[],
            "attestation (DSSE)",
        ),
        (
            "application/vnd.in-toto+json",
            &[(
                "in-toto.io/predicate-type",
                "https://cyclonedx.org/bom/v1.5",
            )],
            &[],
            "SBOM (CycloneDX, in-toto)",
        ),
        (
            "application/vnd.in-toto+json",
            &[("in-toto.io/predicate-type", "https://example.com/mine")],
            &[],
            "attestation (https://example.com/mine, in-toto)",
        ),
        ("text/spdx+json", &[], &[], "SBOM (SPDX)"),
        (
            "application/vnd.cyclonedx+json",
            &[],
            &[],
            "SBOM (CycloneDX)",
        ),
        ("application/wasm", &[], &[], "module (WebAssembly)"),
        ("application/octet-stream", &[], &[], "artifact"),
    ] {
        assert_eq!(
            kind_of_layer(media_type, layer, manifest),
            shown,
            "{media_type}"
        );
    }
}

#[test]
fn kinds_are_told_by_type_where_content_says_nothing() {
    let node = |media_type: &str| Descriptor::of(media_type, b"m");
    let of = |media_type: &str, artifact_type: Option<&str>| {
        let children = Children {
            artifact_type: artifact_type.map(str::to_owned),
            ..Children::default()
        };
        Kind::of(&node(media_type), &children).to_string()
    };
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    assert_eq!(of("application/vnd.oci.image.index.v1+json", None), "index");
    assert_eq!(
        of(manifest, Some("application/vnd.oci.image.config.v1+json")),
        "image"
    );
    assert_eq!(
        of(
            manifest,
            Some("application/vnd.docker.container.image.v1+json")
        ),
        "image"
    );
    assert_eq!(
        of(manifest, Some("application/vnd.cncf.notary.signature")),
        "signature (notation)"
    );
    assert_eq!(
        of(manifest, Some("application/vnd.cncf.helm.config.v1+json")),
        "chart (Helm)"
    );
    assert_eq!(
        of(manifest, Some("application/vnd.acme.thing")),
        "artifact (application/vnd.acme.thing)"
    );
}

fn leaf(name: &str, kind: &'static str, tie: Option<Tie>) -> Node {
    Node {
        digest: Digest::sha256(name.as_bytes()),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        size: 400,
        kind: Kind { kind, form: None },
        platform: None,
        tie,
        subject_in_index: None,
        missing: false,
        blobs: vec![],
        children: vec![],
        referrers: vec![],
    }
}

fn sample() -> Node {
    let sig = format!("sha256-{}.sig", "0".repeat(64));
    let mut amd = leaf("amd", "image", None);
    amd.platform = Some("linux/amd64".parse().unwrap());
    amd.blobs = [
        ("config", "application/vnd.oci.image.config.v1+json"),
        ("layer", "application/vnd.oci.image.layer.v1.tar+gzip"),
    ]
    .map(|(role, media_type)| Piece {
        role,
        digest: Digest::sha256(role.as_bytes()),
        media_type: media_type.to_owned(),
        size: 1_000_000,
    })
    .into();
    let mut gone = leaf("gone", "image", None);
    gone.platform = Some("linux/arm64".parse().unwrap());
    gone.missing = true;
    let mut sbom = leaf("sbom", "sbom", Some(Tie::Subject));
    sbom.referrers = vec![leaf("sig of sbom", "signature", Some(Tie::Subject))];
    let mut root = leaf("root", "index", None);
    root.referrers = vec![leaf("sig", "signature", Some(Tie::Tag(sig))), sbom];
    root.children = vec![amd, gone];
    root
}

#[test]
fn a_tree_is_drawn_with_everything_beside_its_node() {
    let drawing = Drawing {
        title: "r.example/app:1",
        root: &sample(),
    }
    .to_string();
    let digests = [
        "root",
        "sig",
        "sbom",
        "sig of sbom",
        "amd",
        "gone",
        "config",
        "layer",
    ];
    let short = digests.iter().fold(drawing, |text, name| {
        let digest = Digest::sha256(name.as_bytes());
        let shown = format!("<{name}>");
        text.replace(&digest.to_string(), &shown)
            .replace(&format!("{}…", digest.short()), &shown)
    });
    assert_eq!(
        short,
        "\
r.example/app:1
└─ index  <root>  2.0 MB in 2 manifests
   ├─ + signature  tag sha256-000000000000….sig  <sig>  400 B
   ├─ + SBOM  referrer  <sbom>  400 B
   │  └─ + signature  referrer  <sig of sbom>  400 B
   ├─ linux/amd64 image  <amd>  2.0 MB
   │  ├─ config  <config>  1.0 MB
   │  └─ layer  gzip  <layer>  1.0 MB
   └─ linux/arm64 image  <gone>  not there
"
    );
}

#[test]
fn the_json_form_says_the_same() {
    let json = serde_json::to_value(sample()).unwrap();
    assert_eq!(json["kind"], "index");
    assert_eq!(json["referrers"][0]["tie"]["via"], "tag");
    assert_eq!(json["referrers"][1]["tie"]["via"], "subject");
    assert_eq!(json["children"][0]["platform"], "linux/amd64");
    assert_eq!(json["children"][0]["blobs"][1]["role"], "layer");
    assert_eq!(json["children"][1]["missing"], true);
    assert!(json.get("missing").is_none() && json.get("tie").is_none());
}
