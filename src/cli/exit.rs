//! What the command line's exit codes mean.

/// 0 PASS or done, 1 FAIL, 2 bad usage or input, 3 ERROR, 4 aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u8);

impl Exit {
    /// PASS, or done.
    pub const DONE: Self = Self(0);
    /// Measured, and out of limits.
    pub const FAILED: Self = Self(1);
    /// Bad usage or bad input.
    pub const BAD_INPUT: Self = Self(2);
    /// It could not be measured.
    pub const COULD_NOT_MEASURE: Self = Self(3);
    /// Stopped by a person.
    pub const ABORTED: Self = Self(4);
}
