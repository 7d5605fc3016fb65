//! Classes of requests, as a count is kept of them.

use http::Method;

/// What a request is, by method and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Route {
    Ping,
    Token,
    Catalog,
    Tags,
    Referrers,
    HeadManifest,
    GetManifest,
    PutManifest,
    DeleteManifest,
    HeadBlob,
    GetBlob,
    DeleteBlob,
    /// Opens an upload, or is one whole.
    PostUpload,
    /// Asks for a mount.
    PostMount,
    GetUpload,
    Patch,
    /// Ends an upload.
    PutBlob,
    DeleteUpload,
    /// Anything at the storage host that blobs are redirected to.
    Storage,
    Other,
}

impl Route {
    /// The name in counts and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Token => "token",
            Self::Catalog => "catalog",
            Self::Tags => "tags",
            Self::Referrers => "referrers",
            Self::HeadManifest => "head-manifest",
            Self::GetManifest => "get-manifest",
            Self::PutManifest => "put-manifest",
            Self::DeleteManifest => "delete-manifest",
            Self::HeadBlob => "head-blob",
            Self::GetBlob => "get-blob",
            Self::DeleteBlob => "delete-blob",
            Self::PostUpload => "post-upload",
            Self::PostMount => "post-mount",
            Self::GetUpload => "get-upload",
            Self::Patch => "patch",
            Self::PutBlob => "put-blob",
            Self::DeleteUpload => "delete-upload",
            Self::Storage => "storage",
            Self::Other => "other",
        }
    }

    /// The class of a request. Anything that is no request of the specification is [`Route::Other`].
    pub fn of(method: &Method, path: &str, query: &str) -> Self {
        let read = method == Method::GET;
        match path {
            "/v2" | "/v2/" => return Self::Ping,
            "/v2/_catalog" => return Self::Catalog,
            path if path.starts_with("/token") => return Self::Token,
            _ => {}
        }
        if path.ends_with("/tags/list") {
            return if read { Self::Tags } else { Self::Other };
        }
        if path.ends_with("/blobs/uploads/") || path.ends_with("/blobs/uploads") {
            let mount = query.split('&').any(|pair| pair.starts_with("mount="));
            return match (method == Method::POST, mount) {
                (true, true) => Self::PostMount,
                (true, false) => Self::PostUpload,
                (false, _) => Self::Other,
            };
        }
        let mut parts = path.rsplit('/');
        let (_, kind, above) = (parts.next(), parts.next(), parts.next());
        match (kind, above, method.as_str()) {
            (Some("uploads"), Some("blobs"), "GET") => Self::GetUpload,
            (Some("uploads"), Some("blobs"), "PATCH") => Self::Patch,
            (Some("uploads"), Some("blobs"), "PUT") => Self::PutBlob,
            (Some("uploads"), Some("blobs"), "DELETE") => Self::DeleteUpload,
            (Some("manifests"), _, "HEAD") => Self::HeadManifest,
            (Some("manifests"), _, "GET") => Self::GetManifest,
            (Some("manifests"), _, "PUT") => Self::PutManifest,
            (Some("manifests"), _, "DELETE") => Self::DeleteManifest,
            (Some("blobs"), _, "HEAD") => Self::HeadBlob,
            (Some("blobs"), _, "GET") => Self::GetBlob,
            (Some("blobs"), _, "DELETE") => Self::DeleteBlob,
            (Some("referrers"), _, "GET") => Self::Referrers,
            _ => Self::Other,
        }
    }

    /// Is it part of an upload, with a `Location` in its answer?
    pub fn is_upload(self) -> bool {
        matches!(
            self,
            Self::PostUpload
                | Self::PostMount
                | Self::GetUpload
                | Self::Patch
                | Self::PutBlob
                | Self::DeleteUpload
        )
    }
}

#[cfg(test)]
mod tests;
