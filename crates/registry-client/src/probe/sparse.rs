//! May an index be pushed before, or without, its children?

use super::{Finding, Made, Probe, not_tried};

impl Probe<'_> {
    /// Is an index taken whose children are not there? Where it is not, a subset of platforms needs a new index.
    pub async fn sparse_index(&mut self) -> Finding {
        self.delete().await;
        if !self.can_clean() {
            return not_tried();
        }
        let pushed = match self.material.sparse_index() {
            Ok(index) => self
                .repository
                .put_plainly(&index)
                .await
                .map(|_| index.digest()),
            Err(error) => Err(error),
        };
        match pushed {
            Ok(digest) => {
                self.made.push(Made::Manifest(digest));
                Finding::Yes
            }
            Err(error) => Finding::of(&error),
        }
    }
}
