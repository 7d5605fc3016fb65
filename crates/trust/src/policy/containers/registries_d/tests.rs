use super::Lookups;

#[test]
fn each_repository_once_and_hosts_with_their_port() {
    let scopes = [
        "reg.example:5000",
        "reg.example/app",
        "reg.example/app:1",
        "reg.example/app@sha256:00",
        "[::1]:5000/app:2",
    ];
    assert_eq!(
        Lookups::of(scopes, false).to_yaml(),
        "docker:\n  \"[::1]:5000/app\":\n    use-sigstore-attachments: true\n  \"reg.example/app\":\n    use-sigstore-attachments: true\n  \"reg.example:5000\":\n    use-sigstore-attachments: true\n"
    );
}

#[test]
fn what_has_no_place_of_its_own_is_said_for_all() {
    let all = "default-docker:\n  use-sigstore-attachments: true\n";
    assert_eq!(Lookups::of(["*.example"], false).to_yaml(), all);
    assert_eq!(Lookups::of([], true).to_yaml(), all);
    assert_eq!(Lookups::of([], false).to_yaml(), "");
}
