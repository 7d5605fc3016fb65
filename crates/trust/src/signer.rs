//! Signers: who may have signed.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Authorities, Key, Pattern, TrustRoot};

/// Who may have signed. Several alternatives are several signers.
#[derive(Debug, Clone)]
pub enum Signer {
    /// Whoever holds one of these keys.
    Key(KeySigner),
    /// Whoever could prove an identity to a certificate authority at the time of signing.
    Keyless(KeylessSigner),
    /// Whoever has a certificate of a private authority.
    Pki(PkiSigner),
}

/// What is asked of the transparency log.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Tlog {
    /// An entry must be there and hold.
    #[default]
    Required,
    /// An entry that is there must hold, as far as there is a trust root to judge it by.
    Optional,
    /// Entries are not looked at.
    Ignore,
}

/// Public keys, one of which must have signed.
#[derive(Debug, Clone)]
pub struct KeySigner {
    /// The keys.
    pub keys: Vec<Key>,
    /// What is asked of the log.
    pub tlog: Tlog,
    /// The logs and time stampers to trust; where `None`, those of the [`Judge`](crate::Judge).
    pub root: Option<Arc<TrustRoot>>,
}

/// Identities, one of which a short-lived certificate must bear.
#[derive(Debug, Clone)]
pub struct KeylessSigner {
    /// The identities.
    pub identities: Vec<Identity>,
    /// What is asked of the log. Without an entry a signature needs a trusted time stamp.
    pub tlog: Tlog,
    /// Must the certificate itself be logged (SCT)? Private authorities often do not.
    pub sct: bool,
    /// The authorities to trust; where `None`, those of the [`Judge`](crate::Judge).
    pub root: Option<Arc<TrustRoot>>,
}

/// A private certificate authority, and whom of its subjects to trust.
///
/// Certificates are judged at the times that trusted time stamps in the evidence give, else now.
#[derive(Debug, Clone)]
pub struct PkiSigner {
    /// Roots, and intermediates that the evidence need not bring along.
    pub authorities: Arc<Authorities>,
    /// Names that the certificate must bear, all of them: mail addresses and host names.
    pub subjects: Vec<Subject>,
    /// Time stampers to trust; where `None`, those of the [`Judge`](crate::Judge).
    pub root: Option<Arc<TrustRoot>>,
}

/// A kind of subject alternative name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// `rfc822Name`.
    Email,
    /// `uniformResourceIdentifier`.
    Uri,
    /// `dNSName`.
    Host,
    /// Fulcio's `otherName` for user names that are none of these.
    Other,
}

/// A subject alternative name that is asked for.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its kind; `None` for any.
    pub kind: Option<SubjectKind>,
    /// Its value.
    pub value: Pattern,
}

impl Subject {
    /// A subject of any kind.
    pub fn any(value: Pattern) -> Self {
        Self { kind: None, value }
    }
}

/// An identity that is asked for: subject *and* issuer, and whatever else the certificate must say.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The subject.
    pub subject: Subject,
    /// The OIDC issuer that vouched for it.
    pub issuer: Pattern,
    /// Claims of the workflow that signed. A claim that the certificate lacks does not match.
    pub claims: BTreeMap<WorkflowClaim, Pattern>,
}

/// A claim that Fulcio copies from the workload's token into the certificate.
///
/// The first five are cosign's `--certificate-github-workflow-*`; each is read from the deprecated extension of GitHub
/// (1.3.6.1.4.1.57264.1.2 to .6). The others are provider-neutral (.9 to .23).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WorkflowClaim {
    /// The event that started the workflow, such as `push`.
    GithubTrigger,
    /// The commit.
    GithubSha,
    /// The workflow's display name.
    GithubName,
    /// `owner/repository`.
    GithubRepository,
    /// The git reference, such as `refs/heads/main`.
    GithubRef,
    /// The build configuration that asked for the signature.
    BuildSigner,
    /// `github-hosted`, `self-hosted`.
    Runner,
    /// The repository's URL.
    SourceRepository,
    /// The commit, provider-neutral.
    SourceDigest,
    /// The git reference, provider-neutral.
    SourceRef,
    /// The repository's owner.
    SourceOwner,
    /// The build configuration that ran.
    BuildConfig,
    /// The event, provider-neutral.
    BuildTrigger,
    /// The deployment environment.
    Environment,
}
