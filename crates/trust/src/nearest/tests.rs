use super::nearest;

#[test]
fn only_slips_are_answered() {
    let keys = ["source", "target", "targets", "tags"];
    assert_eq!(nearest("tagets", keys), Some("targets"));
    assert_eq!(nearest("sorce", keys), Some("source"));
    assert_eq!(nearest("tgas", keys), Some("tags"), "neighbours swapped");
    assert_eq!(nearest("schedule", keys), None);
    assert_eq!(nearest(&"a".repeat(100_000), keys), None);
}
