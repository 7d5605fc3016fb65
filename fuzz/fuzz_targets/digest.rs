//! A digest is its text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use transship_oci::Digest;

fuzz_target!(|text: &str| {
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string(), text);
    }
});
