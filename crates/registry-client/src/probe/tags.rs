//! May a tag be moved?

use transship_oci::{ErrorKind, Result};

use super::{Finding, Made, Probe, not_tried};

impl Probe<'_> {
    /// Can a tag that exists be made to point elsewhere? `No` where tags are immutable.
    pub async fn moves_tags(&mut self) -> Finding {
        self.delete().await;
        if !self.can_clean() {
            return not_tried();
        }
        match self.move_tag().await {
            Ok(()) => Finding::Yes,
            Err(error) if error.kind() == ErrorKind::Conflict => {
                Finding::No(error.message().to_owned())
            }
            Err(error) => Finding::of(&error),
        }
    }

    async fn move_tag(&mut self) -> Result<()> {
        let tag = self.material.tag()?;
        let tags = std::slice::from_ref(&tag);
        let first = self.material.manifest("first", None)?;
        let second = self.material.manifest("second", None)?;
        self.push_made(&first).await?;
        self.push_made(&second).await?;
        self.repository.push_tags(tags, &first).await?;
        self.made.push(Made::Tag(tag.clone()));
        self.repository.push_tags(tags, &second).await
    }
}
