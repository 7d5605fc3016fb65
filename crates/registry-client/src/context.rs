//! What a client is given from outside: time, onlookers, secrets, settings. There is nothing global.

use std::{sync::Arc, time::Duration};

use transship_oci::{Clock, Journal, NoJournal, Observer, SystemClock, Unobserved};

use crate::{
    credentials::{Anonymous, Credentials},
    mirrors::Mirrors,
    proxies::Proxies,
    settings::HostSettings,
};

/// Everything that a [`crate::Client`] does not decide for itself.
#[derive(Debug, Clone)]
pub struct Context {
    /// Tells the date, for `Retry-After` dates and clock skew.
    pub clock: Arc<dyn Clock>,
    /// Is told what happens.
    pub observer: Arc<dyn Observer>,
    /// Keeps upload sessions over a crash.
    pub journal: Arc<dyn Journal>,
    /// Knows who we are at which registry.
    pub credentials: Arc<dyn Credentials>,
    /// What is known of single hosts: plain http, certificates.
    pub hosts: HostSettings,
    /// Where else repositories may be read.
    pub mirrors: Mirrors,
    /// Through which proxies hosts are reached.
    pub proxies: Proxies,
    /// The longest that one request may spend waiting for a host that asked for patience.
    pub max_wait: Duration,
    /// How often one request is sent at most, the first time included.
    pub max_attempts: u32,
    /// How many blob transfers, and beside them how many short requests, may be under way at one host at once.
    pub max_connections: usize,
    /// How we introduce ourselves.
    pub user_agent: String,
}

impl Default for Context {
    /// The machine's clock, nobody looking on, no journal, no credentials, no special hosts, default limits.
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            observer: Arc::new(Unobserved),
            journal: Arc::new(NoJournal),
            credentials: Arc::new(Anonymous),
            hosts: HostSettings::default(),
            mirrors: Mirrors::default(),
            proxies: Proxies::default(),
            max_wait: Duration::from_mins(5),
            max_attempts: 6,
            max_connections: 64,
            user_agent: concat!("transship/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}
