//! Asking what a credential may do: Google says it.

use std::time::SystemTime;

use http::Method;
use serde::Deserialize;

use super::GcsStore;
use crate::store::{
    cloud::Call,
    preflight::{Check, Purpose, Refusal, State, Topic, skew},
};

#[derive(Debug, Deserialize)]
struct Granted {
    #[serde(default)]
    permissions: Vec<String>,
}

/// What is asked about, what it is for, and what for it is needed.
const WANTED: [(&str, Topic, Option<Purpose>); 4] = [
    ("storage.objects.list", Topic::List, Some(Purpose::Import)),
    ("storage.objects.get", Topic::Read, Some(Purpose::Import)),
    (
        "storage.objects.create",
        Topic::Write,
        Some(Purpose::Export),
    ),
    ("storage.objects.delete", Topic::Delete, None),
];

impl GcsStore {
    /// Asks for everything that `purpose` needs.
    pub(in crate::store) async fn probe(&self, now: SystemTime, purpose: Purpose) -> Vec<Check> {
        let bucket = &self.bucket;
        let names = WANTED.map(|(name, ..)| format!("permissions={name}"));
        let url = bucket.url("", "/iam/testPermissions", &names.join("&"));
        let call = Call::new(Method::GET, url, "ask what is allowed");
        let answer = match bucket.wire.send(&call).await {
            Ok(answer) => answer,
            Err(error) => return vec![Check::failed(Topic::Reach, &error)],
        };
        let mut checks: Vec<Check> = skew(answer.headers(), now).into_iter().collect();
        if !answer.status().is_success() {
            let fault = answer.fault().await;
            let error = bucket.wire.error(&fault);
            checks.push(Check::failed(Topic::Reach, &error).refused(Refusal::of(&fault.code)));
            return checks;
        }
        checks.push(Check::good(Topic::Reach, "the store answers"));
        let body = answer.bytes(64 * 1024).await.unwrap_or_default();
        let granted: Option<Granted> = serde_json::from_slice(&body).ok();
        let granted = granted
            .map(|granted| granted.permissions)
            .unwrap_or_default();
        checks.extend(WANTED.iter().map(|(name, topic, needed)| {
            if granted.iter().any(|it| it == name) {
                return Check::good(*topic, format!("it is granted {name}"));
            }
            let state = if *needed == Some(purpose) {
                State::Bad
            } else {
                State::Doubtful
            };
            Check::new(*topic, state, format!("it is not granted {name}"))
                .hinting("give the account the role roles/storage.objectUser on the bucket")
                .refused(Refusal::Permission)
        }));
        checks
    }
}
