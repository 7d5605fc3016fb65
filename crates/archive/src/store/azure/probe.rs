//! Trying what a credential may do, by requests that cannot change anything.

use std::time::SystemTime;

use http::Method;
use transship_oci::Result;

use super::{AzureStore, Container};
use crate::store::{
    Sas,
    cloud::{Call, Fault},
    preflight::{Check, NOBODY, Purpose, Refusal, State, Topic, skew},
};

impl AzureStore {
    pub(in crate::store) fn sas(&self) -> Option<&Sas> {
        self.container.sas.as_ref()
    }

    pub(in crate::store) fn is_https(&self) -> bool {
        self.container.url.scheme() == "https"
    }

    /// Tries everything that `purpose` needs.
    pub(in crate::store) async fn probe(&self, now: SystemTime, purpose: Purpose) -> Vec<Check> {
        self.container.probe(now, purpose).await
    }
}

/// What came of a request.
struct Tried {
    headers: http::HeaderMap,
    /// None when it was done.
    fault: Option<Fault>,
}

impl Container {
    async fn probe(&self, now: SystemTime, purpose: Purpose) -> Vec<Check> {
        let list = match self.attempt(Ok(list(self))).await {
            Ok(tried) => tried,
            Err(error) => return vec![Check::failed(Topic::Reach, &error)],
        };
        let mut checks = vec![Check::good(Topic::Reach, "the store answers")];
        checks.extend(skew(&list.headers, now));
        checks.push(self.judge(Topic::List, &list, purpose == Purpose::Import));
        let more = match purpose {
            Purpose::Export => [(Topic::Read, false), (Topic::Write, true)],
            Purpose::Import => [(Topic::Read, true), (Topic::Delete, false)],
        };
        for (topic, needed) in more {
            let call = match topic {
                Topic::Write => write(self),
                Topic::Delete => Ok(Call::new(
                    Method::DELETE,
                    self.blob(NOBODY, ""),
                    "try to delete",
                )),
                _ => Ok(Call::new(
                    Method::HEAD,
                    self.blob(NOBODY, ""),
                    "try to read",
                )),
            };
            checks.push(match self.attempt(call).await {
                Ok(tried) => self.judge(topic, &tried, needed),
                Err(error) => Check::failed(topic, &error),
            });
        }
        checks
    }

    async fn attempt(&self, call: Result<Call>) -> Result<Tried> {
        let answer = self.wire.send(&call?).await?;
        let headers = answer.headers().clone();
        let done = answer.status().is_success();
        let fault = if done {
            None
        } else {
            Some(answer.fault().await)
        };
        Ok(Tried { headers, fault })
    }

    /// That a blob is not there, or a condition not met, comes after the question whether we may.
    fn judge(&self, topic: Topic, tried: &Tried, needed: bool) -> Check {
        let verb = match topic {
            Topic::List => "list the container",
            Topic::Write => "write blobs",
            Topic::Delete => "delete blobs",
            _ => "read blobs",
        };
        let Some(fault) = &tried.fault else {
            return Check::good(topic, format!("it may {verb}"));
        };
        if matches!(fault.code.as_str(), "BlobNotFound" | "ConditionNotMet") {
            return Check::good(topic, format!("it may {verb}"));
        }
        let error = self.wire.error(fault);
        let refusal = Refusal::of(&fault.code);
        // What is refused for want of a letter that can be done without is no more than a pity.
        let state = if needed || refusal != Refusal::Permission {
            State::Bad
        } else {
            State::Doubtful
        };
        let check = Check::new(
            topic,
            state,
            format!("it may not {verb}: {}", error.message()),
        )
        .refused(refusal);
        match error.hint() {
            Some(hint) => check.hinting(hint),
            None => check,
        }
    }
}

fn list(container: &Container) -> Call {
    let url = container.whole("restype=container&comp=list&maxresults=1");
    Call::new(Method::GET, url, "try to list")
}

/// A blob that would replace another of a certain tag, which is not there.
fn write(container: &Container) -> Result<Call> {
    Call::new(Method::PUT, container.blob(NOBODY, ""), "try to write")
        .header("x-ms-blob-type", "BlockBlob")?
        .header("if-match", "\"0x0\"")
}
