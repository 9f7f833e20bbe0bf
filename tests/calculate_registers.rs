//! The checksums of every register set the OpenSmartMeter's firmware ever had.

#![expect(clippy::unwrap_used, reason = "a test")]

use m90e26::Register;
use meterbench::calibration::registers::RegisterSet;
use serde_json::Value as Json;

const SETS: &str = include_str!("golden/registers/firmware_register_sets.json");

fn word(json: &Json) -> u16 {
    u16::from_str_radix(json.as_str().unwrap().get(..4).unwrap(), 16).unwrap()
}

/// The set with the registers of a JSON object.
fn with(mut set: RegisterSet, registers: &Json) -> RegisterSet {
    for (name, value) in registers.as_object().unwrap() {
        set.set(Register::from_name(name).unwrap(), word(value)).unwrap();
    }
    set
}

#[test]
fn sets_of_the_firmware() {
    let golden: Json = serde_json::from_str(SETS).unwrap();
    let sets = golden["distinct_sets"].as_array().unwrap();
    assert_eq!(sets.len(), 3);
    for golden in sets {
        let set = with(with(RegisterSet::power_on(), &golden["metering"]), &golden["measurement"]);
        assert_eq!(set.cs1(), word(&golden["cs1_computed"]), "{}", golden["id"]);
        assert_eq!(set.cs2(), word(&golden["cs2_computed"]), "{}", golden["id"]);
        assert_eq!(set.cs1() == word(&golden["cs1_written"]), golden["cs1_ok"], "{}", golden["id"]);
        assert_eq!(set.cs2() == word(&golden["cs2_written"]), golden["cs2_ok"], "{}", golden["id"]);
    }
}

#[test]
fn sets_in_comments() {
    let golden: Json = serde_json::from_str(SETS).unwrap();
    let variants = golden["comment_variants"].as_array().unwrap();
    assert_eq!(variants.len(), 3);
    for variant in variants {
        let mut set = RegisterSet::power_on();
        for register in [Register::Ugain, Register::IgainL, Register::IgainN] {
            set.set(register, word(&variant[register.name()])).unwrap();
        }
        assert_eq!(set.cs2(), word(&variant["cs2_computed"]), "{}", variant["tag"]);
        assert_eq!(set.cs2() == word(&variant["cs2_in_comment"]), variant["satisfies_rule"]);
    }
    for set_in_comment in golden["comment_cross_matches"].as_array().unwrap() {
        let mut set = RegisterSet::power_on();
        set.set(Register::Ugain, word(&set_in_comment["Ugain"])).unwrap();
        set.set(Register::IgainN, word(&set_in_comment["IgainN"])).unwrap();
        assert_eq!(set.cs2(), word(&set_in_comment["cs2"]));
    }
}

#[test]
fn sets_by_address() {
    let golden: Json = serde_json::from_str(SETS).unwrap();
    type Checksum = fn(&RegisterSet) -> u16;
    let blocks: [(&[Register], Checksum); 2] =
        [(&Register::METERING, RegisterSet::cs1), (&Register::MEASUREMENT, RegisterSet::cs2)];
    for (known, (registers, checksum)) in golden["known"].as_array().unwrap().iter().zip(blocks) {
        let mut set = RegisterSet::power_on();
        for (register, value) in registers.iter().zip(known["regs"].as_array().unwrap()) {
            set.set(*register, word(value)).unwrap();
        }
        assert_eq!(checksum(&set), word(&known["expected"]));
    }
}

#[test]
fn power_on() {
    let golden: Json = serde_json::from_str(SETS).unwrap();
    let set = RegisterSet::power_on();
    let defaults = &golden["power_on_defaults"];
    assert_eq!(set.cs1(), word(&defaults["metering_power_on"]["cs1"]));
    assert_eq!(set.cs2(), word(&defaults["measurement_power_on"]["cs2"]));
    for (registers, block) in
        [(&Register::METERING[..], "metering_power_on"), (&Register::MEASUREMENT[..], "measurement_power_on")]
    {
        let golden = defaults[block]["regs"].as_array().unwrap();
        assert_eq!(golden.len(), registers.len());
        for (register, value) in registers.iter().zip(golden) {
            assert_eq!(set.get(*register), Ok(word(value)), "{register}");
        }
    }
}
