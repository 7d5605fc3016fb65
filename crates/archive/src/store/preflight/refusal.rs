//! Why a store refuses, told apart.

use serde::Serialize;

/// The reasons behind a 401 or 403, and behind a 404 that is about more than one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Refusal {
    /// It does not believe who we are: a wrong or old signature, key or token, or one for another container.
    NotBelieved,
    /// It does not say; with a credential that allows it, the network rules of the account.
    Network,
    /// The SAS or the role leaves it out.
    Permission,
    /// The account SAS is for other services.
    Service,
    /// The account SAS is for other types of resources.
    ResourceType,
    /// The SAS wants https.
    Protocol,
    /// The SAS is for other addresses.
    SourceAddress,
    /// The account takes no keys, nor what they signed.
    KeysForbidden,
    /// There was no credential at all.
    Anonymous,
    /// There is no such container.
    NoContainer,
    /// The account is disabled.
    AccountDisabled,
    /// The clocks differ too much.
    Clock,
    /// The bucket is in another region.
    Region,
    /// Something else.
    Other,
}

impl Refusal {
    /// What a code of Azure, S3 or Google stands for.
    pub(in crate::store) fn of(code: &str) -> Self {
        match code {
            "AuthenticationFailed"
            | "InvalidAuthenticationInfo"
            | "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "InvalidToken"
            | "ExpiredToken"
            | "authError" => Self::NotBelieved,
            "AuthorizationFailure" => Self::Network,
            "AuthorizationPermissionMismatch" | "AccessDenied" | "forbidden" => Self::Permission,
            "AuthorizationServiceMismatch" => Self::Service,
            "AuthorizationResourceTypeMismatch" => Self::ResourceType,
            "AuthorizationProtocolMismatch" => Self::Protocol,
            "AuthorizationSourceIPMismatch" => Self::SourceAddress,
            "KeyBasedAuthenticationNotPermitted" => Self::KeysForbidden,
            "NoAuthenticationInformation" | "PublicAccessNotPermitted" | "required" => {
                Self::Anonymous
            }
            "ContainerNotFound" | "NoSuchBucket" | "notFound" => Self::NoContainer,
            "AccountIsDisabled" => Self::AccountDisabled,
            "RequestTimeTooSkewed" => Self::Clock,
            "PermanentRedirect" | "AuthorizationHeaderMalformed" => Self::Region,
            _ => Self::Other,
        }
    }
}
