//! A request before it is signed.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use transship_oci::{Error, ErrorKind, Result};
use url::Url;

/// A request that can be sent any number of times.
#[derive(Debug, Clone)]
pub(in crate::store) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) op: String,
    pub(super) again: bool,
    pub(super) signed: bool,
}

impl Call {
    /// A request; `op` says in errors what was being done, such as `read app.oci.tar`.
    pub(in crate::store) fn new(method: Method, url: Url, op: impl Into<String>) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            op: op.into(),
            again: true,
            signed: true,
        }
    }

    /// Adds a header.
    ///
    /// # Errors
    /// `Invalid` when `value` cannot be one.
    pub(in crate::store) fn header(mut self, name: &str, value: &str) -> Result<Self> {
        let bad = || {
            Error::new(
                ErrorKind::Invalid,
                format!("{name} cannot be sent as a header"),
            )
        };
        let value = HeaderValue::from_str(value).map_err(|_| bad())?;
        let name: HeaderName = name.parse().map_err(|_| bad())?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Adds a header that is not shown when the request is.
    ///
    /// # Errors
    /// `Invalid` when `value` cannot be one.
    pub(in crate::store) fn secret(mut self, name: &'static str, value: &str) -> Result<Self> {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Error::new(
                ErrorKind::Invalid,
                format!("{name} cannot be sent as a header"),
            )
        })?;
        value.set_sensitive(true);
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(self)
    }

    /// Adds headers.
    pub(in crate::store) fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Sets the body.
    pub(in crate::store) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// It is not for the wire to send it again.
    pub(in crate::store) fn once(mut self) -> Self {
        self.again = false;
        self
    }

    /// Its URL carries its authority already.
    pub(in crate::store) fn unsigned(mut self) -> Self {
        self.signed = false;
        self
    }
}
