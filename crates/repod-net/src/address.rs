//! Socket addresses as words of a record: port, family (4 or 6), scope id, then 16 bytes, of which
//! IPv4 uses the first four.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// An address whose IPv4 part is never wrapped into IPv6, as it is on a dual-stack socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(SocketAddr);

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
                Some(v4) => Self(SocketAddr::new(v4.into(), v6.port())),
                None => Self(address),
            },
            SocketAddr::V4(_) => Self(address),
        }
    }
}

pub(crate) fn address_words(address: Option<Address>) -> [u32; 7] {
    let Some(Address(address)) = address else {
        return [0; 7];
    };
    let (family, scope, octets) = match address {
        SocketAddr::V4(v4) => {
            let mut octets = [0; 16];
            octets[..4].copy_from_slice(&v4.ip().octets());
            (4, 0, octets)
        }
        SocketAddr::V6(v6) => (6, v6.scope_id(), v6.ip().octets()),
    };
    let (words, _) = octets.as_chunks::<4>();
    let [a, b, c, d] = [0, 1, 2, 3].map(|each: usize| u32::from_le_bytes(words[each]));
    [u32::from(address.port()), family, scope, a, b, c, d]
}

/// The address in a LISTEN or DIAL record.
pub(crate) fn socket_address(port: u16, family: u32, scope: u32, octets: [u8; 16]) -> SocketAddr {
    if family == 4 {
        let [a, b, c, d, ..] = octets;
        return SocketAddr::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), port);
    }
    SocketAddr::V6(SocketAddrV6::new(Ipv6Addr::from(octets), port, 0, scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_addresses_are_each_others_inverse() {
        let octets = |words: [u32; 4]| {
            let mut octets = [0; 16];
            for (place, word) in words.iter().enumerate() {
                octets[place * 4..][..4].copy_from_slice(&word.to_le_bytes());
            }
            octets
        };
        for text in ["127.0.0.1:5071", "[::1]:80", "[fe80::1%3]:9", "0.0.0.0:0"] {
            let address: SocketAddr = text.parse().unwrap();
            let [port, family, scope, words @ ..] = address_words(Some(address.into()));
            let port = u16::try_from(port).unwrap();
            assert_eq!(socket_address(port, family, scope, octets(words)), address);
        }
    }

    #[test]
    fn ipv4_on_a_dual_stack_socket_is_ipv4() {
        let mapped: SocketAddr = "[::ffff:10.0.0.1]:5".parse().unwrap();
        let plain: SocketAddr = "10.0.0.1:5".parse().unwrap();
        assert_eq!(Address::from(mapped), Address::from(plain));
    }
}
