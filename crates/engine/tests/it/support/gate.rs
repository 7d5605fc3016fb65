//! A gate that wants a word beside the root, and an intruder who comes while it looks.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use futures::TryStreamExt as _;
use transship_oci::{ErrorKind, Gate, Result, Source, Tie, Verdict, Walked};
use transship_registry_server::Local;
use transship_testkit::image::Graph;

/// What nobody may be published beside.
pub(crate) const ALARM: &[u8] = b"alarm";

/// Admits an artifact beside which a signature tag holds nothing but the artifact's own digest, and
/// that nothing speaks against.
#[derive(Debug, Default)]
pub(crate) struct Demanding {
    looks: AtomicUsize,
    /// After the look of this number, somebody writes this there.
    intruder: Option<(usize, Graph, Local)>,
}

impl Demanding {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn with_intruder(after: usize, graph: Graph, at: Local) -> Arc<Self> {
        Arc::new(Self {
            looks: AtomicUsize::new(0),
            intruder: Some((after, graph, at)),
        })
    }

    /// How often it was asked.
    pub(crate) fn looks(&self) -> usize {
        self.looks.load(Ordering::SeqCst)
    }

    async fn intrude(&self, look: usize) -> Result<()> {
        match &self.intruder {
            Some((after, graph, at)) if *after == look => graph.push_to(at).await,
            _ => Ok(()),
        }
    }

    async fn word(walked: &Walked, from: &dyn Source) -> Result<Option<&'static str>> {
        let digest = walked.root.digest;
        let mut word = Some("the word is not there");
        for referrer in walked.beside(&digest) {
            let manifest = from.manifest(&referrer.descriptor).await?;
            let layers = manifest.children()?.blobs;
            let layer = layers.last().unwrap();
            let bytes: Vec<_> = from.blob(layer, 0).await?.try_collect().await?;
            let bytes = bytes.concat();
            if bytes == ALARM {
                return Ok(Some("there is an alarm"));
            }
            if matches!(referrer.tie, Tie::Tag(_)) && bytes == digest.to_string().as_bytes() {
                word = None;
            }
        }
        Ok(word)
    }
}

#[async_trait]
impl Gate for Demanding {
    async fn admit(&self, walked: &Walked, from: &dyn Source) -> Result<Verdict> {
        let look = self.looks.fetch_add(1, Ordering::SeqCst);
        let word = Self::word(walked, from).await?;
        self.intrude(look).await?;
        Ok(Verdict {
            refusal: word.map(|_| ErrorKind::PolicyRefused),
            reasons: vec![word.unwrap_or("the word is there").to_owned()],
        })
    }
}
