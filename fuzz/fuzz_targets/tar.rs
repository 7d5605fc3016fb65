//! No tar makes the walk over its headers panic, run on for ever, or tell of a member that is not inside.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use transship_archive::tar::read::{Limits, Links, Scan};

fuzz_target!(|bytes: &[u8]| {
    for links in [Links::Refuse, Links::Alias] {
        let mut scan = Scan::new(bytes.len() as u64, Limits::default(), links);
        let mut paths = HashSet::new();
        while let Some(wanted) = scan.wants() {
            let place = |at: u64| usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()));
            let Ok(found) = scan.feed(&bytes[place(wanted.start)..place(wanted.end)]) else {
                break;
            };
            let Some(member) = found else { continue };
            assert!(member.offset + member.size <= bytes.len() as u64);
            assert!(member.header < member.offset);
            assert!(
                !member.path.starts_with('/') && !member.path.split('/').any(|part| part == "..")
            );
            assert!(paths.insert(member.path));
        }
    }
});
