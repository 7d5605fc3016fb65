use std::io::Read as _;

use proptest::prelude::*;

use super::*;

const GIB: u64 = 1 << 30;

fn blob_path(hex: usize) -> String {
    format!("blobs/sha512/{}", "a".repeat(hex))
}

/// The members that another reader finds: path, size, content.
fn read(tar: &[u8]) -> Vec<(String, u64, Vec<u8>)> {
    let mut archive = ::tar::Archive::new(tar);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (path, content.len() as u64, content)
    });
    entries.collect()
}

#[test]
fn a_header_is_these_bytes() {
    let header = header("oci-layout", 30);
    assert_eq!(header.len(), 512);
    let field = |from: usize, to: usize| String::from_utf8_lossy(&header[from..to]).into_owned();
    assert_eq!(field(0, 11), "oci-layout\0");
    let owner = field(100, 124);
    assert_eq!(owner, "0000644\x000000000\x000000000\0");
    assert_eq!(field(124, 148), "00000000036\x0000000000000\0");
    assert_eq!(field(148, 156), "011214\0 ");
    assert_eq!(field(156, 157), "0");
    assert_eq!(field(257, 265), "ustar\x0000");
    assert_eq!(field(329, 345), "0000000\x000000000\0");
    assert!(header[345..].iter().all(|byte| *byte == 0));
}

#[test]
fn pax_comes_with_eight_gibibytes() {
    assert_eq!(header_len("blobs/x", 8 * GIB - 1), 512);
    assert_eq!(&header("blobs/x", 8 * GIB - 1)[124..135], b"77777777777");
    assert_eq!(header_len("blobs/x", 8 * GIB), 3 * 512);
    let blocks = header("blobs/x", 8 * GIB);
    assert_eq!(blocks[156], b'x');
    assert_eq!(&blocks[512..512 + 19], b"19 size=8589934592\n");
    assert_eq!(&blocks[1024 + 124..1024 + 135], b"00000000000");
    assert_eq!(member_len("blobs/x", 8 * GIB + 1), 3 * 512 + 8 * GIB + 512);
}

#[test]
fn another_reader_sees_the_size_of_a_layer_above_eight_gibibytes() {
    for size in [8 * GIB - 1, 8 * GIB, 100 * GIB + 7] {
        let mut tar = header(&blob_path(64), size);
        tar.extend_from_slice(&END);
        let mut archive = ::tar::Archive::new(tar.as_slice());
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.size(), size);
        assert_eq!(entry.path_bytes(), blob_path(64).as_bytes());
        assert_eq!(entry.raw_file_position(), header_len(&blob_path(64), size));
    }
}

#[test]
fn pax_comes_with_a_path_that_cannot_be_divided() {
    assert_eq!(header_len(&blob_path(100), 1), 512);
    assert_eq!(header_len(&blob_path(101), 1), 3 * 512);
    // What a SHA-512 needs.
    let mut tar = Vec::new();
    append(&mut tar, &blob_path(128), b"content");
    append(&mut tar, "after", b"");
    tar.extend_from_slice(&END);
    let found = read(&tar);
    assert_eq!(found[0], (blob_path(128), 7, b"content".to_vec()));
    assert_eq!(found[1], ("after".to_owned(), 0, Vec::new()));
}

#[test]
fn a_record_counts_its_own_length() {
    assert_eq!(record("path", "abc"), "12 path=abc\n");
    // One more byte of value makes the length longer by one digit, and so by two.
    assert_eq!(record("path", &"a".repeat(90)).len(), 99);
    assert_eq!(record("path", &"a".repeat(91)).len(), 101);
    for length in 0..2000 {
        let record = record("path", &"a".repeat(length));
        let said: usize = record.split_once(' ').unwrap().0.parse().unwrap();
        assert_eq!(said, record.len());
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        members in prop::collection::vec(
            ("[a-z0-9/._-]{1,40}[a-zé/]{1,300}[a-z]", prop::collection::vec(any::<u8>(), 0..1500)),
            0..6,
        ),
    ) {
        let mut tar = Vec::new();
        let mut length = 0;
        for (path, content) in &members {
            append(&mut tar, path, content);
            length += member_len(path, content.len() as u64);
            prop_assert_eq!(tar.len() as u64, length);
        }
        tar.extend_from_slice(&END);
        let found: Vec<_> = read(&tar).into_iter().map(|(path, _, content)| (path, content)).collect();
        prop_assert_eq!(found, members);
    }
}
