//! transship: moves container images and OCI artifacts, with their signatures, between registries.
#![allow(dead_code, unused_imports)]
mod amount;
mod args;
mod environment;
mod exit;
mod files;
mod journal;
mod list;
mod nearest;
mod output;
mod progress;
mod settings;
mod signals;
mod tree;
mod yaml;
mod quickstart {
    mod key;
    mod sample;
    mod tar;
}
fn main() {}
