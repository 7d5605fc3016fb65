use super::{
    super::{Beside, Policy, PolicyFile},
    lint,
};
use crate::sign::PrivateKey;

fn remarks(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let pem = PrivateKey::generate().unwrap().public_pem();
    std::fs::write(folder.path().join("k.pub"), pem).unwrap();
    let text = format!("version: 1\n{text}");
    let file = PolicyFile::parse(&text, "policy.yaml").unwrap();
    let policy = Policy::read(&text, "policy.yaml", &Beside::new(folder.path())).unwrap();
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    let remarks = lint(&file, &policy, now);
    remarks
        .iter()
        .map(|one| format!("{}: {}", one.at, one.message))
        .collect()
}

#[test]
fn a_sound_policy_has_none() {
    let text = "trust-root: 'sigstore:public-good'\nsigners:\n  a: {key: k.pub}\n  b:\n    keyless:\n      identities: [{subject-pattern: '^https://github\\.com/acme/.*$', issuer: 'https://i.example'}]\n\
        default: {refuse: no}\nrules: [{scope: a.b, signed-by: {any-of: [a, b]}, valid-until: 2027-06-01}]\n";
    assert_eq!(remarks(text), Vec::<String>::new());
}

#[test]
fn patterns_that_other_tools_read_otherwise_are_spoken_of() {
    let text = "trust-root: 'sigstore:public-good'\nsigners:\n  b:\n    keyless:\n      identities: [{subject-pattern: '.*', issuer-pattern: '^https://i.example$', claim-patterns: {runner: hosted}}]\n\
        default: {signed-by: b}\n";
    assert_eq!(
        remarks(text),
        [
            "signers.b: the pattern /.*/ is not anchored: here it must match the whole, to other tools any part; write ^ and $",
            "signers.b: the pattern /hosted/ is not anchored: here it must match the whole, to other tools any part; write ^ and $",
            "signers.b: the pattern /.*/ fits anybody",
        ]
    );
}

#[test]
fn what_cannot_work_or_soon_will_not_is_spoken_of() {
    let text = "signers:\n  a: {key: k.pub}\n  idle: {key: k.pub, tlog: ignore}\n  c: {keyless: {identities: [{email: a@b, issuer: i}]}, tlog: optional}\n  d: {openpgp: {}}\n\
        default: {unsigned: allow, reason: trial}\nrules:\n  - {scope: a.b, signed-by: a, valid-until: 2026-12-01}\n  - {scope: a.c, signed-by: c, valid-until: 2026-11-23}\n  - {scope: a.d, signed-by: d}\n";
    assert_eq!(
        remarks(text),
        [
            "signers.a: the log is required, and there is no trust root to judge it by",
            "signers.c: there is no trust root to judge certificates by",
            "signers.c: without a log entry, nobody would notice a certificate that was issued wrongly",
            "signers.d: this version cannot judge it: what asks for it is always refused",
            "signers.idle: no rule asks for this signer",
            "a.b: it ends in 7 days, on 2026-12-01",
            "a.c: it ended on 2026-11-23: nothing passes any more",
            "a.d: nothing passes: its signer cannot be judged",
            "default: whatever no rule speaks of passes unsigned; `refuse` is the safer default",
        ]
    );
}
