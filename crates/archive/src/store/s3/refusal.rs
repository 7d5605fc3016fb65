//! What S3 means by its refusals ("Error responses" in its reference).

use http::HeaderMap;
use transship_oci::ErrorKind;

/// The kind of error that `code` stands for, and how to mend it; `None` where the status says enough.
pub(super) fn judge(code: &str, headers: &HeaderMap) -> Option<(ErrorKind, Option<String>)> {
    let (kind, hint) = match code {
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidToken"
        | "InvalidClientTokenId" => (
            ErrorKind::Unauthorized,
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
        ),
        "ExpiredToken" | "TokenRefreshRequired" => (
            ErrorKind::Unauthorized,
            "get a new session token: this one has ended",
        ),
        "RequestTimeTooSkewed" => (ErrorKind::Unauthorized, "set this machine's clock"),
        "AccessDenied" | "AllAccessDisabled" => (
            ErrorKind::Denied,
            "allow s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject, s3:AbortMultipartUpload and \
             s3:DeleteObject on its objects",
        ),
        "NoSuchBucket" => (
            ErrorKind::NotFound,
            "create the bucket, or check its name, AWS_REGION and AWS_ENDPOINT_URL",
        ),
        "PreconditionFailed" | "ConditionalRequestConflict" | "OperationAborted" => (
            ErrorKind::Conflict,
            "choose another name, or allow to overwrite it",
        ),
        "SlowDown" | "RequestLimitExceeded" => return Some((ErrorKind::RateLimited, None)),
        "InternalError" | "ServiceUnavailable" | "RequestTimeout" => {
            return Some((ErrorKind::Unavailable, None));
        }
        "NotImplemented" => return Some((ErrorKind::Unsupported, None)),
        "BadDigest" => return Some((ErrorKind::DigestMismatch, None)),
        _ => return elsewhere(code, headers),
    };
    Some((kind, Some(hint.to_owned())))
}

/// The bucket is in another region; the answer says in which.
fn elsewhere(code: &str, headers: &HeaderMap) -> Option<(ErrorKind, Option<String>)> {
    if !matches!(
        code,
        "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed"
    ) {
        return None;
    }
    let region = headers
        .get("x-amz-bucket-region")
        .and_then(|it| it.to_str().ok());
    let hint = match region {
        Some(region) => format!("set AWS_REGION={region:.32}"),
        None => "set AWS_REGION to the region of the bucket".to_owned(),
    };
    Some((ErrorKind::Invalid, Some(hint)))
}

#[cfg(test)]
mod tests;
