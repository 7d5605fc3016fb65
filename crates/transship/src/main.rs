//! transship: moves container images and OCI artifacts, with their signatures, between registries.
#![allow(dead_code)]
mod amount;
mod args;
mod environment;
mod exit;
mod files;
mod list;
mod nearest;
mod output;
mod settings;
mod yaml;
fn main() {}
