//! Tags: all of them, and what one points at.

use std::{collections::BTreeSet, time::Duration};

use futures::{Stream, TryStreamExt as _, stream};
use http::{Method, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;
use transship_oci::{Descriptor, Error, ErrorKind, Name, Result, Tag};
use url::Url;

use crate::{
    listing::{self, Tags},
    paging,
    refusal::Refusal,
    repository::RemoteRepository,
    transport::{Access, Answer},
};

/// How long a list is good enough to say that a tag is absent.
const FRESH: Duration = Duration::from_secs(30);
/// How long a list is good enough to say which digests have something beside them. A run asks once a repository.
const USABLE: Duration = Duration::from_mins(10);
/// The most bytes of one page. A registry that knows no paging sends all its tags in one.
const MAX_PAGE: u64 = 64 * 1024 * 1024;
/// So many single tags are asked for one by one before a list of all is worth its request.
const SINGLE_QUESTIONS: u32 = 3;

/// One page of tags.
struct Page {
    tags: Vec<Tag>,
    next: Option<Url>,
}

/// How a page came out.
enum Turn {
    Page(Page),
    /// There is no such repository, hence no tags.
    NoRepository,
    /// The registry does not tell.
    Refused(Error),
}

impl RemoteRepository {
    /// All tags in the order of the registry. The list is kept for later questions once it has been read to the end.
    pub(crate) fn list_tags(&self) -> impl Stream<Item = Result<Tag>> + Send + '_ {
        let start = (Some(self.tags_url()), 0, BTreeSet::new(), Instant::now());
        stream::try_unfold(start, move |(url, pages, mut kept, asked)| async move {
            let Some(url) = url else {
                return Ok(None);
            };
            let page = match self.tags_page(url, pages).await? {
                Turn::Page(page) => page,
                Turn::NoRepository => Page {
                    tags: Vec::new(),
                    next: None,
                },
                Turn::Refused(error) => return Err(error),
            };
            listing::collect(&mut kept, &page.tags)?;
            if page.next.is_none() {
                self.listing()
                    .put(Tags::Listed(std::mem::take(&mut kept)), asked);
            }
            let tags = stream::iter(page.tags.into_iter().map(Ok));
            Ok(Some((tags, (page.next, pages + 1, kept, asked))))
        })
        .try_flatten()
    }

    /// Sees to it that there is a list, or that it is known that the registry gives none.
    pub(crate) async fn know_tags(&self) -> Result<()> {
        self.listing().ensure(USABLE, || self.load_tags()).await
    }

    /// The same, with a list that is hardly older than the question.
    pub(crate) async fn know_tags_now(&self) -> Result<()> {
        self.listing().ensure(FRESH, || self.load_tags()).await
    }

    /// What `tag` points at; `None` when there is no such tag.
    pub(crate) async fn points_at(&self, tag: &Tag) -> Result<Option<Descriptor>> {
        let listing = self.listing();
        if listing.ask() > SINGLE_QUESTIONS || listing.is_fresh(FRESH) {
            self.know_tags().await?;
        }
        if listing.is_fresh(FRESH) && listing.has(tag) == Some(false) {
            return Ok(None);
        }
        match self.head_manifest(&Name::Tag(tag.clone())).await {
            Ok(descriptor) => Ok(Some(descriptor)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                listing.remove(tag);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn load_tags(&self) -> Result<Tags> {
        let mut kept = BTreeSet::new();
        let mut next = Some(self.tags_url());
        let mut pages = 0;
        while let Some(url) = next.take() {
            match self.tags_page(url, pages).await? {
                Turn::Page(page) => {
                    listing::collect(&mut kept, &page.tags)?;
                    next = page.next;
                    pages += 1;
                }
                Turn::NoRepository => break,
                Turn::Refused(error) if pages == 0 => {
                    tracing::debug!(%error, "the registry lists no tags; asking for single ones");
                    return Ok(Tags::Refused);
                }
                Turn::Refused(error) => return Err(error),
            }
        }
        Ok(Tags::Listed(kept))
    }

    fn tags_url(&self) -> Url {
        self.url("tags/list?n=1000")
    }

    async fn tags_page(&self, url: Url, pages: usize) -> Result<Turn> {
        let call = self.call("list tags".to_owned(), Method::GET, url, Access::Pull);
        let answer = match self.host().send(call).await {
            Ok(answer) => answer,
            Err(error) => return refused_or(error),
        };
        match answer.status() {
            StatusCode::OK => read_page(answer, pages).await.map(Turn::Page),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::FORBIDDEN => {
                let refusal = Refusal::read(answer).await;
                Ok(if refusal.says_no_repository() {
                    Turn::NoRepository
                } else {
                    Turn::Refused(refusal.into_error())
                })
            }
            _ => refused_or(answer.into_error().await),
        }
    }
}

/// Whoever may pull need not be allowed to list: that is no reason to give up.
fn refused_or(error: Error) -> Result<Turn> {
    match error.kind() {
        ErrorKind::Unauthorized | ErrorKind::Denied | ErrorKind::Unsupported => {
            Ok(Turn::Refused(error))
        }
        _ => Err(error),
    }
}

async fn read_page(answer: Answer, pages: usize) -> Result<Page> {
    let next = paging::next(answer.headers(), answer.url(), pages + 1)?;
    let bytes = answer.bytes(MAX_PAGE).await?;
    Ok(Page {
        tags: parse(&bytes)?,
        next,
    })
}

/// Reads the body of a page. Names that cannot be tags are left out: nobody could ask for them.
fn parse(bytes: &[u8]) -> Result<Vec<Tag>> {
    #[derive(Deserialize)]
    struct Body {
        tags: Option<Vec<String>>,
    }
    let body: Body = serde_json::from_slice(bytes).map_err(|cause| {
        Error::new(ErrorKind::Corrupt, "the list of tags cannot be read").because(cause)
    })?;
    let names = body.tags.unwrap_or_default();
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

#[cfg(test)]
mod tests;
