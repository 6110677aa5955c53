//! Errors of the system as JS names them: the numbers of Node's `util.getSystemErrorMap()`, less
//! their sign. On Unix they are the system's own; on Windows they are libuv's, which knows its
//! errors by names of Unix.

use std::io;

use crate::inbound::UNSUPPORTED;

#[cfg(unix)]
pub(crate) const CANCELED: u32 = libc::ECANCELED.unsigned_abs();
#[cfg(windows)]
pub(crate) const CANCELED: u32 = 4081;

/// What a RESULT says of an error.
pub(crate) fn errno_of(error: &io::Error) -> u32 {
    if error.raw_os_error().is_none() && error.kind() == io::ErrorKind::Unsupported {
        return UNSUPPORTED;
    }
    of_system(error)
}

#[cfg(unix)]
fn of_system(error: &io::Error) -> u32 {
    // Without a number it is an error of the library's own: there is no such case in what is called.
    error.raw_os_error().unwrap_or(libc::EIO).unsigned_abs()
}

/// By kind: the standard library knows the numbers of Windows.
#[cfg(windows)]
fn of_system(error: &io::Error) -> u32 {
    use io::ErrorKind;
    /// Too many open sockets: it has no kind.
    const WSAEMFILE: i32 = 10024;
    /// No buffer space: likewise.
    const WSAENOBUFS: i32 = 10055;
    const WSAEAFNOSUPPORT: i32 = 10047;
    match error.raw_os_error() {
        Some(WSAEMFILE) => return 4066,
        Some(WSAENOBUFS) => return 4060,
        Some(WSAEAFNOSUPPORT) => return 4089,
        _ => {}
    }
    match error.kind() {
        ErrorKind::PermissionDenied => 4092,
        ErrorKind::AddrInUse => 4091,
        ErrorKind::AddrNotAvailable => 4090,
        ErrorKind::ConnectionAborted => 4079,
        ErrorKind::ConnectionRefused => 4078,
        ErrorKind::ConnectionReset => 4077,
        ErrorKind::HostUnreachable => 4073,
        ErrorKind::InvalidInput => 4071,
        ErrorKind::NetworkDown => 4063,
        ErrorKind::NetworkUnreachable => 4062,
        ErrorKind::OutOfMemory => 4057,
        ErrorKind::TimedOut => 4039,
        // EIO.
        _ => 4070,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_error_without_a_number_can_be_unsupported() {
        let unsupported = io::Error::from(io::ErrorKind::Unsupported);
        assert_eq!(errno_of(&unsupported), UNSUPPORTED);
    }

    #[test]
    #[cfg(unix)]
    fn numbers_are_those_of_the_system() {
        for errno in [libc::EADDRINUSE, libc::ECONNREFUSED, libc::ENOTSUP] {
            let error = io::Error::from_raw_os_error(errno);
            assert_eq!(errno_of(&error), errno.unsigned_abs());
        }
        assert_eq!(
            errno_of(&io::Error::other("ours")),
            libc::EIO.unsigned_abs()
        );
    }

    #[test]
    #[cfg(windows)]
    fn numbers_are_those_of_libuv() {
        for (system, errno) in [(10048, 4091), (10061, 4078), (10024, 4066), (10013, 4092)] {
            let error = io::Error::from_raw_os_error(system);
            assert_eq!(errno_of(&error), errno);
        }
    }
}
