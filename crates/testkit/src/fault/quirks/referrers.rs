//! Registries without the referrers API, or with half of it.

use async_trait::async_trait;
use http::StatusCode;

use crate::fault::{
    Next, Outcome, Quirk, Request, Route,
    quirk::{answer, route_of},
};

/// What becomes of the referrers API. In all cases but [`Referrers::NullList`] the registry takes no note of subjects,
/// so that the client has to keep the fallback tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Referrers {
    /// 404 with a text, as registries without it have always answered.
    Missing,
    /// 405.
    NotAllowed,
    /// 200 and a web page, as a proxy or a login page does.
    Html,
    /// It says `OCI-Subject` on a push, and then has no API.
    Lie,
    /// `"manifests": null` when there are none.
    NullList,
}

#[async_trait]
impl Quirk for Referrers {
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome {
        let route = route_of(&request);
        if route == Route::PutManifest && *self != Self::NullList && *self != Self::Lie {
            let mut answer = next.run(request).await?;
            answer.headers_mut().remove("oci-subject");
            return Ok(answer);
        }
        if route != Route::Referrers {
            return next.run(request).await;
        }
        match self {
            Self::Missing | Self::Lie => Ok(answer(
                StatusCode::NOT_FOUND,
                "text/plain; charset=utf-8",
                "404 page not found\n",
            )),
            Self::NotAllowed => Ok(answer(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "")),
            Self::Html => {
                let page = "<!doctype html><title>Sign in</title><form></form>";
                Ok(answer(StatusCode::OK, "text/html", page))
            }
            Self::NullList => null_list(next.run(request).await?).await,
        }
    }
}

async fn null_list(found: crate::fault::Response) -> Outcome {
    let (parts, body) = found.into_parts();
    let bytes = crate::fault::quirk::whole(body).await?;
    let text = String::from_utf8_lossy(&bytes).replace(r#""manifests":[]"#, r#""manifests":null"#);
    let media_type = transship_oci::media_type::OCI_INDEX;
    Ok(answer(parts.status, media_type, text))
}
