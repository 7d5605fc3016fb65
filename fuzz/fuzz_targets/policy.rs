//! No text makes the readers of policies panic, and what they read they write to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use transship_oci::ErrorKind;
use transship_trust::policy::{PolicyFile, Scope, containers::File};

fuzz_target!(|text: &str| {
    if let Ok(scope) = text.parse::<Scope>() {
        assert_eq!(scope.to_string().parse::<Scope>().ok(), Some(scope));
    }
    if let Ok(file) = PolicyFile::parse(text, "policy.yaml") {
        let written = file.to_yaml().expect("it can be written");
        assert_eq!(PolicyFile::parse(&written, "again").ok().as_ref(), Some(&file));
        let mut other = file;
        other.trust_root = Some("other.json".to_owned());
        other.rules.truncate(1);
        if let Err(error) = other.rewrite(text, "policy.yaml") {
            assert_ne!(error.kind(), ErrorKind::Internal, "{error}");
        }
    }
    if let Ok(file) = File::parse(text.as_bytes()) {
        let written = file.to_json().expect("it can be written");
        assert_eq!(File::parse(written.as_bytes()).ok(), Some(file.clone()));
        let _ = file.import();
    }
});
