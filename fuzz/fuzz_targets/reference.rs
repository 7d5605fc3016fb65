//! What is read as a reference is read the same from its normal form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use transship_oci::{Platform, Reference};

fuzz_target!(|text: &str| {
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.to_string().parse(), Ok(reference));
    }
    if let Ok(platform) = text.parse::<Platform>() {
        assert_eq!(platform.to_string(), text);
    }
});
