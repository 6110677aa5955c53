//! What the environment is set up with: the numbers of `SETTINGS` in `ts/transport/native-calls.ts`.

use repod_codec::ShapeSettings;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of payloads that may wait for `fetch`; a single one may be larger.
    pub held_bytes: usize,
    /// Messages of one connection before the others have their turn.
    pub messages_per_pass: u32,
    /// Bytes after which the ring is committed although sockets are still ready.
    pub commit_bytes: usize,
    /// Bytes read from a socket at once.
    pub read_bytes: usize,
    pub shapes: ShapeSettings,
}

/// How many numbers [`Settings::from_numbers`] takes.
pub const SETTINGS: usize = 10;

impl Settings {
    /// The numbers in the order of `SETTINGS`; all of them are integers from 0 to 2^31 - 1.
    pub fn from_numbers(numbers: &[f64; SETTINGS]) -> Self {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let [
            held,
            codegen,
            messages,
            commit,
            read,
            shapes,
            per_connection,
            fields,
            depth,
            seen,
        ] = numbers.map(|number| number as u32);
        Self {
            held_bytes: held as usize,
            messages_per_pass: messages.max(1),
            commit_bytes: commit as usize,
            read_bytes: (read as usize).max(1),
            shapes: ShapeSettings {
                codegen: codegen != 0,
                max_shapes: shapes,
                max_shapes_per_connection: per_connection,
                max_fields: fields,
                max_depth: depth,
                sightings: seen,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_place() {
        let settings = Settings::from_numbers(&[1., 1., 2., 3., 4., 5., 6., 7., 8., 9.]);
        let shapes = ShapeSettings {
            codegen: true,
            max_shapes: 5,
            max_shapes_per_connection: 6,
            max_fields: 7,
            max_depth: 8,
            sightings: 9,
        };
        let expected = Settings {
            held_bytes: 1,
            messages_per_pass: 2,
            commit_bytes: 3,
            read_bytes: 4,
            shapes,
        };
        assert_eq!(settings, expected);
    }
}
