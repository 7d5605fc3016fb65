use super::*;
use crate::pem::write;

/// A root made by the test.
fn root() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::default();
    params.self_signed(&key).unwrap().pem()
}

#[test]
fn roots_and_intermediates_are_kept_apart() {
    let (one, two, between) = (root(), root(), root());
    let authorities = Authorities::from_pem(&format!("{one}{two}"), Some(&between)).unwrap();
    assert_eq!(authorities.roots().len(), 2);
    assert_eq!(authorities.intermediates().len(), 1);
}

#[test]
fn what_is_no_authority_is_refused_with_the_reason() {
    let refused = |roots: &str| {
        Authorities::from_pem(roots, None)
            .unwrap_err()
            .message()
            .to_owned()
    };
    assert_eq!(refused(""), "there is no certificate among the roots");
    assert_eq!(
        refused(&write("PUBLIC KEY", b"x")),
        "a PEM block \"PUBLIC KEY\" is no certificate; CERTIFICATE is"
    );
    assert_eq!(
        refused(&write("CERTIFICATE", b"x")),
        "a root certificate cannot be used"
    );
}
