//! Puts what a forge made beside its subject, as cosign does.

use transship_oci::{Descriptor, media_type};

use super::{Layer, signer::BUNDLE};
use crate::image::{self, Graph, Image, Kind};

impl Graph {
    /// Adds a bundle as a referrer of `subject`.
    pub fn attach_bundle(&mut self, subject: &Descriptor, bundle: &str) -> Descriptor {
        let image = Image::new()
            .empty_config()
            .artifact_type(BUNDLE)
            .subject(subject)
            .layer(image::Layer::new(BUNDLE, bundle.to_owned()))
            .annotated("dev.sigstore.bundle.content", "dsse-envelope");
        self.image(image)
    }

    /// Adds signatures of `subject` in its `.sig` tag, a layer each.
    pub fn sign_in_tag_by(&mut self, subject: &Descriptor, layers: &[Layer]) -> Descriptor {
        let config = image::Layer::new(media_type::OCI_CONFIG, r#"{"architecture":"","os":""}"#);
        let layers = layers.iter().map(|layer| {
            let simple = "application/vnd.dev.cosign.simplesigning.v1+json";
            let made = image::Layer::new(simple, layer.payload.clone());
            layer
                .annotations
                .iter()
                .fold(made, |made, (name, value)| made.annotated(name, value))
        });
        let node = self.image(Image::new().config(config).layers(layers));
        self.tag(Kind::Signature.tag(&subject.digest).as_str(), &node);
        node
    }
}
