//! What every source and every sink must do, whatever is behind them.
//!
//! ```no_run
//! # async fn test() {
//! use std::sync::Arc;
//! use transship_registry_server::Local;
//! use transship_testkit::contract::{self, Pair};
//! contract::check(async || {
//!     let local = Local::memory("contract");
//!     let (source, sink) = (local.clone(), local);
//!     Pair::new(move || Arc::new(source.clone()), move || Arc::new(sink.clone()))
//! })
//! .await;
//! # }
//! ```

mod absence;
mod blobs;
mod manifests;
mod referrers;
mod tags;

use std::{fmt, sync::Arc};

use futures::{FutureExt as _, future::BoxFuture};
use transship_oci::{Sink, Source};

type Make<T> = Box<dyn Fn() -> Arc<T> + Send + Sync>;

/// Both sides of one repository that was empty to begin with.
pub struct Pair {
    source: Make<dyn Source>,
    sink: Make<dyn Sink>,
    sha512: bool,
}

impl Pair {
    /// A pair. Each call of the functions gives a new look at the same repository: a source may remember what it saw
    /// for as long as it lives.
    pub fn new(
        source: impl Fn() -> Arc<dyn Source> + Send + Sync + 'static,
        sink: impl Fn() -> Arc<dyn Sink> + Send + Sync + 'static,
    ) -> Self {
        Self {
            source: Box::new(source),
            sink: Box::new(sink),
            sha512: true,
        }
    }

    /// What is behind it knows SHA-256 only, as docker-registry and CNCF distribution do.
    pub fn sha256_only(mut self) -> Self {
        self.sha512 = false;
        self
    }

    fn source(&self) -> Arc<dyn Source> {
        (self.source)()
    }

    fn sink(&self) -> Arc<dyn Sink> {
        (self.sink)()
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pair({})", self.source().location())
    }
}

type Clause = (&'static str, for<'a> fn(&'a Pair) -> BoxFuture<'a, ()>);

macro_rules! clauses {
    ($($module:ident::$name:ident),* $(,)?) => {
        &[$((stringify!($name), |pair| $module::$name(pair).boxed())),*]
    };
}

const CLAUSES: &[Clause] = clauses![
    absence::what_is_missing_is_not_found,
    absence::presence_is_told_in_the_order_asked,
    blobs::a_blob_opens_at_every_offset,
    blobs::an_empty_blob_is_a_blob,
    blobs::a_blob_is_put_once_and_again,
    blobs::many_put_the_same_blob_at_once,
    blobs::a_blob_of_several_pieces_arrives_whole,
    blobs::other_bytes_than_promised_are_refused,
    blobs::fewer_bytes_than_promised_are_refused,
    blobs::sha512_is_a_digest_too,
    manifests::odd_bytes_stay_odd,
    manifests::a_manifest_is_found_by_tag_and_by_digest,
    manifests::a_manifest_with_a_missing_part_is_refused_or_kept,
    manifests::a_subject_may_be_missing,
    manifests::puts_are_idempotent,
    tags::all_tags_are_listed_once,
    tags::a_tag_moves,
    tags::several_tags_are_set_at_once,
    referrers::all_that_belongs_to_a_subject_is_listed,
    referrers::a_referrer_of_a_referrer_is_its_own_subjects,
    referrers::nothing_belongs_to_a_lonely_manifest,
    manifests::everything_comes_back_byte_for_byte,
];

/// Checks every clause of the contract, each with a new pair.
///
/// Panics with the name of the clause that is broken.
pub async fn check(mut fresh: impl AsyncFnMut() -> Pair) {
    for (name, clause) in CLAUSES {
        let pair = fresh().await;
        let checked = std::panic::AssertUnwindSafe(clause(&pair)).catch_unwind();
        if let Err(cause) = checked.await {
            let text = cause
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| cause.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            let source = pair.source();
            let (at, name) = (source.location(), name.replace('_', " "));
            panic!("{at} breaks the contract: {name}: {text}");
        }
    }
}
