//! Other people's programs at both ends: what they make, we copy; what we copied, they read, list and verify.

mod artifacts;
mod cosign_copy_tag;
mod htpasswd;
mod judged;
mod keyless;
mod kill;
mod place;
mod resigned;
mod signed;
mod skopeo_reads;
mod tampered;
mod tools;
