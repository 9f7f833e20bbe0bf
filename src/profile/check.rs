//! Checks beyond types: collects everything that is wrong instead of stopping at the first.

/// What was found, as key and problem; the loader adds the line.
#[derive(Debug, Default)]
pub struct Findings(pub(super) Vec<(String, String)>);

impl Findings {
    /// Notes a problem.
    pub fn add(&mut self, key: impl Into<String>, problem: impl Into<String>) {
        self.0.push((key.into(), problem.into()));
    }

    /// Notes a problem unless `good`.
    pub fn require(&mut self, good: bool, key: impl Into<String>, problem: impl Into<String>) {
        if !good {
            self.add(key, problem);
        }
    }

    /// A number within limits, both included. TOML knows `nan` and `inf`: neither is within any limits.
    pub fn within(&mut self, key: impl Into<String>, value: f64, low: f64, high: f64) {
        self.require(
            (low..=high).contains(&value),
            key,
            format!("{value} is out of range; {low} to {high} is allowed"),
        );
    }

    /// A text with something in it.
    pub fn text(&mut self, key: impl Into<String>, value: &str) {
        self.require(!value.trim().is_empty(), key, "must not be empty");
    }
}
