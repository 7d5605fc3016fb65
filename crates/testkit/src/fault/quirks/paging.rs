//! Lists of tags in pages.

use async_trait::async_trait;
use http::header::LINK;

use crate::fault::{
    Next, Outcome, Quirk, Request, Route,
    action::without,
    quirk::{Hosts, route_of, with_query},
};

/// Lists tags in pages of a few, with the link to the next page written in one of two ways.
#[derive(Debug, Clone, Copy)]
pub struct Paging {
    size: usize,
    absolute: bool,
}

impl Paging {
    /// Pages of `size` tags, linked by path.
    pub fn relative(size: usize) -> Self {
        Self {
            size,
            absolute: false,
        }
    }

    /// Pages of `size` tags, linked by full address.
    pub fn absolute(size: usize) -> Self {
        Self {
            size,
            absolute: true,
        }
    }
}

#[async_trait]
impl Quirk for Paging {
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Outcome {
        if route_of(&request) != Route::Tags {
            return next.run(request).await;
        }
        let hosts = request.extensions().get::<Hosts>().expect("hosts").clone();
        let query = without(request.uri().query().unwrap_or_default(), "n");
        let query = format!("n={}&{query}", self.size);
        *request.uri_mut() = with_query(request.uri(), query.trim_end_matches('&'));
        let mut answer = next.run(request).await?;
        let Some(link) = answer.headers().get(LINK).and_then(|it| it.to_str().ok()) else {
            return Ok(answer);
        };
        let target = link
            .trim_start_matches('<')
            .split('>')
            .next()
            .unwrap_or_default();
        let path = &target[target.find("/v2/").unwrap_or_default()..];
        let text = if self.absolute {
            format!("<http://{}{path}>; rel=\"next\"", hosts.registry)
        } else {
            format!("<{path}>; rel=\"next\"")
        };
        answer
            .headers_mut()
            .insert(LINK, text.parse().expect("a link"));
        Ok(answer)
    }
}
