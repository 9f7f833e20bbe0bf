//! What a person is told when something stops. The words are written where the errors are: one file for each kind of work.

/// Words for the operator.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Advice {
    /// What happened.
    pub what: String,
    /// The usual cause.
    pub why: String,
    /// What to do.
    pub next: String,
}

impl Advice {
    /// From its three parts.
    pub fn new(what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into(), next: next.into() }
    }
}
