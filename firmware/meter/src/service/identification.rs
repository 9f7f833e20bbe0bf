//! Function 43/14: who is there, in text.
//!
//! Document: MODBUS Application Protocol V1.1b3, section 6.21.

use meter_interface::block::Block;
use meter_interface::map::identification::{CONFORMITY, Object, PRODUCT_CODE, VENDOR_NAME};
use meter_interface::map::{Exception, VERSION};

use super::frame::Answer;
use crate::text::Writer;

/// The function.
pub const FUNCTION: u8 = 0x2B;
/// Its kind: read device identification.
const KIND: u8 = 0x0E;

/// Appends the answer behind unit and function.
///
/// # Errors
/// The exception to answer with.
pub fn answer(request: &[u8], block: Option<&Block>, answer: &mut Answer) -> Result<(), Exception> {
    let &[kind, code, first] = request else { return Err(Exception::IllegalValue) };
    if kind != KIND {
        return Err(Exception::IllegalFunction);
    }
    let last = match code {
        1 => 0x02,
        2 => 0x7F,
        3 => 0xFF,
        4 => {
            let object = Object::from_id(first).ok_or(Exception::IllegalAddress)?;
            answer.byte(KIND).byte(code).byte(CONFORMITY).byte(0).byte(0).byte(1);
            put(object, block, answer);
            return Ok(());
        }
        _ => return Err(Exception::IllegalValue),
    };
    // A stream that would begin at an object that is not there begins at the beginning.
    let first = Object::from_id(first).map_or(0, Object::id);
    let objects = || Object::ALL.iter().filter(|object| (first..=last).contains(&object.id()));
    answer.byte(KIND).byte(code).byte(CONFORMITY).byte(0).byte(0).byte(objects().count() as u8);
    for &object in objects() {
        put(object, block, answer);
    }
    Ok(())
}

fn put(object: Object, block: Option<&Block>, answer: &mut Answer) {
    let text = text(object, block);
    let text = text.written();
    answer.byte(object.id()).byte(text.len() as u8);
    for &byte in text {
        answer.byte(byte);
    }
}

fn text(object: Object, block: Option<&Block>) -> Writer {
    let mut text = Writer::new();
    match object {
        Object::VendorName => text.text(VENDOR_NAME),
        Object::ProductCode => text.text(PRODUCT_CODE),
        Object::Revision => text.text(env!("CARGO_PKG_VERSION")),
        Object::VendorUrl => &mut text,
        Object::ProductName => text.text("Meterbench meter firmware"),
        Object::ModelName => text.text("OpenSmartMeter"),
        Object::Serial => text.ascii(block.map_or(&[], |block| block.serial.as_bytes())),
        Object::Build => text.text(option_env!("METER_BUILD").unwrap_or("unknown")),
        Object::CalibratedOn => match block.and_then(|block| block.calibrated_on) {
            Some(date) => text.date(date),
            None => &mut text,
        },
        Object::MapVersion => text.number(VERSION.0.into(), 0).byte(b'.').number(VERSION.1.into(), 0),
    };
    text
}
