//! The engine over memory repositories, watched, cut and killed in every place.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up must fail, and loudly"
)]

mod apply;
mod archive;
mod blobs;
mod carry;
mod faults;
mod gap;
mod gate;
mod gather;
mod kill;
mod legacy;
mod platforms;
mod prerequisites;
mod referrers;
mod support;
mod survey;
mod tags;
mod targets;
mod thrift;
