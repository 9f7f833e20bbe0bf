//! Steps, limits, stability, the runner.
