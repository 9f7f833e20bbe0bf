//! The service port below the map: frames of Modbus RTU, and the texts of function 43/14.
//!
//! The codec of requests and the CRC are `modbus-core`'s. Its framing is not used: it looks for a frame anywhere in what came, and its
//! `decode_request` panics on a frame whose CRC is right and whose content is not. Nor has it function 43. So these two are here.

pub mod frame;
pub mod identification;
