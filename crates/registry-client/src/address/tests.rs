use super::{is_loopback_host, is_private};

#[test]
fn knows_this_machine() {
    for host in [
        "localhost",
        "LOCALHOST:5000",
        "127.0.0.1:5000",
        "127.9.9.9",
        "[::1]",
        "[::1]:5000",
    ] {
        assert!(is_loopback_host(host), "{host}");
    }
    for host in [
        "localhost.example",
        "128.0.0.1",
        "[::2]:5000",
        "registry:5000",
        "10.0.0.1",
    ] {
        assert!(!is_loopback_host(host), "{host}");
    }
}

#[test]
fn tells_private_from_public() {
    let private = [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "0.0.0.0",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "ff02::1",
    ];
    for address in private {
        assert!(is_private(address.parse().unwrap()), "{address}");
    }
    for address in [
        "8.8.8.8",
        "100.128.0.1",
        "172.32.0.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
    ] {
        assert!(!is_private(address.parse().unwrap()), "{address}");
    }
}
