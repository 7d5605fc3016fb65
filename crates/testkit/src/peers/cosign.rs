//! cosign, both generations, without any network but the registry.

use super::{Home, Run, Tool};

/// Which generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// cosign 2: signatures in tags `sha256-<hex>.sig`.
    V2,
    /// cosign 3: signatures in bundles that refer to their subject.
    V3,
}

/// A cosign with a key pair, which both generations in one home share.
#[derive(Debug, Clone)]
pub struct Cosign {
    tool: Tool,
    version: Version,
}

/// No log, no time-stamping authority: what `cosign3 signing-config create` and `trusted-root create` write.
const SIGNING_CONFIG: &str = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}"#;
const TRUSTED_ROOT: &str =
    r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;

impl Cosign {
    /// A cosign in `home`, whose key pair is made if there is none yet; `None` after saying that it is missing.
    pub async fn new(version: Version, home: &Home) -> Option<Self> {
        let tool = Tool::new(
            match version {
                Version::V2 => "cosign2",
                Version::V3 => "cosign3",
            },
            home,
        )?;
        home.write("signing-config.json", SIGNING_CONFIG);
        home.write("trusted-root.json", TRUSTED_ROOT);
        if !home.path().join("cosign.key").exists() {
            tool.ok(["generate-key-pair"]).await;
        }
        Some(Self { tool, version })
    }

    /// Runs it by another program: see [`Tool::within`].
    pub fn within(mut self, wrapper: &[String]) -> Self {
        self.tool = self.tool.within(wrapper);
        self
    }

    /// The public key, PEM.
    pub fn public_key(&self) -> std::path::PathBuf {
        self.tool.home().path().join("cosign.pub")
    }

    /// The tool itself, for what is not here.
    pub fn tool(&self) -> &Tool {
        &self.tool
    }

    /// Signs an artifact, named by digest, in the way that is usual for the generation.
    pub async fn sign(&self, reference: &str) {
        self.tool.ok(self.signing("sign", &[reference])).await;
    }

    /// Signs an index and every child.
    pub async fn sign_recursive(&self, reference: &str) {
        self.tool
            .ok(self.signing("sign", &["--recursive", reference]))
            .await;
    }

    /// Signs into a `.sig` tag, whichever generation.
    pub async fn sign_into_tag(&self, reference: &str) {
        match self.version {
            Version::V2 => self.sign(reference).await,
            Version::V3 => {
                let flags = [
                    "--key=cosign.key",
                    "--use-signing-config=false",
                    "--tlog-upload=false",
                    "--new-bundle-format=false",
                    "--allow-http-registry",
                    "-y",
                    reference,
                ];
                self.tool.ok(std::iter::once("sign").chain(flags)).await;
            }
        }
    }

    /// cosign 2's experiment: a simple-signing manifest that refers to its subject.
    pub async fn sign_as_referrer(&self, reference: &str) {
        assert_eq!(self.version, Version::V2, "only cosign 2 does this");
        let mode = "--registry-referrers-mode=oci-1-1";
        let tool = self.tool.clone().env("COSIGN_EXPERIMENTAL", "1");
        tool.ok(self.signing("sign", &[mode, reference])).await;
    }

    /// Attests a predicate of type `custom`.
    pub async fn attest(&self, reference: &str, predicate: &str) {
        self.attest_as("custom", reference, predicate).await;
    }

    /// Attests a predicate of a type that cosign knows by this name, such as `slsaprovenance1`.
    pub async fn attest_as(&self, kind: &str, reference: &str, predicate: &str) {
        self.tool.home().write("predicate.json", predicate);
        let kind = format!("--type={kind}");
        let rest = ["--predicate=predicate.json", kind.as_str(), reference];
        self.tool.ok(self.signing("attest", &rest)).await;
    }

    /// Attaches an SBOM under a `.sbom` tag, as cosign 2 does.
    pub async fn attach_sbom(&self, reference: &str, sbom: &str) {
        self.tool.home().write("sbom.json", sbom);
        let flags = [
            "attach",
            "sbom",
            "--sbom=sbom.json",
            "--allow-http-registry",
            reference,
        ];
        self.tool.ok(flags).await;
    }

    /// Verifies signatures with the public key; exit 0 is yes, 10 is "there are none".
    pub async fn verify(&self, reference: &str) -> Run {
        self.tool.run(Self::verifying("verify", &[reference])).await
    }

    /// Verifies what [`Self::sign_as_referrer`] made.
    pub async fn verify_referrer(&self, reference: &str) -> Run {
        let rest = ["--experimental-oci11", reference];
        let tool = self.tool.clone().env("COSIGN_EXPERIMENTAL", "1");
        tool.run(Self::verifying("verify", &rest)).await
    }

    /// Verifies an attestation of type `custom`.
    pub async fn verify_attestation(&self, reference: &str) -> Run {
        self.verify_attestation_as("custom", reference).await
    }

    /// Verifies an attestation of the type that was given to [`Self::attest_as`].
    pub async fn verify_attestation_as(&self, kind: &str, reference: &str) -> Run {
        let kind = format!("--type={kind}");
        let rest = [kind.as_str(), reference];
        self.tool
            .run(Self::verifying("verify-attestation", &rest))
            .await
    }

    fn signing<'a>(&self, verb: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
        let no_log: &[&str] = match self.version {
            Version::V2 => &["--tlog-upload=false"],
            Version::V3 => &[
                "--signing-config=signing-config.json",
                "--trusted-root=trusted-root.json",
            ],
        };
        let mut arguments = vec![verb, "--key=cosign.key", "--allow-http-registry", "-y"];
        arguments.extend_from_slice(no_log);
        arguments.extend_from_slice(rest);
        arguments
    }

    fn verifying<'a>(verb: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = vec![
            verb,
            "--key=cosign.pub",
            "--insecure-ignore-tlog=true",
            // Neither generation asks the network for a trust root then.
            "--trusted-root=trusted-root.json",
            "--allow-http-registry",
        ];
        arguments.extend_from_slice(rest);
        arguments
    }
}
