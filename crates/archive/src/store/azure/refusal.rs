//! What Azure means by its refusals ("Common REST API error codes", "Blob service error codes" and "Shared access signature
//! error codes" in its reference).

use std::time::SystemTime;

use jiff::Timestamp;
use transship_oci::ErrorKind;

use crate::store::SasTerms;

/// The kind of error that `code` stands for, and how to mend it; `None` where the status says enough.
pub(super) fn judge(
    code: &str,
    sas: Option<&SasTerms>,
    now: SystemTime,
) -> Option<(ErrorKind, Option<String>)> {
    let kind = match code {
        "AuthenticationFailed" | "InvalidAuthenticationInfo" | "NoAuthenticationInformation" => {
            return Some((ErrorKind::Unauthorized, Some(unauthenticated(sas, now))));
        }
        "AuthorizationFailure" => {
            return Some((ErrorKind::Denied, Some(unauthorized(sas, now))));
        }
        "BlobAlreadyExists"
        | "UnauthorizedBlobOverwrite"
        | "InvalidBlockList"
        | "LeaseIdMissing" => ErrorKind::Conflict,
        "ContainerBeingDeleted" | "OperationTimedOut" | "InternalError" => ErrorKind::Unavailable,
        "ServerBusy" => ErrorKind::RateLimited,
        "Md5Mismatch" | "Crc64Mismatch" => ErrorKind::DigestMismatch,
        "ContainerNotFound" => ErrorKind::NotFound,
        "BlobImmutableDueToPolicy" | "AccountIsDisabled" => ErrorKind::Denied,
        _ if code.starts_with("Authorization") || code.contains("NotPermitted") => {
            ErrorKind::Denied
        }
        _ => return None,
    };
    Some((kind, hint(code).map(str::to_owned)))
}

fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "AuthorizationPermissionMismatch" => {
            "make a SAS that allows it (export: alrw, import: lr, and d to delete afterwards), or give the identity the role \
             Storage Blob Data Contributor"
        }
        "AuthorizationServiceMismatch" => "make the account SAS for the blob service (ss=b)",
        "AuthorizationResourceTypeMismatch" => {
            "make the account SAS for containers and objects (srt=co)"
        }
        "AuthorizationProtocolMismatch" => "use https: the SAS allows nothing else",
        "AuthorizationSourceIPMismatch" => {
            "make a SAS for the address that this machine is seen under, or without one (sip)"
        }
        "KeyBasedAuthenticationNotPermitted" => {
            "use an identity, or a SAS that one has signed: the account takes no keys, nor what they have signed"
        }
        "BlobAlreadyExists" | "UnauthorizedBlobOverwrite" => {
            "choose another name, or allow to overwrite it"
        }
        "InvalidBlockList" => {
            "let one writer at a time write the blob: another one has completed it"
        }
        "LeaseIdMissing" => "end the lease on the blob",
        "ContainerNotFound" => "create the container, or check its name",
        "BlobImmutableDueToPolicy" => {
            "choose another name: a policy of the container keeps the blob as it is"
        }
        _ => return None,
    })
}

/// Why it was not believed who we are, as far as the SAS itself tells.
fn unauthenticated(sas: Option<&SasTerms>, now: SystemTime) -> String {
    untimely(sas, now).unwrap_or_else(|| match sas {
        Some(_) => "check that the SAS is for this container and was copied whole, and that the key that signed it was not rotated since".to_owned(),
        None => "check the account's name and its key, or the identity that was used".to_owned(),
    })
}

/// The code that stands for whatever has no code of its own: most often a firewall.
fn unauthorized(sas: Option<&SasTerms>, now: SystemTime) -> String {
    untimely(sas, now).unwrap_or_else(|| {
        "check the network rules of the storage account: they may not let this machine in; then the credential".to_owned()
    })
}

fn untimely(sas: Option<&SasTerms>, now: SystemTime) -> Option<String> {
    let (sas, now) = (sas?, Timestamp::try_from(now).ok()?);
    let ends = sas.expires.into_iter().chain(sas.key_expires).min();
    if let Some(end) = ends.filter(|end| *end < now) {
        return Some(format!("make a new SAS: this one ended at {end}"));
    }
    let start = sas.starts.filter(|start| *start > now)?;
    Some(format!(
        "wait, or make a new SAS: this one begins at {start}"
    ))
}

#[cfg(test)]
mod tests;
