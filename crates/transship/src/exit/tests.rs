use transship_oci::{Error, ErrorKind};

use super::{Exit, Signal};

#[test]
fn every_kind_has_its_code() {
    for (kind, code) in [
        (ErrorKind::NotFound, 1),
        (ErrorKind::Conflict, 1),
        (ErrorKind::DigestMismatch, 1),
        (ErrorKind::Unsupported, 1),
        (ErrorKind::Corrupt, 1),
        (ErrorKind::Unavailable, 1),
        (ErrorKind::Internal, 1),
        (ErrorKind::Invalid, 2),
        (ErrorKind::PolicyRefused, 5),
        (ErrorKind::SignatureMissing, 6),
        (ErrorKind::CannotCheck, 7),
        (ErrorKind::Unauthorized, 8),
        (ErrorKind::Denied, 8),
        (ErrorKind::RateLimited, 9),
        (ErrorKind::Drift, 10),
    ] {
        assert_eq!(Exit::Failed(kind).code(), code, "{kind:?}");
    }
    assert_eq!(Exit::Stopped(Signal::Interrupt).code(), 130);
    assert_eq!(Exit::Stopped(Signal::Terminate).code(), 143);
}

#[test]
fn a_run_that_did_something_is_partly_done() {
    let missing = Error::new(ErrorKind::NotFound, "no such tag");
    let refused = Error::new(ErrorKind::PolicyRefused, "no");
    assert_eq!(Exit::of_run(3, []), Exit::Done);
    assert_eq!(Exit::of_run(3, [&missing]), Exit::Partly);
    assert_eq!(
        Exit::of_run(0, [&missing]),
        Exit::Failed(ErrorKind::NotFound)
    );
    assert_eq!(
        Exit::of_run(0, [&missing, &refused, &missing]),
        Exit::Failed(ErrorKind::PolicyRefused)
    );
}
