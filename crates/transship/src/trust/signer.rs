//! Whom flags name as a signer: what a policy would say of him.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use transship_oci::{Digest, Error, ErrorKind, Result, Side};
use transship_trust::{
    Tlog, WorkflowClaim,
    policy::{
        Beside, IdentityFile, KeylessFile, PkiFile, Policy, PolicyFile, RuleFile, Rules,
        SignerFile, Words, lint,
    },
};

use super::beside;
use crate::{
    app::App,
    args::{Keyless, Who},
    files,
};

/// The trust root where none is given.
const BUILT_IN: &str = "sigstore:public-good";
/// The longest chain of certificates that is read, in bytes.
const MAX_CHAIN: u64 = 1 << 20;
const END: &str = "-----END CERTIFICATE-----";

/// A signer, and what he is called in messages.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: &'static str,
    file: SignerFile,
}

/// The signer that flags name.
///
/// # Errors
/// `Invalid` for a chain of certificates that cannot be read.
pub(crate) fn signer(who: &Who) -> Result<Named> {
    if let Some(pki) = authority(who)? {
        // In no log, whatever was said of one.
        return Ok(Named {
            name: "the given identity",
            file: SignerFile {
                pki: Some(pki),
                ..SignerFile::default()
            },
        });
    }
    let tlog = who.insecure_ignore_tlog.then_some(Tlog::Ignore);
    Ok(if who.key.is_empty() {
        Named {
            name: "the given identity",
            file: SignerFile {
                keyless: Some(keyless(&who.keyless)),
                tlog,
                ..SignerFile::default()
            },
        }
    } else {
        Named {
            name: "the given key",
            file: SignerFile {
                key: Some(Words::Many(who.key.clone())),
                tlog,
                ..SignerFile::default()
            },
        }
    })
}

impl Named {
    /// The same, with no log asked.
    pub(crate) fn without_log(mut self) -> Self {
        self.file.tlog = Some(Tlog::Ignore);
        self
    }

    /// The policy that knows this signer, and has one rule.
    pub(crate) fn policy(self, who: &Who, rule: RuleFile) -> PolicyFile {
        let root = who.trusted_root.clone();
        PolicyFile {
            version: 1,
            trust_root: Some(root.unwrap_or_else(|| BUILT_IN.to_owned())),
            max_trust_root_age_days: None,
            signers: BTreeMap::from([(self.name.to_owned(), self.file)]),
            default: rule,
            rules: Vec::new(),
            denied: Vec::new(),
        }
    }
}

/// The rules of a policy that flags made. What is probably not meant is remarked on.
///
/// # Errors
/// `Invalid` when something that it names is not there.
pub(crate) fn read(app: &App, file: &PolicyFile) -> Result<Arc<dyn Rules>> {
    let digest = Digest::sha256(file.to_yaml()?.as_bytes());
    let materials: Beside = beside(app, Path::new(""));
    let policy = Policy::resolve(file, digest, &materials)?;
    for remark in lint(file, &policy, app.now()) {
        app.output.say(format_args!("note: {}", remark.message));
    }
    Ok(Arc::new(policy))
}

/// The authority of one's own, if one is given, and who must be known to it.
fn authority(who: &Who) -> Result<Option<PkiFile>> {
    let given = &who.authority;
    let text = |path: &std::path::PathBuf| path.display().to_string();
    let (roots, intermediates) = match (&given.ca_roots, &given.certificate_chain) {
        (Some(roots), _) => (text(roots), given.ca_intermediates.as_ref().map(text)),
        (None, Some(chain)) => split(chain)?,
        (None, None) => return Ok(None),
    };
    let mut pki = PkiFile {
        roots,
        intermediates,
        ..PkiFile::default()
    };
    if let Some(identity) = &who.keyless.certificate_identity {
        let names = if identity.contains("://") {
            &mut pki.uris
        } else if identity.contains('@') {
            &mut pki.emails
        } else {
            &mut pki.hosts
        };
        names.push(identity.clone());
    }
    Ok(Some(pki))
}

/// The root of a chain, which comes last, and what is before it.
fn split(chain: &Path) -> Result<(String, Option<String>)> {
    let text = files::read_text(chain, MAX_CHAIN)?;
    let text = text.trim_end();
    if !text.ends_with(END) {
        let message = "the chain does not end with a certificate";
        return Err(Error::new(ErrorKind::Invalid, message)
            .on(Side::Local)
            .at(files::name(chain)));
    }
    let before = text[..text.len() - END.len()].rfind(END);
    let (between, root) = text.split_at(before.map_or(0, |at| at + END.len()));
    let between = Some(between.to_owned()).filter(|text| !text.is_empty());
    Ok((root.trim_start().to_owned(), between))
}

fn keyless(args: &Keyless) -> KeylessFile {
    use WorkflowClaim::{GithubName, GithubRef, GithubRepository, GithubSha, GithubTrigger};
    let claims = [
        (GithubTrigger, &args.certificate_github_workflow_trigger),
        (GithubSha, &args.certificate_github_workflow_sha),
        (GithubName, &args.certificate_github_workflow_name),
        (
            GithubRepository,
            &args.certificate_github_workflow_repository,
        ),
        (GithubRef, &args.certificate_github_workflow_ref),
    ];
    let claims = claims
        .into_iter()
        .filter_map(|(claim, value)| Some((claim, value.clone()?)));
    let identity = IdentityFile {
        subject: args.certificate_identity.clone(),
        subject_pattern: args.certificate_identity_regexp.clone(),
        issuer: args.certificate_oidc_issuer.clone(),
        issuer_pattern: args.certificate_oidc_issuer_regexp.clone(),
        claims: claims.collect(),
        ..IdentityFile::default()
    };
    KeylessFile {
        identities: vec![identity],
        sct: args.insecure_ignore_sct.then_some(false),
        authorities: None,
    }
}
