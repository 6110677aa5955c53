//! Both framings of one payload: repod's length prefix, and WebSocket's binary messages.

use std::{error::Error, fmt};

/// `{"action":"connected"}`: what a repod server sends first.
pub const GREETING: &[u8] = b"\x81\xa6action\xa9connected";
/// `{"action":"ack"}`: what an ingesting server sends for every `ACK_EVERY` messages.
pub const ACK: &[u8] = b"\x81\xa6action\xa3ack";
pub const ACK_EVERY: usize = 1_000;

/// A client must mask what it sends (RFC 6455, 5.3); which key it takes changes no server's work.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const FINAL_BINARY: u8 = 0x82;
const MASKED: u8 = 0x80;
/// In the place of a length: it follows in 2 bytes, in 8.
const MEDIUM: u8 = 0x7e;
const LONG: u8 = 0x7f;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Raw,
    WebSocket,
}

impl Framing {
    /// Appends `payload` as a client sends it.
    pub fn frame(self, payload: &[u8], out: &mut Vec<u8>) {
        let length = u32::try_from(payload.len()).expect("payload files are far below 4 GiB");
        match self {
            Self::Raw => {
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(payload);
            }
            Self::WebSocket => {
                out.push(FINAL_BINARY);
                match length {
                    0..=125 => out.push(MASKED | length.to_be_bytes()[3]),
                    126..=0xffff => {
                        out.push(MASKED | MEDIUM);
                        out.extend_from_slice(&length.to_be_bytes()[2..]);
                    }
                    _ => {
                        out.push(MASKED | LONG);
                        out.extend_from_slice(&u64::from(length).to_be_bytes());
                    }
                }
                out.extend_from_slice(&MASK);
                out.extend(
                    payload
                        .iter()
                        .zip(MASK.iter().cycle())
                        .map(|(byte, key)| byte ^ key),
                );
            }
        }
    }

    /// The header at the start of `bytes`: its own length and that of the payload behind it;
    /// `None` while it is incomplete.
    pub fn header(self, bytes: &[u8]) -> Result<Option<(usize, usize)>, Violation> {
        match self {
            Self::Raw => Ok(bytes
                .first_chunk()
                .map(|&length| (4, size(u32::from_be_bytes(length).into())))),
            Self::WebSocket => {
                let Some(&[first, second]) = bytes.first_chunk() else {
                    return Ok(None);
                };
                if first != FINAL_BINARY || second & MASKED != 0 {
                    return Err(Violation::NotBinary { first, second });
                }
                let rest = &bytes[2..];
                Ok(match second {
                    MEDIUM => rest
                        .first_chunk()
                        .map(|&length| (4, usize::from(u16::from_be_bytes(length)))),
                    LONG => rest
                        .first_chunk()
                        .map(|&length| (10, size(u64::from_be_bytes(length)))),
                    length => Some((2, usize::from(length))),
                })
            }
        }
    }
}

fn size(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// The longest header of either framing.
const MAX_HEADER: usize = 10;

/// Follows one connection's replies through whatever pieces they come in. The first is compared
/// byte for byte, of the others the length: the generator must not cost more than the server.
#[derive(Debug)]
pub struct ReplyReader {
    framing: Framing,
    header: Vec<u8>,
    /// Bytes of the reply at hand that are still to come.
    left: usize,
    replies: usize,
    /// The first reply so far.
    first: Vec<u8>,
}

impl ReplyReader {
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            header: Vec::with_capacity(MAX_HEADER),
            left: 0,
            replies: 0,
            first: Vec::new(),
        }
    }

    /// Returns how many replies ended within `bytes`; `expected` are the payloads they must be,
    /// in turn.
    pub fn push(&mut self, mut bytes: &[u8], expected: &[Box<[u8]>]) -> Result<usize, Violation> {
        let before = self.replies;
        while !bytes.is_empty() {
            let want = &expected[self.replies % expected.len()];
            if self.left == 0 {
                let held = self.header.len();
                let taken = bytes.len().min(MAX_HEADER - held);
                self.header.extend_from_slice(&bytes[..taken]);
                let Some((header, length)) = self.framing.header(&self.header)? else {
                    break;
                };
                if length != want.len() {
                    return Err(Violation::Length {
                        reply: self.replies,
                        want: want.len(),
                        got: length,
                    });
                }
                bytes = &bytes[header - held..];
                self.header.clear();
                self.left = length;
            }
            let taken = bytes.len().min(self.left);
            if self.replies == 0 {
                self.first.extend_from_slice(&bytes[..taken]);
            }
            self.left -= taken;
            bytes = &bytes[taken..];
            if self.left == 0 {
                if self.replies == 0 && *self.first != **want {
                    return Err(Violation::Bytes {
                        got: std::mem::take(&mut self.first),
                    });
                }
                self.replies += 1;
            }
        }
        Ok(self.replies - before)
    }
}

#[derive(Debug)]
pub enum Violation {
    Length {
        reply: usize,
        want: usize,
        got: usize,
    },
    Bytes {
        got: Vec<u8>,
    },
    NotBinary {
        first: u8,
        second: u8,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { reply, want, got } => {
                write!(
                    f,
                    "reply {reply} of a connection has {got} bytes, not {want}"
                )
            }
            Self::Bytes { got } => write!(f, "the first reply differs: {got:02x?}"),
            Self::NotBinary { first, second } => {
                write!(
                    f,
                    "not an unmasked binary message: {first:02x} {second:02x}"
                )
            }
        }
    }
}

impl Error for Violation {}

/// The payloads of a file of length-prefixed frames.
pub fn payloads(mut file: &[u8]) -> Result<Vec<Box<[u8]>>, Box<dyn Error>> {
    let mut payloads = Vec::new();
    while let Some((header, length)) = Framing::Raw.header(file)? {
        let payload = file
            .get(header..header + length)
            .ok_or("the last payload is cut off")?;
        payloads.push(payload.into());
        file = &file[header + length..];
    }
    if payloads.is_empty() || !file.is_empty() {
        return Err("the payload file must hold whole frames, at least one".into());
    }
    Ok(payloads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_frames(framing: Framing, payloads: &[Box<[u8]>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for payload in payloads {
            match framing {
                Framing::Raw => framing.frame(payload, &mut bytes),
                Framing::WebSocket => {
                    let length = payload.len();
                    bytes.push(FINAL_BINARY);
                    if let Ok(short @ 0..=125) = u8::try_from(length) {
                        bytes.push(short);
                    } else if let Ok(medium) = u16::try_from(length) {
                        bytes.push(MEDIUM);
                        bytes.extend_from_slice(&medium.to_be_bytes());
                    } else {
                        bytes.push(LONG);
                        bytes.extend_from_slice(&(length as u64).to_be_bytes());
                    }
                    bytes.extend_from_slice(payload);
                }
            }
        }
        bytes
    }

    fn sample() -> Vec<Box<[u8]>> {
        vec![
            ACK.into(),
            vec![7; 300].into(),
            vec![8; 70_000].into(),
            vec![9; 125].into(),
        ]
    }

    #[test]
    fn replies_are_counted_however_they_are_cut() {
        for framing in [Framing::Raw, Framing::WebSocket] {
            let bytes = server_frames(framing, &sample());
            for cut in (0..bytes.len()).filter(|at| *at < 700 || at % 997 == 0) {
                let mut reader = ReplyReader::new(framing);
                let (head, tail) = bytes.split_at(cut);
                let counted =
                    reader.push(head, &sample()).unwrap() + reader.push(tail, &sample()).unwrap();
                assert_eq!(counted, 4, "{framing:?} cut at {cut}");
            }
            let mut reader = ReplyReader::new(framing);
            let counted: usize = bytes
                .iter()
                .map(|byte| reader.push(&[*byte], &sample()).unwrap())
                .sum();
            assert_eq!(counted, 4, "{framing:?} byte by byte");
        }
    }

    #[test]
    fn a_first_reply_of_other_bytes_is_refused() {
        let mut reader = ReplyReader::new(Framing::Raw);
        let mut bytes = server_frames(Framing::Raw, &sample()[..1]);
        *bytes.last_mut().unwrap() ^= 1;
        assert!(matches!(
            reader.push(&bytes, &sample()),
            Err(Violation::Bytes { .. })
        ));
    }

    #[test]
    fn a_later_reply_of_another_length_is_refused() {
        let mut reader = ReplyReader::new(Framing::Raw);
        let bytes = server_frames(Framing::Raw, &[ACK.into(), vec![7; 299].into()]);
        assert!(matches!(
            reader.push(&bytes, &sample()),
            Err(Violation::Length {
                reply: 1,
                want: 300,
                got: 299
            })
        ));
    }

    #[test]
    fn a_websocket_control_frame_is_refused() {
        let mut reader = ReplyReader::new(Framing::WebSocket);
        assert!(matches!(
            reader.push(&[0x88, 0], &sample()),
            Err(Violation::NotBinary {
                first: 0x88,
                second: 0
            })
        ));
    }

    #[test]
    fn a_masked_frame_unmasks_to_its_payload() {
        let mut frame = Vec::new();
        Framing::WebSocket.frame(ACK, &mut frame);
        assert_eq!(frame[..2], [FINAL_BINARY, 0x8c]);
        let unmasked: Vec<u8> = frame[6..]
            .iter()
            .enumerate()
            .map(|(at, byte)| byte ^ frame[2 + at % 4])
            .collect();
        assert_eq!(unmasked, ACK);
    }
}
