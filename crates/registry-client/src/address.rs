//! Addresses: this machine, private networks, everybody's network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Does `host[:port]` name this very machine?
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let name = name_of(host);
    name.eq_ignore_ascii_case("localhost")
        || literal(name).is_some_and(|address| unmapped(address).is_loopback())
}

/// The address that `name` is, when it is no name but an address; brackets around IPv6 are allowed.
pub(crate) fn literal(name: &str) -> Option<IpAddr> {
    name.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

/// Can `address` be reached from within some network only? A server out in the open has no business sending us there.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match unmapped(address) {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    // 100.64/10 is shared by carriers (RFC 6598); clouds keep metadata servers there and on link-local addresses.
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

/// An IPv4 address in IPv6 clothes is what it is.
fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// `host:port` without the port.
fn name_of(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_once(']').map_or(host, |(name, _)| name);
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests;
