//! How much of the ring one connection holds: bytes that JS has not read yet.

/// An account that errs upwards only: everything that was written while an older part was unread
/// counts until the last of it is read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Share {
    older: Part,
    newer: Part,
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    bytes: u64,
    /// The position behind the last of them.
    behind: u64,
}

impl Share {
    pub fn add(&mut self, bytes: u64, behind: u64) {
        let part = if self.older.bytes == 0 {
            &mut self.older
        } else {
            &mut self.newer
        };
        part.bytes += bytes;
        part.behind = behind;
    }

    pub fn consumed(&mut self, position: u64) {
        if position >= self.older.behind {
            self.older = std::mem::take(&mut self.newer);
        }
        if position >= self.older.behind {
            self.older = Part::default();
        }
    }

    pub fn is_within(&self, limit: u64) -> bool {
        self.older.bytes + self.newer.bytes <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_not_held_any_more() {
        let mut share = Share::default();
        share.add(40, 140);
        share.add(40, 240);
        share.add(40, 340);
        assert!(!share.is_within(119));
        share.consumed(139);
        assert!(!share.is_within(119));
        share.consumed(140);
        assert!(share.is_within(80));
        share.add(10, 350);
        assert!(!share.is_within(89));
        share.consumed(350);
        assert!(share.is_within(0));
    }

    #[test]
    fn everything_may_be_read_at_once() {
        let mut share = Share::default();
        share.add(1, 1);
        share.add(1, 2);
        share.consumed(2);
        assert!(share.is_within(0));
    }
}
