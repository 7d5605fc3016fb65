//! The last look before a tag: is everything that belongs beside the root really there?

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use transship_oci::{Digest, Error, ErrorKind, Referrer, Result, Retry, Side, Sink, Tag, Tie};

use crate::diff::Expected;

/// Subjects looked at together.
const AT_ONCE: usize = 16;
/// Pauses between looks: some registries take a moment to list what they have accepted.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(3),
];

/// What was seen beside each subject for which a list was had.
pub(crate) type Lists = BTreeMap<Digest, Vec<Referrer>>;

/// Reads back what a reader of the target finds.
///
/// # Errors
/// `Unavailable` naming the first thing that is not seen, and whatever a look fails with. Not knowing is not a yes.
pub(crate) async fn read_back(sink: &Arc<dyn Sink>, expected: &[Expected]) -> Result<Lists> {
    let mut subjects: BTreeMap<Digest, Vec<&Expected>> = BTreeMap::new();
    for one in expected {
        subjects.entry(one.subject).or_default().push(one);
    }
    let looks: Vec<_> = subjects
        .into_iter()
        .map(|(subject, expected)| patient(sink, subject, expected))
        .collect();
    let lists: Result<Vec<_>> = stream::iter(looks)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await;
    let lists =
        lists.map_err(|error| error.op("read back").on(Side::Target).at(sink.location()))?;
    Ok(lists.into_iter().flatten().collect())
}

async fn patient(
    sink: &Arc<dyn Sink>,
    subject: Digest,
    expected: Vec<&Expected>,
) -> Result<Option<(Digest, Vec<Referrer>)>> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let (seen, missing) = look(sink, &subject, &expected).await?;
        let Some(missing) = missing else {
            return Ok(seen.map(|list| (subject, list)));
        };
        let Some(pause) = pauses.next() else {
            return Err(unseen(missing));
        };
        tokio::time::sleep(pause).await;
    }
}

/// The list beside the subject, if one was had, and the first thing that is not seen.
async fn look<'a>(
    sink: &Arc<dyn Sink>,
    subject: &Digest,
    expected: &[&'a Expected],
) -> Result<(Option<Vec<Referrer>>, Option<&'a Expected>)> {
    // Signature tags alone are looked up one by one: listing would look them up too, and more.
    let listing = expected.iter().any(|one| one.tag.is_none());
    let seen = if listing {
        Some(sink.referrers(subject).await?)
    } else {
        None
    };
    for one in expected {
        let listed = |tie: Option<&Tag>| {
            seen.iter().flatten().any(|seen| {
                let same = tie.is_none_or(|tag| seen.tie == Tie::Tag(tag.clone()));
                same && seen.descriptor.digest == one.referrer
            })
        };
        let found = listed(one.tag.as_ref())
            || match &one.tag {
                None => false,
                Some(tag) => {
                    let tagged = sink.tagged(tag).await?;
                    tagged.is_some_and(|tagged| tagged.digest == one.referrer)
                }
            };
        if !found {
            return Ok((seen, Some(one)));
        }
    }
    Ok((seen, None))
}

fn unseen(missing: &Expected) -> Error {
    let Expected {
        subject,
        referrer,
        tag,
    } = missing;
    let message = match tag {
        Some(tag) => format!("tag {tag} does not point at {referrer}, though it was just written"),
        None => format!(
            "{referrer} is not listed among the referrers of {subject}, though it was just put"
        ),
    };
    Error::new(ErrorKind::Unavailable, message)
        .retrying(Retry::No)
        .hinting("run `transship doctor` on the target repository; no tag was published")
}
