//! The text functions of the sheet as LibreOffice and Excel run them.

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::cell::CellError;

/// Digits DEC2HEX gives to a negative number, whatever places were asked for.
const NEGATIVE_DIGITS: u32 = 10;
/// DEC2HEX takes -2^39 .. 2^39 - 1: ten hex digits in two's complement.
const DEC2HEX_LIMIT: i64 = 1 << 39;

/// `DEC2HEX(number, places)`; without places as many digits as needed.
///
/// A negative number gives ten digits of its two's complement and ignores the places.
pub fn dec2hex(number: &BigInt, places: Option<usize>) -> Result<String, CellError> {
    let number = number.to_i64().ok_or(CellError::Num)?;
    if !(-DEC2HEX_LIMIT..DEC2HEX_LIMIT).contains(&number) {
        return Err(CellError::Num);
    }
    if number < 0 {
        return Ok(format!("{:X}", number + (1 << (4 * NEGATIVE_DIGITS))));
    }
    let digits = format!("{number:X}");
    match places {
        Some(places) if digits.len() > places => Err(CellError::Num),
        Some(places) => Ok(format!("{digits:0>places$}")),
        None => Ok(digits),
    }
}

/// `BIN2HEX(bits, 2)` for up to eight characters: anything but 0 and 1, a blank too, is an error. No bits are 0.
pub fn bin2hex(bits: &str) -> Result<String, CellError> {
    if !bits.bytes().all(|byte| matches!(byte, b'0' | b'1')) {
        return Err(CellError::Num);
    }
    if bits.is_empty() {
        return Ok("00".to_owned());
    }
    u8::from_str_radix(bits, 2).map(|byte| format!("{byte:02X}")).map_err(|_| CellError::Num)
}

/// `LEFT(text, count)`: the whole text when it is shorter.
pub fn left(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

/// `RIGHT(text, count)`: the whole text when it is shorter.
pub fn right(text: &str, count: usize) -> String {
    text.chars().skip(text.chars().count().saturating_sub(count)).collect()
}

/// `LEFT(text, FIND(":", text) - 1)`: the bits in front of the first colon of an option.
pub fn bits_of_option(text: &str) -> Result<String, CellError> {
    text.split_once(':').map(|(bits, _)| bits.to_owned()).ok_or(CellError::Value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(number: i64, places: usize) -> Result<String, CellError> {
        dec2hex(&number.into(), Some(places))
    }

    #[test]
    fn hex_digits_overflow_and_go_negative() {
        assert_eq!(hex(0x15_D174, 8), Ok("0015D174".to_owned()));
        assert_eq!(hex(65_536, 4), Err(CellError::Num));
        assert_eq!(hex(-31_476, 4), Ok("FFFFFF850C".to_owned()));
        assert_eq!(hex(-DEC2HEX_LIMIT, 4), Ok("8000000000".to_owned()));
        assert_eq!(hex(-DEC2HEX_LIMIT - 1, 4), Err(CellError::Num));
        assert_eq!(dec2hex(&DEC2HEX_LIMIT.into(), None), Err(CellError::Num));
        assert_eq!(dec2hex(&0.into(), None), Ok("0".to_owned()));
        assert_eq!(dec2hex(&BigInt::from(10).pow(40), Some(8)), Err(CellError::Num));
    }

    #[test]
    fn bits_to_hex() {
        assert_eq!(bin2hex("10010100"), Ok("94".to_owned()));
        assert_eq!(bin2hex("101"), Ok("05".to_owned()));
        assert_eq!(bin2hex(""), Ok("00".to_owned()));
        assert_eq!(bin2hex("100 0010"), Err(CellError::Num));
        assert_eq!(bin2hex("+1"), Err(CellError::Num));
    }

    #[test]
    fn parts_of_texts() {
        assert_eq!(right("10010100010100010", 8), "10100010");
        assert_eq!(left("100", 8), "100");
        assert_eq!(bits_of_option("1: a: b"), Ok("1".to_owned()));
        assert_eq!(bits_of_option(": a"), Ok(String::new()));
        assert_eq!(bits_of_option("100"), Err(CellError::Value));
    }
}
