use proptest::prelude::*;
use transship_oci::ErrorKind;

use super::{Limits, Links, Member, Scan, members_of};

/// A header whose checksum is right.
struct Raw([u8; 512]);

impl Raw {
    fn new(name: &str, size: u64) -> Self {
        let mut raw = Self([0; 512]);
        raw.set(0, name.as_bytes());
        raw.set(100, b"0000644\0");
        raw.set(124, format!("{size:011o}\0").as_bytes());
        raw.set(136, b"00000000000\0");
        raw.set(156, b"0");
        raw.set(257, b"ustar\x0000");
        raw
    }

    fn kind(name: &str, kind: u8) -> Self {
        Self::new(name, 0).with(156, &[kind])
    }

    fn set(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        self.set(at, bytes);
        self
    }

    fn sealed(mut self) -> [u8; 512] {
        self.set(148, b"        ");
        let sum: u64 = self.0.iter().map(|byte| u64::from(*byte)).sum();
        self.set(148, format!("{sum:06o}\0 ").as_bytes());
        self.0
    }
}

#[derive(Default)]
struct Tar(Vec<u8>);

impl Tar {
    fn header(mut self, raw: Raw) -> Self {
        self.0.extend(raw.sealed());
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    fn file(self, name: &str, bytes: &[u8]) -> Self {
        self.header(Raw::new(name, bytes.len() as u64)).bytes(bytes)
    }

    fn pax(self, records: &[(&str, &str)]) -> Self {
        let body: String = records
            .iter()
            .map(|(key, value)| record(key, value))
            .collect();
        let header = Raw::new("pax", body.len() as u64).with(156, b"x");
        self.header(header).bytes(body.as_bytes())
    }

    fn end(self) -> Vec<u8> {
        self.bytes(&[0; 1024]).0
    }
}

fn record(key: &str, value: &str) -> String {
    let bare = key.len() + value.len() + 3;
    let length = (bare + 1..bare + 10).find(|all| bare + all.to_string().len() == *all);
    format!("{} {key}={value}\n", length.unwrap())
}

fn scan_with(tar: &[u8], limits: Limits, links: Links) -> transship_oci::Result<Vec<Member>> {
    let mut scan = Scan::new(tar.len() as u64, limits, links);
    let mut members = Vec::new();
    while let Some(wanted) = scan.wants() {
        let place = |at: u64| usize::try_from(at).unwrap().min(tar.len());
        members.extend(scan.feed(&tar[place(wanted.start)..place(wanted.end)])?);
    }
    Ok(members)
}

fn scan(tar: &[u8]) -> transship_oci::Result<Vec<Member>> {
    scan_with(tar, Limits::default(), Links::Refuse)
}

fn refusal(tar: &[u8]) -> String {
    let error = scan(tar).expect_err("a tar that breaks the rules");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    error.message().to_owned()
}

fn found(tar: &[u8]) -> Vec<(String, u64, u64)> {
    let members = scan(tar).expect("a tar");
    let told = |member: Member| (member.path, member.offset, member.size);
    members.into_iter().map(told).collect()
}

#[test]
fn members_are_found_where_they_are() {
    let tar = Tar::default()
        .header(Raw::kind("blobs/", b'5'))
        .file("./oci-layout", b"{}")
        .file("blobs/sha256/aa", &[7; 512])
        .file("empty", b"")
        .end();
    let wanted = [
        ("oci-layout".to_owned(), 1024, 2),
        ("blobs/sha256/aa".to_owned(), 2048, 512),
        ("empty".to_owned(), 3072, 0),
    ];
    assert_eq!(found(&tar), wanted);
}

#[test]
fn the_prefix_is_part_of_the_name() {
    let tar = Tar::default()
        .header(Raw::new("name", 0).with(345, b"a/long/prefix"))
        .end();
    assert_eq!(found(&tar)[0].0, "a/long/prefix/name");
    // GNU's headers have times there.
    let gnu = Raw::new("name", 0)
        .with(257, b"ustar  \0")
        .with(345, b"15024706341\0");
    assert_eq!(found(&Tar::default().header(gnu).end())[0].0, "name");
}

#[test]
fn extended_headers_give_name_and_size() {
    let long = "x".repeat(300);
    let tar = Tar::default()
        .pax(&[("mtime", "1.5"), ("path", &long)])
        .file("short", b"abc")
        .end();
    assert_eq!(found(&tar), [(long.clone(), 1536, 3)]);
    let member = &scan(&tar).unwrap()[0];
    assert_eq!(member.header, 0, "the extended header belongs to it");
    let name = [long.as_bytes(), b"\0"].concat();
    let gnu = Tar::default()
        .header(Raw::new("././@LongLink", 301).with(156, b"L"))
        .bytes(&name)
        .file("short", b"abc")
        .end();
    assert_eq!(found(&gnu), [(long, 1536, 3)]);
}

#[test]
fn more_than_eight_gibibytes_are_read_from_both_forms() {
    let size: u64 = 9 << 30;
    let pax = Tar::default()
        .pax(&[("size", &size.to_string())])
        .header(Raw::new("big", 0));
    let mut base_256 = [0; 12];
    base_256[0] = 0x80;
    base_256[4..].copy_from_slice(&size.to_be_bytes());
    let gnu = Tar::default().header(Raw::new("big", 0).with(124, &base_256));
    for (tar, headers) in [(pax, 1536), (gnu, 512)] {
        let mut scan = Scan::new(headers + size + 1024, Limits::default(), Links::Refuse);
        let mut found = None;
        while found.is_none() {
            let wanted = scan.wants().expect("a header");
            let place = |at| usize::try_from(at).unwrap();
            found = scan
                .feed(&tar.0[place(wanted.start)..place(wanted.end)])
                .unwrap();
        }
        assert_eq!(found.map(|member| member.size), Some(size));
        assert_eq!(scan.wants(), Some(headers + size..headers + size + 512));
    }
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    let cases = [
        ("/etc/passwd", "has an absolute name"),
        ("../x", "leads out of the archive"),
        ("a/../../x", "leads out of the archive"),
        ("a/..", "leads out of the archive"),
        ("a//b", "has an empty part in its name"),
        ("a/./b", "has an empty part in its name"),
        ("././a", "has an empty part in its name"),
        ("a\\b", "has a backslash or a control character in its name"),
        ("a\nb", "has a backslash or a control character in its name"),
        ("a/", "has an empty part in its name"),
        ("", "has an empty part in its name"),
    ];
    for (name, reason) in cases {
        let told = refusal(&Tar::default().file(name, b"").end());
        assert_eq!(told, format!("member {name:?} of the tar {reason}"));
        if !name.is_empty() {
            let told = refusal(&Tar::default().pax(&[("path", name)]).file("a", b"").end());
            assert_eq!(told, format!("member {name:?} of the tar {reason}"));
        }
    }
    let nul = Tar::default().pax(&[("path", "a\0b")]).file("a", b"").end();
    assert_eq!(
        refusal(&nul),
        "member \"a\\0b\" of the tar has a backslash or a control character in its name"
    );
    let latin = Tar::default()
        .header(Raw::new("", 0).with(0, b"\xe9"))
        .end();
    assert_eq!(
        refusal(&latin),
        "member \"\u{fffd}\" of the tar has a name that is not UTF-8"
    );
    let long = "x".repeat(1025);
    let told = refusal(&Tar::default().pax(&[("path", &long)]).file("a", b"").end());
    let shown = "x".repeat(120);
    assert_eq!(
        told,
        format!("member \"{shown}\"… of the tar has a name that is too long")
    );
}

#[test]
fn nothing_stands_behind_a_text() {
    let tar = Tar::default().header(Raw::new("a", 0).with(50, b"b")).end();
    assert_eq!(
        refusal(&tar),
        "the tar is damaged at byte 0: a text of the header has something behind its end"
    );
}

#[test]
fn what_is_no_plain_file_is_refused() {
    let cases = [
        (b'1', "is a hard link"),
        (b'2', "is a symbolic link"),
        (b'3', "is a character device"),
        (b'4', "is a block device"),
        (b'6', "is a named pipe"),
        (b'7', "is of a kind that has no place in an archive"),
        (b'K', "is a link with a long target"),
        (b'S', "is a sparse file"),
        (b'V', "is of a kind that has no place in an archive"),
    ];
    for (kind, reason) in cases {
        let told = refusal(&Tar::default().header(Raw::kind("odd", kind)).end());
        assert_eq!(told, format!("member \"odd\" of the tar {reason}"));
    }
    let folder = Raw::new("odd/", 5).with(156, b"5");
    assert_eq!(
        refusal(&Tar::default().header(folder).bytes(b"12345").end()),
        "member \"odd/\" of the tar is a folder with content"
    );
}

#[test]
fn a_link_may_be_another_name_inside() {
    let link = |name: &str, target: &str| {
        let raw = Raw::kind(name, b'2').with(157, target.as_bytes());
        let tar = Tar::default().header(raw).end();
        scan_with(&tar, Limits::default(), Links::Alias)
    };
    let alias = |name, target| link(name, target).unwrap()[0].alias.clone().unwrap();
    assert_eq!(alias("a/layer.tar", "../b.tar"), "b.tar");
    assert_eq!(alias("a/layer.tar", "./b.tar"), "a/b.tar");
    for target in ["/etc/passwd", "../../x", "", "../a//b"] {
        let told = link("a/layer.tar", target).expect_err("a link that leads out");
        assert_eq!(
            told.message(),
            "member \"a/layer.tar\" of the tar is a symbolic link that leads out of the archive"
        );
    }
}

#[test]
fn a_name_is_there_once() {
    let tar = Tar::default().file("a", b"1").file("./a", b"2").end();
    assert_eq!(refusal(&tar), "member \"./a\" of the tar is there twice");
}

#[test]
fn sizes_that_lie_are_refused() {
    let tar = Tar::default().header(Raw::new("a", 100 << 30 >> 5)).end();
    assert_eq!(
        refusal(&tar),
        "member \"a\" of the tar claims 3355443200 bytes, but only 1024 of the tar are left"
    );
    for digits in [
        &b"0000000000x\0"[..],
        b"00000000-01\0",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        let told = refusal(
            &Tar::default()
                .header(Raw::new("a", 0).with(124, digits))
                .end(),
        );
        assert_eq!(told, "member \"a\" of the tar has a size that is no number");
    }
    // Another size to whoever does not know extended headers.
    let two = Tar::default().pax(&[("size", "5")]).file("a", b"abc").end();
    assert_eq!(refusal(&two), "member \"a\" of the tar has two sizes");
    let huge = u64::MAX.to_string();
    let huge = Tar::default().pax(&[("size", &huge)]).file("a", b"").end();
    assert!(refusal(&huge).contains("claims 18446744073709551615 bytes"));
}

#[test]
fn extended_headers_are_read_strictly() {
    let broken = |body: &[u8]| {
        let header = Raw::new("pax", body.len() as u64).with(156, b"x");
        refusal(
            &Tar::default()
                .header(header)
                .bytes(body)
                .file("a", b"")
                .end(),
        )
    };
    for body in [
        &b"x"[..],
        b"5 a=b\n",
        b"99 a=b\n",
        b"+6 a=b\n",
        b"6 ab\n ",
        b"0 \n",
        b"6 a=b\0",
    ] {
        assert_eq!(
            broken(body),
            "the tar is damaged at byte 512: the next member has a malformed extended header",
            "{body:?}"
        );
    }
    assert!(broken(b"8 path=a\n8 path=b\n".as_slice()).contains("malformed"));
    assert!(
        broken(b"10 path=a\n10 path=b\n")
            .ends_with("has an extended header that says a thing twice")
    );
    assert!(broken(b"22 GNU.sparse.major=1\n").ends_with("is a sparse file"));
    let alone = Tar::default().pax(&[("path", "a")]).end();
    assert_eq!(
        refusal(&alone),
        "the tar is damaged at byte 1024: an extended header belongs to no member"
    );
    let two = Tar::default()
        .pax(&[("path", "a")])
        .pax(&[("path", "b")])
        .file("a", b"")
        .end();
    assert_eq!(
        refusal(&two),
        "member \"pax\" of the tar is said twice of one member"
    );
    let long = Raw::new("pax", 64 * 1024 + 1).with(156, b"x");
    let long = Tar::default()
        .header(long)
        .bytes(" ".repeat(70_000).as_bytes())
        .end();
    assert_eq!(
        refusal(&long),
        "member \"pax\" of the tar is an extended header that is too long"
    );
    let global = Raw::new("pax", 10).with(156, b"g");
    let global = Tar::default()
        .header(global)
        .bytes(b"10 path=a\n")
        .file("a", b"")
        .end();
    assert!(refusal(&global).ends_with("all members are given one name or size"));
}

#[test]
fn the_end_is_an_end() {
    let head = || Tar::default().file("a", b"1");
    assert!(refusal(&head().0).ends_with("it ends before its end"));
    assert!(refusal(&head().bytes(&[0; 512]).0).ends_with("it ends before its end"));
    assert_eq!(
        refusal(&head().bytes(&[0; 512]).file("b", b"").end()),
        "the tar is damaged at byte 1536: a member follows a block of zeros"
    );
    let filled = [head().end(), vec![0; 8704]].concat();
    assert_eq!(found(&filled).len(), 1);
    let behind = [head().end(), vec![0; 100], vec![1]].concat();
    assert_eq!(
        refusal(&behind),
        "the tar is damaged at byte 2048: something follows its end"
    );
    let much = [head().end(), vec![0; 2 << 20]].concat();
    assert_eq!(
        refusal(&much),
        "the tar is damaged at byte 2048: 2097152 bytes follow its end"
    );
}

#[test]
fn there_are_only_so_many_members() {
    let limits = Limits {
        members: 3,
        ..Limits::default()
    };
    let mut tar = Tar::default();
    for number in 0..4 {
        tar = tar.file(&number.to_string(), b"");
    }
    let told = scan_with(&tar.end(), limits, Links::Refuse).expect_err("too many");
    assert_eq!(
        told.message(),
        "the tar is damaged at byte 1536: there are more than 3 members"
    );
}

#[test]
fn a_head_ends_with_a_member() {
    let head = Tar::default().file("a", b"1").file("b", b"22").0;
    let names: Vec<_> = members_of(&head, Limits::default())
        .unwrap()
        .into_iter()
        .map(|it| it.path)
        .collect();
    assert_eq!(names, ["a", "b"]);
    for short in [
        Tar::default().pax(&[("path", "a")]).0,
        Tar::default().file("a", b"").bytes(&[0; 512]).0,
    ] {
        members_of(&short, Limits::default()).expect_err("half a member");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        let _ = scan(&bytes);
    }

    #[test]
    fn what_the_tar_crate_writes_is_read(files in prop::collection::btree_map("[a-z]{1,120}(/[a-z]{1,90}){0,3}", 0_usize..2000, 0..6)) {
        let mut builder = ::tar::Builder::new(Vec::new());
        for (path, size) in &files {
            let mut header = ::tar::Header::new_gnu();
            header.set_size(*size as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, &vec![1_u8; *size][..]).unwrap();
        }
        let bytes = builder.into_inner().unwrap();
        let told: Vec<_> = found(&bytes).into_iter().map(|(path, offset, size)| {
            let at = usize::try_from(offset).unwrap();
            let end = at + usize::try_from(size).unwrap();
            assert!(bytes[at..end].iter().all(|byte| *byte == 1));
            (path, end - at)
        }).collect();
        prop_assert_eq!(told, files.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_bit_of_a_header_is_noticed(at in 0_usize..512, bit in 0_u8..8) {
        let mut tar = Tar::default().file("blobs/sha256/aa", b"content").end();
        let before = found(&tar);
        tar[at] ^= 1 << bit;
        // What is not noticed changes nothing.
        if let Ok(members) = scan(&tar) {
            let after: Vec<_> = members.into_iter().map(|it| (it.path, it.offset, it.size)).collect();
            prop_assert_eq!(before, after);
        }
    }
}
