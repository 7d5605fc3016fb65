//! Parts that a bucket has of an object that is not complete.

use http::Method;
use serde::Deserialize;
use transship_oci::Result;

use super::Bucket;
use crate::store::{
    HeldPart,
    address::encode_segment,
    cloud::{Call, from_xml},
};

/// A thousand parts a page.
const MAX_PAGE: u64 = 4 << 20;
/// Ten thousand parts, a thousand a page, and a few more for stores with smaller ones.
const MAX_PAGES: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(rename = "Part", default)]
    parts: Vec<Part>,
    #[serde(default)]
    is_truncated: bool,
    next_part_number_marker: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    #[serde(rename = "PartNumber")]
    number: u32,
    size: u64,
    #[serde(rename = "ETag")]
    etag: String,
}

impl Bucket {
    /// The parts of an upload.
    ///
    /// # Errors
    /// `NotFound` when there is no such upload.
    pub(super) async fn held(&self, key: &str, upload: &str) -> Result<Vec<HeldPart>> {
        let op = format!("ask which parts of {key} have arrived");
        let mut all = Vec::new();
        let mut marker = 0;
        for _ in 0..MAX_PAGES {
            let query = format!(
                "part-number-marker={marker}&uploadId={}",
                encode_segment(upload)
            );
            let call = Call::new(Method::GET, self.object(key, &query), &op);
            let body = self
                .wire
                .expect(&call, &[200])
                .await?
                .bytes(MAX_PAGE)
                .await?;
            let page: Page =
                from_xml(&body).map_err(|error| error.op(&op).at(self.wire.location()))?;
            all.extend(page.parts.into_iter().filter_map(|part| {
                Some(HeldPart {
                    part: part.number.checked_sub(1)?,
                    size: part.size,
                    receipt: part.etag,
                })
            }));
            match page.next_part_number_marker.filter(|_| page.is_truncated) {
                Some(next) => marker = next,
                None => break,
            }
        }
        Ok(all)
    }
}
