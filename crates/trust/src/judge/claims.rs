//! What a certificate says of whom it was made out to.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use sigstore_crypto::{FulcioCiClaims, parse_certificate_info};
use sigstore_types::DerCertificate;
use x509_cert::{
    Certificate,
    der::{Decode as _, asn1::Utf8StringRef, oid::ObjectIdentifier},
    ext::pkix::{SubjectAltName, name::GeneralName},
};

use crate::{Identity, Key, SignedBy, Subject, SubjectKind, WorkflowClaim};

/// The type of Fulcio's `otherName` for user names.
const USER_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.7");

/// Names and claims of a certificate. They are no more than what its authority vouches for.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// Subject alternative names.
    pub(super) subjects: Vec<(SubjectKind, String)>,
    /// The OIDC issuer.
    issuer: Option<String>,
    /// What the workload's token said.
    claims: BTreeMap<WorkflowClaim, String>,
    /// The key that it is for.
    pub(super) key: Key,
    /// From when on it is valid.
    pub(super) not_before: Timestamp,
}

impl Names {
    /// Reads a certificate in DER.
    pub(super) fn of(der: &[u8]) -> Result<Self, String> {
        let unreadable = |cause: String| format!("the certificate cannot be read: {cause}");
        let info = parse_certificate_info(&DerCertificate::new(der.to_vec()))
            .map_err(|cause| unreadable(cause.to_string()))?;
        let certificate =
            Certificate::from_der(der).map_err(|cause| unreadable(cause.to_string()))?;
        let subjects = subjects(&certificate).map_err(|cause| unreadable(cause.to_string()))?;
        let key = Key::from_spki(info.public_key.as_bytes())
            .map_err(|cause| unreadable(cause.to_string()))?;
        Ok(Self {
            subjects,
            issuer: info.issuer,
            claims: claims(&info.ci_claims),
            key,
            not_before: Timestamp::from_second(info.not_before.as_second())
                .map_err(|cause| unreadable(cause.to_string()))?,
        })
    }

    /// Are they those of `identity`: its subject, its issuer, and all its claims?
    pub(super) fn are(&self, identity: &Identity) -> bool {
        self.bear(&identity.subject)
            && self
                .issuer
                .as_ref()
                .is_some_and(|issuer| identity.issuer.matches(issuer))
            && identity.claims.iter().all(|(claim, wanted)| {
                self.claims
                    .get(claim)
                    .is_some_and(|found| wanted.matches(found))
            })
    }

    /// Is the subject among them?
    pub(super) fn bear(&self, subject: &Subject) -> bool {
        self.subjects.iter().any(|(kind, value)| {
            subject.kind.is_none_or(|wanted| wanted == *kind) && subject.value.matches(value)
        })
    }

    /// For a report.
    pub(super) fn signed_by(&self) -> SignedBy {
        SignedBy {
            key: Some(self.key.fingerprint()),
            subjects: self.subjects.iter().map(|(_, name)| name.clone()).collect(),
            issuer: self.issuer.clone(),
        }
    }
}

impl fmt::Display for Names {
    /// `someone@example.com (https://accounts.example.com)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subjects: Vec<&str> = self
            .subjects
            .iter()
            .map(|(_, name)| name.as_str())
            .collect();
        match subjects.as_slice() {
            [] => f.write_str("nobody that the certificate names")?,
            subjects => f.write_str(&subjects.join(", "))?,
        }
        self.issuer
            .as_ref()
            .map_or(Ok(()), |issuer| write!(f, " ({issuer})"))
    }
}

fn subjects(certificate: &Certificate) -> x509_cert::der::Result<Vec<(SubjectKind, String)>> {
    let Some((_, SubjectAltName(names))) = certificate.tbs_certificate.get()? else {
        return Ok(Vec::new());
    };
    let known = names.iter().filter_map(|name| match name {
        GeneralName::Rfc822Name(mail) => Some((SubjectKind::Email, mail.to_string())),
        GeneralName::UniformResourceIdentifier(uri) => Some((SubjectKind::Uri, uri.to_string())),
        GeneralName::DnsName(host) => Some((SubjectKind::Host, host.to_string())),
        GeneralName::OtherName(other) if other.type_id == USER_NAME => {
            let text: Utf8StringRef<'_> = other.value.decode_as().ok()?;
            Some((SubjectKind::Other, text.as_str().to_owned()))
        }
        _ => None,
    });
    Ok(known.collect())
}

fn claims(found: &FulcioCiClaims) -> BTreeMap<WorkflowClaim, String> {
    let github = &found.deprecated_github;
    let all = [
        (WorkflowClaim::GithubTrigger, &github.workflow_trigger),
        (WorkflowClaim::GithubSha, &github.workflow_sha),
        (WorkflowClaim::GithubName, &github.workflow_name),
        (WorkflowClaim::GithubRepository, &github.workflow_repository),
        (WorkflowClaim::GithubRef, &github.workflow_ref),
        (WorkflowClaim::BuildSigner, &found.build_signer_uri),
        (WorkflowClaim::Runner, &found.runner_environment),
        (
            WorkflowClaim::SourceRepository,
            &found.source_repository_uri,
        ),
        (WorkflowClaim::SourceDigest, &found.source_repository_digest),
        (WorkflowClaim::SourceRef, &found.source_repository_ref),
        (
            WorkflowClaim::SourceOwner,
            &found.source_repository_owner_uri,
        ),
        (WorkflowClaim::BuildConfig, &found.build_config_uri),
        (WorkflowClaim::BuildTrigger, &found.build_trigger),
        (WorkflowClaim::Environment, &found.deployment_environment),
    ];
    all.into_iter()
        .filter_map(|(claim, value)| Some((claim, value.clone()?)))
        .collect()
}
