use super::Page;
use crate::store::cloud::from_xml;

#[test]
fn a_page_is_read_with_and_without_metadata() {
    let page: Page = from_xml(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <EnumerationResults ServiceEndpoint=\"https://a/\" ContainerName=\"c\"><Prefix>p</Prefix><MaxResults>2</MaxResults><Blobs>\
         <Blob><Name>a &amp; b/x.tar</Name><Properties><Creation-Time>x</Creation-Time>\
         <Last-Modified>Sun, 06 Nov 1994 08:49:37 GMT</Last-Modified><Etag>0x8D</Etag><Content-Length>12</Content-Length>\
         <Content-MD5>AAECAwQFBgcICQoLDA0ODw==</Content-MD5><BlobType>BlockBlob</BlobType></Properties>\
         <Metadata><Category>acr-transfer-blob</Category></Metadata><OrMetadata /></Blob>\
         <Blob><Name>folder</Name><Properties><Etag>\"0x1\"</Etag><Content-Length>0</Content-Length><Content-MD5 /></Properties>\
         <Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob>\
         <Blob><Name>y</Name><Properties><Etag>\"0x1\"</Etag><Content-Length>0</Content-Length><Content-MD5 /></Properties>\
         <Metadata /></Blob></Blobs><NextMarker>m!1</NextMarker></EnumerationResults>"
            .as_bytes(),
    )
    .unwrap();
    assert_eq!(page.next_marker.as_deref(), Some("m!1"));
    let stats: Vec<_> = page
        .blobs
        .blob
        .into_iter()
        .filter_map(super::Listed::into_stat)
        .collect();
    assert_eq!(stats.len(), 2);
    assert_eq!(stats[0].key, "a & b/x.tar");
    assert_eq!(
        (stats[0].size, stats[0].etag.as_deref()),
        (12, Some("\"0x8D\""))
    );
    assert_eq!(
        stats[0].md5,
        Some(std::array::from_fn(|i| u8::try_from(i).unwrap()))
    );
    assert_eq!(stats[0].metadata["category"], "acr-transfer-blob");
    assert_eq!((stats[1].key.as_str(), stats[1].md5), ("y", None));
}

#[test]
fn an_empty_page_is_read() {
    let page: Page =
        from_xml(b"<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>").unwrap();
    assert!(page.blobs.blob.is_empty());
    assert!(from_xml::<Page>(b"<html>").is_err());
}
