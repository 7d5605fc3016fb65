//! Plans and performs copies of artifact graphs between a [`Source`](transship_oci::Source) and any number of
//! [`Sink`](transship_oci::Sink)s. Knows no HTTP and no files.
//!
//! The path of an artifact: *look* (what does the name point at, what do the target's tags), *walk* (index, children,
//! and everything that refers to any of them), *diff* (what is missing, target by target), *gate*, then blobs,
//! manifests from the leaves up, the root by digest, what refers to them, *read back*, the gate again, of what is at the
//! target now, and the tags last.
//!
//! Across a gap the same path is gone twice. Near it, [`Engine::gather`] brings artifacts in hand and
//! [`Engine::carry`] fills an archive with them: its blobs in its own order, each byte hashed here, because nobody behind
//! it would. Beyond, [`Engine::survey`] looks at a whole set before anything moves, and [`Survey::proceed`] goes on
//! from what it found.
//!
//! The one thing that must never happen: a tag is visible at a target without what belongs beside it.

mod admit;
mod ahead;
mod artifact;
mod backed;
mod carried;
mod carry;
mod context;
mod copy;
mod cost;
mod diff;
mod draft;
mod drift;
mod engine;
mod errand;
mod gather;
mod graph;
mod job;
mod legacy;
mod look;
mod meter;
mod missing;
mod once;
mod options;
mod order;
mod plan;
mod platforms;
mod prepare;
mod publish;
mod pump;
mod read_back;
mod report;
mod schedule;
mod shelf;
mod subset;
mod survey;
mod task;
mod tee;
mod transfer;
mod walk;
mod whole;

pub use engine::Engine;
pub use gather::{Gathered, Gathering};
pub use job::{Job, Target};
pub use options::{Limits, Options};
pub use plan::{
    PLAN_VERSION, Piece, Plan, PlannedJob, PlannedReferrer, PlannedTag, PlannedTarget, TagAction,
    Totals,
};
pub use report::{Item, Moved, Outcome, Report};
pub use survey::Survey;
