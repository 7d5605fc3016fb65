//! What Google means by its refusals ("HTTP status and error codes for JSON").

use transship_oci::ErrorKind;

/// The kind of error that a status with its reason stands for, and how to mend it; `None` where the status says enough.
pub(super) fn judge(status: u16, reason: &str) -> Option<(ErrorKind, Option<String>)> {
    let (kind, hint) = match (status, reason) {
        (401, _) | (403, "authError" | "keyExpired" | "keyInvalid") => (
            ErrorKind::Unauthorized,
            "check GOOGLE_APPLICATION_CREDENTIALS, or log in anew with `gcloud auth application-default login`",
        ),
        (403, "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded") => {
            return Some((ErrorKind::RateLimited, None));
        }
        (403, _) => (
            ErrorKind::Denied,
            "give the account the role roles/storage.objectUser on the bucket",
        ),
        (404, _) => (
            ErrorKind::NotFound,
            "check the names of the bucket and of the object",
        ),
        (409 | 412, _) => (
            ErrorKind::Conflict,
            "choose another name, or allow to overwrite it",
        ),
        _ => return None,
    };
    Some((kind, Some(hint.to_owned())))
}
