//! Blocks that a container has of a blob that is not complete.

use http::Method;
use serde::Deserialize;
use transship_oci::Result;

use super::{
    Container,
    upload::{Session, part_of},
};
use crate::store::{
    HeldPart,
    cloud::{Call, from_xml},
};

/// Fifty thousand blocks, 200 bytes each.
const MAX_LIST: u64 = 16 << 20;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BlockList {
    #[serde(default)]
    uncommitted_blocks: Blocks,
}

#[derive(Debug, Default, Deserialize)]
struct Blocks {
    #[serde(rename = "Block", default)]
    block: Vec<Block>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Block {
    name: String,
    size: u64,
}

impl Container {
    /// The blocks of one session. None when there is nothing of the blob at all.
    pub(super) async fn held(&self, key: &str, session: &Session) -> Result<Vec<HeldPart>> {
        let op = format!("ask which parts of {key} have arrived");
        let url = self.blob(key, "comp=blocklist&blocklisttype=uncommitted");
        let call = Call::new(Method::GET, url, &op);
        let answer = self.wire.expect(&call, &[200, 404]).await?;
        if answer.status().as_u16() == 404 {
            return Ok(Vec::new());
        }
        let body = answer.bytes(MAX_LIST).await?;
        let list: BlockList =
            from_xml(&body).map_err(|error| error.op(op).at(self.wire.location()))?;
        let blocks = list.uncommitted_blocks.block.into_iter();
        let ours = blocks.filter_map(|block| {
            Some(HeldPart {
                part: part_of(&block.name, session)?,
                size: block.size,
                receipt: block.name,
            })
        });
        Ok(ours.collect())
    }
}
