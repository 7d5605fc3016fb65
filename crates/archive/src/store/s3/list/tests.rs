use super::Page;
use crate::store::cloud::from_xml;

#[test]
fn a_page_is_read() {
    let page: Page = from_xml(
        b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>\
          <Contents><Key>a &amp; b</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;x&quot;</ETag>\
          <Size>7</Size><StorageClass>STANDARD</StorageClass></Contents><IsTruncated>true</IsTruncated><KeyCount>1</KeyCount>\
          <Contents><Key>c</Key><Size>0</Size></Contents><NextContinuationToken>t==</NextContinuationToken></ListBucketResult>",
    )
    .unwrap();
    assert!(page.is_truncated);
    assert_eq!(page.next_continuation_token.as_deref(), Some("t=="));
    let stats: Vec<_> = page
        .contents
        .into_iter()
        .map(super::Listed::into_stat)
        .collect();
    assert_eq!(
        (
            stats[0].key.as_str(),
            stats[0].size,
            stats[0].etag.as_deref()
        ),
        ("a & b", 7, Some("\"x\""))
    );
    assert!(stats[0].modified.is_some());
    assert_eq!(stats[1].key, "c");
}
