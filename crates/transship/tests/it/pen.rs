//! A key, and signatures made with it and put where they belong.

use std::{collections::BTreeMap, path::PathBuf};

use jiff::Timestamp;
use transship_oci::{Descriptor, RawManifest};
use transship_registry_client::RemoteRepository;
use transship_testkit::{
    image::{Graph, Image, Layer},
    peers::Home,
};
use transship_trust::{
    SIGN,
    sign::{
        LegacySignature, PrivateKey, Signed, legacy_tag, publish, referrer, sign, sign_legacy,
        tagged,
    },
};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

pub(crate) struct Pen(PrivateKey);

impl Pen {
    pub(crate) fn new() -> Self {
        Self(PrivateKey::generate().unwrap())
    }

    /// The public key's text.
    pub(crate) fn public(&self) -> String {
        self.0.public_pem()
    }

    /// The public key's file below a home.
    pub(crate) fn file(&self, home: &Home, name: &str) -> PathBuf {
        home.write(name, self.public())
    }

    /// A policy that wants this key everywhere, without a log; in a file of its own.
    pub(crate) fn policy(&self, home: &Home) -> PathBuf {
        self.file(home, "acme.pub");
        home.write(
            "policy.yaml",
            "version: 1\nsigners:\n  acme: {key: acme.pub, tlog: ignore}\ndefault: {signed-by: acme}\n",
        )
    }

    /// Signs as cosign 3 does.
    pub(crate) async fn sign(&self, subject: &Descriptor, at: &RemoteRepository) {
        publish(&self.bundle(subject, &[]), at).await.unwrap();
    }

    /// Signs with annotations.
    pub(crate) async fn annotate(
        &self,
        subject: &Descriptor,
        said: &[(&str, &str)],
        at: &RemoteRepository,
    ) {
        publish(&self.bundle(subject, said), at).await.unwrap();
    }

    fn bundle(&self, subject: &Descriptor, said: &[(&str, &str)]) -> Signed {
        let said = said.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let said: BTreeMap<_, _> = said.collect();
        sign(&self.0, subject, &said, Timestamp::UNIX_EPOCH).unwrap()
    }

    /// Signs as cosign 2 does.
    pub(crate) async fn sign_in_tag(&self, subject: &Descriptor, at: &RemoteRepository) {
        let tag = legacy_tag(&subject.digest, "sig").unwrap();
        let known = tagged(at, &tag).await.unwrap();
        let said = LegacySignature {
            subject: subject.digest,
            name: at.name(),
            annotations: &BTreeMap::new(),
        };
        let signed = sign_legacy(&self.0, &said, known.as_ref()).unwrap();
        publish(&signed, at).await.unwrap();
    }

    /// Signs as cosign 2 does, and turns a letter of the signature over.
    pub(crate) async fn forge(&self, subject: &Descriptor, at: &RemoteRepository) {
        let said = LegacySignature {
            subject: subject.digest,
            name: at.name(),
            annotations: &BTreeMap::new(),
        };
        let mut signed = sign_legacy(&self.0, &said, None).unwrap();
        let text = String::from_utf8(signed.manifest.bytes().to_vec()).unwrap();
        let mark = "cosign/signature\":\"ME";
        let forged = turned(&text, text.find(mark).unwrap() + mark.len() + 20);
        signed.manifest = RawManifest::named(signed.manifest.media_type(), forged.into()).unwrap();
        publish(&signed, at).await.unwrap();
    }

    /// Signs as cosign 3 does, and turns a letter of the signature over: the bundle still names the key.
    pub(crate) async fn break_bundle(&self, subject: &Descriptor, at: &RemoteRepository) {
        let broken = self.broken(subject).into();
        let broken = referrer(broken, subject, SIGN, Timestamp::UNIX_EPOCH).unwrap();
        publish(&broken, at).await.unwrap();
    }

    /// The same under the tag for signatures, where no list of referrers has it.
    pub(crate) async fn break_bundle_in_tag(&self, subject: &Descriptor, at: &RemoteRepository) {
        let mut graph = Graph::new();
        let layer = Layer::new(BUNDLE, self.broken(subject));
        let manifest = graph.image(Image::new().layer(layer));
        let tag = legacy_tag(&subject.digest, "sig").unwrap();
        graph.tag(tag.as_str(), &manifest);
        graph.push_to(at).await.unwrap();
    }

    fn broken(&self, subject: &Descriptor) -> String {
        let about = self.bundle(subject, &[]);
        let (_, bundle) = about
            .blobs
            .iter()
            .find(|(node, _)| node.media_type.contains("bundle"))
            .unwrap();
        let text = String::from_utf8(bundle.to_vec()).unwrap();
        let mark = "\"sig\":\"ME";
        turned(&text, text.find(mark).unwrap() + mark.len() + 20)
    }
}

/// The text with another letter of base64 in this place.
fn turned(text: &str, at: usize) -> String {
    let letter = if &text[at..=at] == "A" { "B" } else { "A" };
    format!("{}{letter}{}", &text[..at], &text[at + 1..])
}
