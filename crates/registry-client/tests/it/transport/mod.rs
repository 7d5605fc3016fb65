//! Calls on their way: tokens, second tries, redirects, certificates, mirrors.

mod auth;
mod fake;
mod mirrors;
mod realms;
mod redirects;
mod retries;
mod secrets;
mod tls;
