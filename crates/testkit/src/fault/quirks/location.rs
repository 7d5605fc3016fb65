//! How an upload's `Location` is written.

use async_trait::async_trait;
use http::{StatusCode, header::LOCATION};

use crate::fault::{
    Next, Outcome, Quirk, Request, Response,
    action::without,
    quirk::{Hosts, refusal, route_of, with_query},
};

/// How an upload's `Location` is written (distribution-spec, "Pushing Blobs": relative or absolute, and whatever is in it
/// is the registry's own).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocationStyle {
    /// A path.
    Relative,
    /// With scheme and host.
    Absolute,
    /// With a query that must come back byte for byte.
    WithQuery,
    /// At the storage host, which takes no `Authorization`.
    OtherHost,
}

/// Would be changed by whoever decodes and encodes it again.
const QUERY: &str = "_x=a%2Fb+c%20d&_y=%7e&z";

#[async_trait]
impl Quirk for LocationStyle {
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Outcome {
        let route = route_of(&request);
        let hosts = request.extensions().get::<Hosts>().expect("hosts").clone();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let goes_on = route.is_upload() && !request.uri().path().ends_with("/uploads/");
        if *self == Self::WithQuery && goes_on {
            if !query.starts_with(QUERY) {
                return Ok(refusal(
                    404,
                    "BLOB_UPLOAD_UNKNOWN",
                    "the session's query was changed",
                ));
            }
            let rest = query[QUERY.len()..].trim_start_matches('&');
            *request.uri_mut() = with_query(request.uri(), &without(rest, ""));
        }
        let mut answer = next.run(request).await?;
        if route.is_upload() && answer.status() != StatusCode::CREATED {
            self.rewrite(&mut answer, &hosts);
        }
        Ok(answer)
    }
}

impl LocationStyle {
    fn rewrite(self, answer: &mut Response, hosts: &Hosts) {
        let Some(location) = answer
            .headers()
            .get(LOCATION)
            .and_then(|it| it.to_str().ok())
        else {
            return;
        };
        let path = match location.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => location,
        };
        let text = match self {
            Self::Relative => path.to_owned(),
            Self::Absolute => format!("http://{}{path}", hosts.registry),
            Self::WithQuery => format!("{}?{QUERY}", path.split('?').next().unwrap_or_default()),
            Self::OtherHost => format!("http://{}{path}", hosts.storage),
        };
        let value = text.parse().expect("a location");
        answer.headers_mut().insert(LOCATION, value);
    }
}
