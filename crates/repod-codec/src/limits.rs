//! What a caller hands over. There are no defaults here: `ts/options.ts` is the home of each number.

/// The bounds of one endpoint, as the first words of an ENDPOINT record carry them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Payload bytes of one frame.
    pub max_frame_length: u32,
    /// Levels of maps and arrays; the message itself is the first.
    pub max_depth: u32,
    /// Values of one payload; the message itself counts, keys do not.
    pub max_elements: u32,
    /// Entries of one map.
    pub max_map_entries: u32,
    /// UTF-8 bytes of one text key.
    pub max_key_length: u32,
    /// UTF-8 bytes of the action.
    pub max_action_length: u32,
}

/// How one engine learns shapes, as `ENGINE` and `codegen` of `ts/options.ts` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeSettings {
    /// Whether JS may compile readers. Without it no shape is learned: every payload is bytes.
    pub codegen: bool,
    /// Shapes that are known at once; at most 65,535 are used.
    pub max_shapes: u32,
    /// Shapes known at once that one connection has brought.
    pub max_shapes_per_connection: u32,
    /// Fields of one shape, those of nested objects included.
    pub max_fields: u32,
    /// Levels of objects and arrays of one shape; the message itself is the first.
    pub max_depth: u32,
    /// How often a shape is seen before it is defined.
    pub sightings: u32,
}
