//! Who keeps the list of an artifact's referrers here?

use transship_oci::{Digest, Error, Result};

use super::{Finding, Probe};
use crate::referrers::Listed;

/// How referrers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Referring {
    /// The registry has the referrers API, and lists what is pushed.
    Api,
    /// It has the API; nothing was pushed to see whether it lists it.
    ApiUnproven,
    /// It has no API: whoever pushes keeps an index under a tag.
    FallbackTag,
    /// It says with `OCI-Subject` that it lists what was pushed, and does not. We keep the index under a tag.
    Lies,
    /// It could not be found out; why.
    Unknown(String),
}

impl Probe<'_> {
    /// How are referrers kept? Pushes an artifact and a referrer of it where both can be removed again.
    pub async fn referrers(&mut self) -> Referring {
        let asked = if self.delete().await.manifests.is_yes() {
            self.refer().await
        } else {
            self.only_ask().await
        };
        asked.unwrap_or_else(|error| unknown(&error))
    }

    async fn refer(&mut self) -> Result<Referring> {
        let subject = self.material.manifest("subject", None)?;
        self.push_made(&subject).await?;
        let referrer = self
            .material
            .manifest("referrer", Some(subject.descriptor()))?;
        let headers = self.push_made(&referrer).await?;
        let claimed = headers.contains_key("oci-subject");
        Ok(match self.repository.ask_api(&subject.digest()).await? {
            Listed::Referrers(list) if list.iter().any(|one| one.digest == referrer.digest()) => {
                Referring::Api
            }
            _ if claimed => Referring::Lies,
            Listed::Referrers(_) => Referring::Unknown(
                "there is an API, but it does not list what was pushed".to_owned(),
            ),
            Listed::NoApi | Listed::NothingThere => Referring::FallbackTag,
        })
    }

    /// A registry with the API answers with an empty list for a digest that it has never seen.
    async fn only_ask(&self) -> Result<Referring> {
        let digest = Digest::sha256(self.material.tag()?.as_str().as_bytes());
        Ok(match self.repository.ask_api(&digest).await? {
            Listed::Referrers(_) => Referring::ApiUnproven,
            Listed::NoApi => Referring::FallbackTag,
            Listed::NothingThere => Referring::Unknown(
                "the registry says that there is no such repository or subject".to_owned(),
            ),
        })
    }
}

fn unknown(error: &Error) -> Referring {
    match Finding::of(error) {
        Finding::Yes => Referring::Api,
        Finding::No(why) | Finding::Unknown(why) => Referring::Unknown(why),
    }
}
