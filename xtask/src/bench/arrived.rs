//! Did it arrive? A tool that did less than it was asked for is no peer.

use transship_oci::media_type::{OCI_INDEX, OCI_MANIFEST};

use super::{Result, seed::REPOSITORY};

/// Is a tag the same at both registries?
pub(crate) async fn same(source: &str, target: &str, tag: &str) -> Result<bool> {
    let wanted = digest(source, tag).await?;
    Ok(wanted.is_some() && wanted == digest(target, tag).await?)
}

/// The digest that a registry has under a tag.
pub(crate) async fn digest(host: &str, tag: &str) -> Result<Option<String>> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("http://{host}/v2/{REPOSITORY}/manifests/{tag}");
    let answer = client
        .head(url)
        .header("accept", format!("{OCI_INDEX}, {OCI_MANIFEST}"))
        .send()
        .await?;
    let digest = answer.headers().get("docker-content-digest");
    Ok(digest
        .map(|digest| digest.to_str().map(ToOwned::to_owned))
        .transpose()?)
}
