//! Why a connection is closed: the codes of `ts/errors.ts`, which `tests/twins.rs` holds equal.

use std::fmt;

macro_rules! numbered {
    ($(#[$about:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($variant,)* }

        impl $name {
            /// Every one, in the order of the list in `ts/errors.ts`.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// 1 + its place in the list: the word that a FAULT record carries.
            pub const fn number(self) -> u32 {
                self as u32 + 1
            }

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.name())
            }
        }
    };
}

numbered! {
    /// A code of `FAULT_CODES`. The codec itself gives the first five.
    FaultCode {
        FrameTooLarge = "FRAME_TOO_LARGE",
        FrameEmpty = "FRAME_EMPTY",
        DecodeError = "DECODE_ERROR",
        InvalidMessage = "INVALID_MESSAGE",
        InvalidAction = "INVALID_ACTION",
        HandlerError = "HANDLER_ERROR",
        SlowConsumer = "SLOW_CONSUMER",
        ConnectTimeout = "CONNECT_TIMEOUT",
        NativePanic = "NATIVE_PANIC",
        Evicted = "EVICTED",
    }
}

numbered! {
    /// What a [`FaultCode::DecodeError`] says beyond its code: a word of `DETAILS`.
    Detail {
        Truncated = "truncated",
        Reserved = "reserved",
        Elements = "elements",
        Utf8 = "utf8",
        Ext = "ext",
        Depth = "depth",
        Map = "map",
        Key = "key",
        Trailing = "trailing",
    }
}

/// The first violation of the wire that a peer committed; nothing that follows it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub code: FaultCode,
    pub detail: Option<Detail>,
    /// The frame length that was refused, else 0.
    pub length: u32,
}

impl Fault {
    pub(crate) const fn of(code: FaultCode) -> Self {
        Self {
            code,
            detail: None,
            length: 0,
        }
    }

    pub(crate) const fn too_large(length: u32) -> Self {
        Self {
            code: FaultCode::FrameTooLarge,
            detail: None,
            length,
        }
    }
}

impl From<Detail> for Fault {
    fn from(detail: Detail) -> Self {
        Self {
            code: FaultCode::DecodeError,
            detail: Some(detail),
            length: 0,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code.fmt(formatter)?;
        match self.detail {
            Some(detail) => write!(formatter, " {detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}
