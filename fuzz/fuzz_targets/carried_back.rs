//! No receipt and no request makes its parser panic, and what is read is written in one way.
#![no_main]

use libfuzzer_sys::fuzz_target;
use transship_archive::{Holdings, Receipt, Request};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(receipt) = Receipt::parse(bytes) {
        let json = receipt.to_json().expect("what was read can be written");
        assert_eq!(Receipt::parse(&json).expect("a receipt"), receipt);
        let again = Holdings::of(&receipt).receipt(&receipt.generator, &receipt.target);
        assert_eq!(again.expect("a receipt"), receipt);
    }
    if let Ok(request) = Request::parse(bytes) {
        let json = request.to_json().expect("what was read can be written");
        assert_eq!(Request::parse(&json).expect("a request"), request);
    }
});
