//! What the block promises, in inputs, outputs and time.
