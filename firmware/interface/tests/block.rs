//! The calibration block: round trips, every flipped bit, every truncation, older and newer blocks, the choice between copies.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test stops at what it did not expect")]

use m90e26::{Line, Register};
use meter_interface::block::{
    Block, BlockError, Bytes, CRC, Copy, Date, FIELDS, Invalid, LENGTH, PAGE, Ratio, SHORTEST, Secret, Text, choose,
};
use proptest::prelude::*;

fn example() -> Block {
    let mut block = Block {
        sequence: 7,
        line: Line::N,
        current_scale: Ratio::new(20, 1).expect("positive"),
        pulses_per_kwh: 1000,
        constant_imp_per_kwh: 1000,
        serial: Text::new("MT50-000123").expect("fits"),
        calibrated_on: Date::new(2026, 2, 28),
        bench: Text::new("bench-2").expect("fits"),
        record: Text::new("0192f3c4-7b1e-7c55-8f3d-2f1f0e9d8c7b").expect("fits"),
        meter_number: 123,
        token: Secret::new(Text::new("A1B2C3D4E5F6G7H8I9J0").expect("fits")),
        host: Text::new("things.example.org").expect("fits"),
        port: 80,
        openpaygo_key: Secret::new(Bytes::new(&[0xA2, 0x9A, 0xB8, 0x2E]).expect("fits")),
        starting_code: Secret::new(123_456_789),
        tariff_millis_per_kwh: 250,
        ..Block::default()
    };
    let words = [0x001E, 0xC8B4, 0x1D39, 0, 0x1D39, 0, 0x08BD, 0x08BD, 0x0AEC, 0, 0x9422];
    for (register, word) in Register::METERING.into_iter().zip(words) {
        assert!(block.set_register(register, word));
    }
    assert!(block.set_register(Register::Ugain, 0x71D8));
    assert!(block.set_register(Register::IgainN, 0x0F56));
    block
}

fn encoded(block: &Block) -> Vec<u8> {
    let mut page = vec![0xFF; PAGE];
    let length = block.encode(&mut page).expect("a page is enough");
    page.truncate(length);
    page
}

fn crc(body: &[u8]) -> [u8; 4] {
    crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(body).to_le_bytes()
}

/// A block whose body is `body`, with length and CRC that fit.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let length = u16::try_from(body.len() + CRC).expect("short");
    body[6..8].copy_from_slice(&length.to_le_bytes());
    let crc = crc(&body);
    body.extend(crc);
    body
}

#[test]
fn known_bytes() {
    let bytes = encoded(&example());
    assert_eq!(bytes.len(), LENGTH);
    assert_eq!(bytes[..12], [b'M', b'B', b'L', b'K', 1, 0, 0x60, 0x02, 7, 0, 0, 0]);
    // PLconstH, PLconstL, Lgain; CS1 and CS2 of the stock sources.
    assert_eq!(bytes[12..18], [0x1E, 0x00, 0xB4, 0xC8, 0x39, 0x1D]);
    assert_eq!(bytes[34..36], [0x7C, 0x32]);
    assert_eq!(bytes[56..58], [0x3B, 0x99]);
    assert_eq!(bytes[62..68], [1, 0, 20, 0, 1, 0]);
    assert_eq!(bytes[76..88], *b"MT50-000123\0");
    assert_eq!(bytes[100..104], [0xEA, 0x07, 2, 28]);
    assert_eq!(bytes[564..569], [4, 0xA2, 0x9A, 0xB8, 0x2E]);
    assert_eq!(bytes[LENGTH - CRC..], crc(&bytes[..LENGTH - CRC]));
}

#[test]
fn copies_are_the_last_two_pages() {
    assert_eq!(Copy::A.address(), 0x0800_F800);
    assert_eq!(Copy::B.address(), 0x0800_FC00);
}

#[test]
fn every_flipped_bit_is_noticed() {
    let good = encoded(&example());
    for bit in 0..good.len() * 8 {
        let mut page = good.clone();
        page.resize(PAGE, 0xFF);
        page[bit / 8] ^= 1 << (bit % 8);
        assert!(Block::decode(&page).is_err(), "bit {bit}");
    }
}

#[test]
fn every_truncation_is_noticed() {
    let good = encoded(&example());
    for length in 0..good.len() {
        let error = Block::decode(&good[..length]).expect_err("too short");
        assert!(matches!(error, BlockError::Truncated { have, .. } if have == length), "{length}: {error}");
        // The same in flash, where the rest of the page is erased.
        let mut page = good[..length].to_vec();
        page.resize(PAGE, 0xFF);
        assert!(Block::decode(&page).is_err(), "{length}");
    }
    assert_eq!(Block::decode(&good), Ok(example()));
}

#[test]
fn an_older_block_keeps_what_it_has() {
    let whole = encoded(&example());
    let older = Block::decode(&sealed(whole[..SHORTEST - CRC].to_vec())).expect("an older block");
    let defaults = Block::default();
    assert_eq!(older.register(Register::Ugain), Some(0x71D8));
    assert_eq!((older.sequence, older.current_scale, older.pulses_per_kwh), (7, example().current_scale, 1000));
    assert_eq!((older.serial, older.token), (defaults.serial, defaults.token));
    // A block that ends inside of a field does not have the field.
    let cut = Block::decode(&sealed(whole[..SHORTEST - CRC + 8].to_vec())).expect("an older block");
    assert_eq!(cut.serial, defaults.serial);
}

#[test]
fn a_newer_block_is_read_without_what_it_adds() {
    let mut body = encoded(&example());
    body.truncate(LENGTH - CRC);
    body[4] = 2;
    body.extend([0xAB; 40]);
    assert_eq!(Block::decode(&sealed(body)), Ok(example()));
}

#[test]
fn what_is_no_block_says_why() {
    assert_eq!(Block::decode(&[0xFF; PAGE]), Err(BlockError::Blank));
    assert!(matches!(Block::decode(&[0; PAGE]), Err(BlockError::Magic([0, 0, 0, 0]))));
    let good = encoded(&example());
    let mut long = good.clone();
    long[6..8].copy_from_slice(&1028u16.to_le_bytes());
    assert_eq!(Block::decode(&long), Err(BlockError::Length(1028)));

    let offset = |name| FIELDS.iter().find(|field| field.name == name).expect("a field").offset;
    for (name, byte) in [("line", 2), ("current_scale", 0), ("serial", 0x07), ("calibrated_on", 0x01), ("sts_key", 17)]
    {
        let mut body = good[..LENGTH - CRC].to_vec();
        body[offset(name)] = byte;
        let error = Block::decode(&sealed(body)).expect_err(name);
        assert!(matches!(error, BlockError::Field { name: found, .. } if found == name), "{error}");
    }
    let mut small = [0; LENGTH - 1];
    assert!(example().encode(&mut small).is_err());
}

#[test]
fn the_newer_valid_copy_is_in_force() {
    let with = |sequence| encoded(&Block { sequence, ..example() });
    let choice = |a: &[u8], b: &[u8]| choose(a, b).map(|choice| (choice.copy, choice.block.sequence));
    let blank = [0xFF; PAGE];
    assert_eq!(choice(&with(1), &with(2)), Ok((Copy::B, 2)));
    assert_eq!(choice(&with(2), &with(1)), Ok((Copy::A, 2)));
    assert_eq!(choice(&with(2), &with(2)), Ok((Copy::A, 2)));
    assert_eq!(choice(&with(u32::MAX), &with(0)), Ok((Copy::B, 0)), "numbers wrap");
    assert_eq!(choice(&blank, &with(1)), Ok((Copy::B, 1)));
    assert_eq!(choice(&with(1), &blank), Ok((Copy::A, 1)));
    let mut broken = with(9);
    broken[20] ^= 1;
    let chosen = choose(&broken, &with(8)).expect("one is whole");
    assert_eq!(chosen.copy, Copy::B);
    assert!(matches!(chosen.other, Some(BlockError::Crc { .. })));
    let none = choose(&broken, &blank).expect_err("none is whole");
    assert!(none.to_string().contains("copy B the page is erased"), "{none}");
}

#[test]
fn secrets_are_not_printed_and_do_not_leave_the_meter() {
    let block = example();
    let printed = format!("{block:?} {:#?} {}", block.token, block.starting_code);
    for secret in ["A1B2C3D4", "123456789", "162", "9A"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    assert!(printed.contains("***"));
    let read = encoded(&block.clone().without_secrets());
    assert!(!read.windows(8).any(|window| window == b"A1B2C3D4"));
    let decoded = Block::decode(&read).expect("a block");
    assert!(decoded.secrets_withheld() && decoded.serial == block.serial && !decoded.token.is_set());
    assert_eq!(choose(&read, &read).expect_err("no meter runs on it").a, BlockError::SecretsWithheld);

    // Nor does the error of a damaged secret tell a part of it.
    let offset = FIELDS.iter().find(|field| field.name == "token").expect("a field").offset;
    let mut body = encoded(&block)[..LENGTH - CRC].to_vec();
    body[offset] = 0xC7;
    let error = Block::decode(&sealed(body)).expect_err("no text");
    assert!(!error.to_string().contains("C7"), "{error}");
}

#[test]
fn registers_keep_their_checksums() {
    let block = example();
    assert_eq!([block.cs1, block.cs2], [0x327C, 0x993B]);
    assert_eq!(block.checksums(), [0x327C, 0x993B]);
    let mut other = block;
    assert!(!other.set_register(Register::Cs1, 0));
    assert!(!other.set_register(Register::Pmean, 0));
    assert!(other.set_register(Register::FuncEn, 0x0030));
    assert_eq!(other.register(Register::FuncEn), Some(0x0030));
    assert_eq!(other.register(Register::Cs1), Some(0x327C));
    assert_eq!(other.register(Register::Urms), None);
}

#[test]
fn texts_dates_and_factors_are_checked() {
    assert_eq!(Text::<4>::new("12345"), Err(Invalid::TooLong { most: 4 }));
    assert_eq!(Text::<4>::new("a\n"), Err(Invalid::Character(b'\n')));
    assert!(Text::<4>::new("\u{e9}").is_err());
    assert_eq!(Bytes::<2>::new(&[1, 2, 3]), Err(Invalid::TooLong { most: 2 }));
    assert_eq!(Date::new(2027, 2, 29), None);
    assert_eq!(Date::new(2028, 2, 29).map(|date| date.to_string()).as_deref(), Some("2028-02-29"));
    assert_eq!(Date::new(1999, 12, 31), None);
    assert_eq!(Ratio::new(1, 0), None);
    assert_eq!(Ratio::new(3, 2).expect("positive").scale(7), Some(10));
}

fn text<const N: usize>() -> impl Strategy<Value = Text<N>> {
    proptest::collection::vec(b' '..=b'~', 0..=N)
        .prop_map(|bytes| Text::new(&String::from_utf8(bytes).expect("ASCII")).expect("fits"))
}

fn bytes() -> impl Strategy<Value = Bytes<16>> {
    proptest::collection::vec(any::<u8>(), 0..=16).prop_map(|bytes| Bytes::new(&bytes).expect("fits"))
}

prop_compose! {
    fn chip()(
        metering in any::<[u16; 11]>(), measurement in any::<[u16; 10]>(), checks in any::<[u16; 4]>(),
        sequence in any::<u32>(), on_n in any::<bool>(), scale in (1u16.., 1u16..), constants in any::<(u32, u32)>(),
    ) -> Block {
        let [cs1, cs2, sag_th, func_en] = checks;
        Block {
            sequence, metering, cs1, measurement, cs2, sag_th, func_en,
            line: if on_n { Line::N } else { Line::L },
            current_scale: Ratio::new(scale.0, scale.1).expect("positive"),
            pulses_per_kwh: constants.0, constant_imp_per_kwh: constants.1,
            ..Block::default()
        }
    }
}

prop_compose! {
    fn block()(
        chip in chip(), serial in text(), bench in text(), record in text(),
        date in proptest::option::of((2000u16..2200, 1u8..13, 1u8..29)),
        token in text(), host in text(), api_key in text(), apn in text(), apn_password in text(),
        keys in (bytes(), bytes()), numbers in any::<(u32, u16, u32, u32)>(),
    ) -> Block {
        Block {
            serial, bench, record,
            calibrated_on: date.and_then(|(year, month, day)| Date::new(year, month, day)),
            token: Secret::new(token), host, api_key: Secret::new(api_key), apn, apn_password: Secret::new(apn_password),
            openpaygo_key: Secret::new(keys.0), sts_key: Secret::new(keys.1),
            meter_number: numbers.0, port: numbers.1, starting_code: Secret::new(numbers.2), tariff_millis_per_kwh: numbers.3,
            ..chip
        }
    }
}

proptest! {
    #[test]
    fn round_trip(block in block()) {
        prop_assert_eq!(Block::decode(&encoded(&block)), Ok(block));
    }

    #[test]
    fn foreign_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..PAGE), head in any::<bool>()) {
        let mut bytes = bytes;
        if head && bytes.len() > 12 {
            bytes[..4].copy_from_slice(b"MBLK");
            let length = u16::try_from(bytes.len() & !3).expect("short");
            bytes[6..8].copy_from_slice(&length.to_le_bytes());
        }
        prop_assert!(Block::decode(&bytes).is_err());
        // Even with a CRC that fits, what comes out is a block or an error.
        if bytes.len() > SHORTEST {
            bytes.truncate(bytes.len() & !3);
            if let Ok(block) = Block::decode(&sealed(bytes)) {
                prop_assert_eq!(Block::decode(&encoded(&block)), Ok(block));
            }
        }
    }
}
