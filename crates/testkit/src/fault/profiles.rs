//! Every known way in which registries misbehave, under a name.
//!
//! A test goes through [`Profile::ALL`], copies something at the side that the profile is for, and asserts what
//! [`Profile::expect`] says, and, so that a fault that never struck cannot pass for one that was survived, that
//! [`Profile::strikes`] was asked for at least once. Faults in the middle of an upload need a blob of more than
//! [`LANDED`] bytes. `tag-moves` strikes between two readings of a tag, such as a plan and its application.

use std::sync::Arc;

use transship_oci::Side;

use super::{
    Answer, Quirk, Route, on,
    quirks::{
        ConcurrentWriter, FallbackTag, Immutable, LocationStyle, ManyTags, MaxBody, Mount,
        MovingTag, Order, Paging, RangeZero, Redirect, Referrers, StaleState, Tokens,
    },
};

/// How many bytes of a body arrive before a fault in the middle of it strikes.
pub const LANDED: u64 = 50_000;

/// How a copy ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Everything is at the target, byte for byte.
    Copied,
    /// The copy fails, and no tag is seen at the target.
    Fails,
    /// One or the other: the fault leaves a choice, but no tag without what belongs beside it.
    Either,
}

type Quirks = Vec<Arc<dyn Quirk>>;

/// A named way to misbehave.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Its name.
    pub name: &'static str,
    /// Which end of a copy misbehaves.
    pub side: Side,
    /// The class of requests that it strikes at.
    pub strikes: Route,
    /// How a copy ends.
    pub expect: Expect,
    quirks: fn() -> Quirks,
}

impl Profile {
    /// The quirks, with nothing remembered yet.
    pub fn quirks(&self) -> Quirks {
        (self.quirks)()
    }

    /// The profile of this name.
    pub fn named(name: &str) -> &'static Self {
        let found = Self::ALL.iter().find(|profile| profile.name == name);
        found.unwrap_or_else(|| panic!("there is no fault profile {name}"))
    }

    /// All of them.
    pub const ALL: &[Self] = &[
        // Too many requests: with seconds, with a date, without either.
        at_source("429-seconds-head", Route::HeadManifest, Copied, || {
            busy(Route::HeadManifest, SECONDS)
        }),
        at_source("429-date-head", Route::HeadManifest, Copied, || {
            busy(Route::HeadManifest, DATE)
        }),
        at_source("429-bare-head", Route::HeadManifest, Copied, || {
            busy(Route::HeadManifest, BARE)
        }),
        at_source(
            "429-seconds-get-manifest",
            Route::GetManifest,
            Copied,
            || busy(Route::GetManifest, SECONDS),
        ),
        at_source("429-seconds-get-blob", Route::GetBlob, Copied, || {
            busy(Route::GetBlob, SECONDS)
        }),
        at_target(
            "429-seconds-put-manifest",
            Route::PutManifest,
            Copied,
            || busy(Route::PutManifest, SECONDS),
        ),
        at_target("429-date-put-manifest", Route::PutManifest, Copied, || {
            busy(Route::PutManifest, DATE)
        }),
        at_target("429-bare-put-manifest", Route::PutManifest, Copied, || {
            busy(Route::PutManifest, BARE)
        }),
        at_target("429-seconds-patch", Route::Patch, Copied, || {
            busy(Route::Patch, SECONDS)
        }),
        at_target("429-date-patch", Route::Patch, Copied, || {
            busy(Route::Patch, DATE)
        }),
        at_target("429-bare-patch", Route::Patch, Copied, || {
            busy(Route::Patch, BARE)
        }),
        at_target("429-seconds-put-blob", Route::PutBlob, Copied, || {
            busy(Route::PutBlob, SECONDS)
        }),
        at_target("429-date-put-blob", Route::PutBlob, Copied, || {
            busy(Route::PutBlob, DATE)
        }),
        at_target("429-bare-put-blob", Route::PutBlob, Copied, || {
            busy(Route::PutBlob, BARE)
        }),
        at_target("503-post-upload", Route::PostUpload, Copied, || {
            vec![on(Route::PostUpload).first(1).answer(Answer::new(503))]
        }),
        // Tokens.
        at_target("401-mid-patch", Route::Patch, Copied, || {
            vec![Arc::new(Tokens::new().tires_in(Route::Patch))]
        }),
        at_target("401-mid-put", Route::PutBlob, Copied, || {
            vec![Arc::new(Tokens::new().tires_in(Route::PutBlob))]
        }),
        at_source("400-expired-token", Route::GetBlob, Copied, || {
            vec![Arc::new(Tokens::new().first_lasts(2).refused_by_400())]
        }),
        at_source("token-without-expiry", Route::Token, Copied, || {
            vec![Arc::new(Tokens::new().expires_in(None))]
        }),
        // Uploads.
        at_target("patch-201", Route::Patch, Copied, || {
            vec![on(Route::Patch).act(super::Action::Relabel(201))]
        }),
        at_target("range-0-0", Route::Patch, Copied, || {
            vec![
                on(Route::Patch).first(1).cut_request(0),
                Arc::new(RangeZero),
            ]
        }),
        at_target("range-0-0-one-byte", Route::Patch, Copied, || {
            vec![
                on(Route::Patch).first(1).cut_request(1),
                Arc::new(RangeZero),
            ]
        }),
        at_target("stale-state", Route::Patch, Copied, || {
            vec![
                on(Route::Patch).first(1).cut_request(LANDED),
                Arc::new(StaleState::default()),
            ]
        }),
        at_target("reset-mid-patch", Route::Patch, Copied, || {
            vec![on(Route::Patch).first(1).cut_request(LANDED)]
        }),
        at_target("reset-after-patch", Route::Patch, Copied, || {
            vec![on(Route::Patch).first(1).cut_request(u64::MAX)]
        }),
        at_target("reset-mid-put-blob", Route::PutBlob, Copied, || {
            vec![on(Route::PutBlob).first(1).cut_request(LANDED)]
        }),
        at_target("reset-after-put-blob", Route::PutBlob, Copied, || {
            vec![on(Route::PutBlob).first(1).cut_request(u64::MAX)]
        }),
        at_target(
            "reset-after-put-manifest",
            Route::PutManifest,
            Copied,
            || vec![on(Route::PutManifest).first(1).cut_request(u64::MAX)],
        ),
        at_target("session-gone", Route::Patch, Copied, || {
            vec![on(Route::Patch).first(1).answer(Answer::error(
                404,
                "BLOB_UPLOAD_UNKNOWN",
                "gone",
            ))]
        }),
        at_target("location-relative", Route::PostUpload, Copied, || {
            vec![Arc::new(LocationStyle::Relative)]
        }),
        at_target("location-absolute", Route::PostUpload, Copied, || {
            vec![Arc::new(LocationStyle::Absolute)]
        }),
        at_target("location-with-query", Route::PostUpload, Copied, || {
            vec![Arc::new(LocationStyle::WithQuery)]
        }),
        at_target("location-other-host", Route::PostUpload, Copied, || {
            vec![Arc::new(Tokens::new()), Arc::new(LocationStyle::OtherHost)]
        }),
        at_target("chunk-min-zero", Route::PostUpload, Copied, || {
            chunk_min("0")
        }),
        at_target("chunk-min-huge", Route::PostUpload, Copied, || {
            chunk_min("99999999999999999999")
        }),
        at_target("chunk-min-negative", Route::PostUpload, Copied, || {
            chunk_min("-1")
        }),
        // Mounts.
        at_target("mount-201", Route::PostMount, Copied, Vec::new),
        at_target("mount-202", Route::PostMount, Copied, || {
            vec![Arc::new(Mount::Session)]
        }),
        at_target("mount-401", Route::PostMount, Copied, || {
            vec![Arc::new(Mount::Refused(401))]
        }),
        at_target("mount-403", Route::PostMount, Copied, || {
            vec![Arc::new(Mount::Refused(403))]
        }),
        at_target("mount-404", Route::PostMount, Copied, || {
            vec![Arc::new(Mount::Refused(404))]
        }),
        at_target("mount-405", Route::PostMount, Copied, || {
            vec![Arc::new(Mount::Refused(405))]
        }),
        // Digests.
        at_source("digest-header-missing", Route::GetManifest, Copied, || {
            digest_header(None)
        }),
        at_source("digest-header-wrong", Route::GetManifest, Fails, || {
            digest_header(Some(WRONG))
        }),
        at_target(
            "digest-header-missing-target",
            Route::PutManifest,
            Copied,
            || vec![super::When::any().header(DIGEST, None)],
        ),
        // Referrers.
        at_target("subject-lie", Route::PutManifest, Copied, || {
            vec![Arc::new(Referrers::Lie)]
        }),
        at_target("referrers-404", Route::PutManifest, Copied, || {
            vec![Arc::new(Referrers::Missing)]
        }),
        at_target("referrers-405", Route::PutManifest, Copied, || {
            vec![Arc::new(Referrers::NotAllowed)]
        }),
        at_target("referrers-html", Route::PutManifest, Copied, || {
            vec![Arc::new(Referrers::Html)]
        }),
        at_source("referrers-null", Route::Referrers, Copied, || {
            vec![Arc::new(Referrers::NullList)]
        }),
        at_source("referrers-500", Route::Referrers, Fails, || {
            vec![on(Route::Referrers).answer(Answer::new(500))]
        }),
        at_target("fallback-is-subject", Route::PutManifest, Either, || {
            vec![Arc::new(Referrers::Missing), Arc::new(FallbackTag::Subject)]
        }),
        at_target("fallback-is-stranger", Route::PutManifest, Either, || {
            vec![
                Arc::new(Referrers::Missing),
                Arc::new(FallbackTag::Stranger),
            ]
        }),
        at_target("fallback-two-writers", Route::PutManifest, Copied, || {
            vec![
                Arc::new(Referrers::Missing),
                Arc::new(ConcurrentWriter::new(2)),
            ]
        }),
        // Orders and refusals.
        at_target("subject-first", Route::PutManifest, Copied, || {
            vec![Arc::new(Order::SubjectFirst)]
        }),
        at_target("referrer-before-tag", Route::PutManifest, Copied, || {
            vec![Arc::new(Order::referrer_before_tag())]
        }),
        at_target("sparse-index-refused", Route::PutManifest, Copied, || {
            vec![Arc::new(Order::ChildrenFirst)]
        }),
        at_target("immutable-same", Route::PutManifest, Copied, || {
            vec![Arc::new(Immutable::AfterTheFact)]
        }),
        at_target("immutable-other", Route::PutManifest, Fails, || {
            vec![
                on(Route::PutManifest)
                    .path("/manifests/1.4")
                    .answer(exists()),
            ]
        }),
        at_target("413-manifest", Route::PutManifest, Fails, || {
            vec![Arc::new(MaxBody::new([Route::PutManifest], 300))]
        }),
        at_target("413-blob", Route::PutBlob, Either, || {
            vec![Arc::new(MaxBody::new(
                [Route::PutBlob, Route::PostUpload],
                LANDED,
            ))]
        }),
        // Lists.
        at_source("paging-absolute", Route::Tags, Copied, || {
            vec![Arc::new(Paging::absolute(1))]
        }),
        at_source("paging-relative", Route::Tags, Copied, || {
            vec![Arc::new(Paging::relative(1))]
        }),
        at_source("many-tags", Route::Tags, Copied, || {
            vec![Arc::new(ManyTags(100_000))]
        }),
        // Reading.
        at_source("redirect-to-storage", Route::GetBlob, Copied, || {
            vec![Arc::new(Tokens::new()), Arc::new(Redirect::Storage)]
        }),
        at_source("redirect-loop", Route::GetBlob, Fails, || {
            vec![Arc::new(Redirect::Loop)]
        }),
        at_source("cut-mid-blob", Route::GetBlob, Copied, || {
            vec![on(Route::GetBlob).first(1).cut_response(100)]
        }),
        at_source("range-ignored", Route::GetBlob, Copied, || {
            vec![
                on(Route::GetBlob).first(1).cut_response(100),
                on(Route::GetBlob).act(super::Action::Strip("range")),
            ]
        }),
        at_source("blob-wrong-bytes", Route::GetBlob, Fails, || {
            vec![on(Route::GetBlob).corrupt(0)]
        }),
        at_source("blob-short", Route::GetBlob, Fails, || {
            vec![
                on(Route::GetBlob).act(super::Action::Strip("range")),
                on(Route::GetBlob).act(super::Action::Shorten { to: 1 }),
            ]
        }),
        at_source("blob-endless", Route::GetBlob, Fails, || {
            vec![on(Route::GetBlob).act(super::Action::Endless)]
        }),
        at_source("manifest-wrong-bytes", Route::GetManifest, Fails, || {
            vec![on(Route::GetManifest).corrupt(3)]
        }),
        at_source("manifest-endless", Route::GetManifest, Fails, || {
            vec![on(Route::GetManifest).act(super::Action::Endless)]
        }),
        at_source("headers-huge", Route::GetManifest, Fails, || {
            vec![on(Route::GetManifest).header("x-much", Some(&"y".repeat(2 << 20)))]
        }),
        at_source("tag-moves", Route::HeadManifest, Fails, || {
            vec![Arc::new(MovingTag::after(1))]
        }),
    ];
}

use Expect::{Copied, Either, Fails};

const fn at_source(
    name: &'static str,
    strikes: Route,
    expect: Expect,
    quirks: fn() -> Quirks,
) -> Profile {
    Profile {
        name,
        side: Side::Source,
        strikes,
        expect,
        quirks,
    }
}

const fn at_target(
    name: &'static str,
    strikes: Route,
    expect: Expect,
    quirks: fn() -> Quirks,
) -> Profile {
    Profile {
        name,
        side: Side::Target,
        strikes,
        expect,
        quirks,
    }
}

type Busy = fn(Answer) -> Answer;
const SECONDS: Busy = |answer| answer.header("retry-after", "1");
const DATE: Busy = |answer| answer.retry_at(2);
const BARE: Busy = |answer| answer;

fn busy(route: Route, when: Busy) -> Quirks {
    let answer = Answer::error(429, "TOOMANYREQUESTS", "slow down");
    vec![on(route).first(1).answer(when(answer))]
}

const DIGEST: &str = "docker-content-digest";
const WRONG: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn digest_header(value: Option<&str>) -> Quirks {
    let reads = on(Route::HeadManifest)
        .or(Route::GetManifest)
        .or(Route::HeadBlob)
        .or(Route::GetBlob);
    vec![reads.header(DIGEST, value)]
}

fn chunk_min(value: &str) -> Quirks {
    vec![on(Route::PostUpload).header("oci-chunk-min-length", Some(value))]
}

fn exists() -> Answer {
    Answer::error(
        409,
        "TAG_INVALID",
        "the tag exists and the repository is immutable",
    )
}
