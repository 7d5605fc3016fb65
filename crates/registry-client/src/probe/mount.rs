//! Can a blob be mounted from another repository?

use transship_oci::{Blob as _, Placement, Result};

use super::{Finding, Made, Probe, not_tried};
use crate::blob::Mount;

impl Probe<'_> {
    /// Is a mount done? A blob of a few bytes is pushed and mounted from this very repository: no other is touched.
    /// Whether one may be mounted from *another* is a matter of rights there.
    pub async fn mount(&mut self) -> Finding {
        self.delete().await;
        if !self.can_clean() {
            return not_tried();
        }
        match self.try_mount().await {
            Ok(Mount::Done) => Finding::Yes,
            Ok(Mount::Opened(session)) => {
                self.repository.give_up_session(&session).await;
                Finding::No("the registry opens an upload instead".to_owned())
            }
            Ok(Mount::No) => Finding::No("the registry refuses to".to_owned()),
            Err(error) => Finding::of(&error),
        }
    }

    async fn try_mount(&mut self) -> Result<Mount> {
        let blob = self.material.blob();
        let made = Made::Blob(blob.descriptor().digest);
        if !self.made.contains(&made) {
            let placement = Placement::default();
            Box::pin(self.repository.place_blob(&blob, &placement)).await?;
            self.made.push(made);
        }
        let from = self.repository.name().clone();
        self.repository.mount_blob(blob.descriptor(), &from).await
    }
}
