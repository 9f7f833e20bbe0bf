//! Facts about meters, instruments and procedures, as TOML.
