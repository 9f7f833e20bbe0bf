//! The meter under test.
