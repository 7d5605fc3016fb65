//! Files of `registries.d`: what is merged is read to what both say, and merging again changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use transship_oci::ErrorKind;
use transship_trust::policy::containers::{Lookups, Settings};

fuzz_target!(|text: &str| {
    let Ok(own) = Settings::parse(text, "own") else {
        return;
    };
    let lookups = Lookups::of(["a.example/b", "a.example"], true);
    let _ = lookups.merge(None, std::slice::from_ref(&own));
    match lookups.merge(Some(&own), &[]) {
        Ok(merged) => {
            let again = Settings::parse(&merged.text, "again").expect("what was written");
            let twice = lookups.merge(Some(&again), &[]).expect("it was merged once");
            assert_eq!(twice.text, merged.text);
        }
        Err(error) => assert_ne!(error.kind(), ErrorKind::Internal, "{error}"),
    }
});
