//! The two documents say what the tables in the code say. `REFRESH=1` rewrites them.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test stops at what it did not expect")]

use std::fmt::Write;
use std::path::Path;

use m90e26::Register;
use meter_interface::block::{self, Copy, FIELDS};
use meter_interface::map::{
    self, Alarms, Command, Control, Crash, CrashKind, Diagnostics, ECHO, Events, Exception, Floats, Guard, Holding,
    Identity, Judge, Program, Protections, QUANTITIES, Relay, ResetCause, Row, SelfTest, Snapshot, State, TALLIED,
    Tally, Test, TestState, identification, tally_address, windows,
};

fn agrees(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("REFRESH").is_some() {
        std::fs::write(&path, text).expect("the document is written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(there == text, "{name} is not what the code says: run this test with REFRESH=1 and read the difference");
}

/// A table with columns of even width.
fn table(into: &mut String, head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut line = |cells: Vec<&str>| {
        for (cell, width) in cells.iter().zip(&widths) {
            write!(into, "| {cell:width$} ").expect("text");
        }
        into.push_str("|\n");
    };
    line(head.to_vec());
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(rule.iter().map(String::as_str).collect());
    for row in rows {
        line(row.iter().map(String::as_str).collect());
    }
    into.push('\n');
}

#[test]
fn layout() {
    let mut text = String::from(
        "# The calibration block\n\n<!-- Generated from firmware/interface/src/block/layout.rs: REFRESH=1 cargo test -p meter-interface --test documents -->\n\n\
         Numbers are little-endian. Text is printable ASCII, padded with zeros. What is not set is zeros.\n\n",
    );
    let rows: Vec<Vec<String>> = Copy::ALL
        .iter()
        .map(|copy| {
            vec![copy.to_string(), format!("{:08X}", copy.address()), copy.section().into(), copy.symbol().into()]
        })
        .collect();
    table(&mut text, &["copy", "flash address", "ELF section", "ELF symbol"], &rows);
    writeln!(
        text,
        "Each copy has an erase page of {} bytes of its own. Of two valid copies the one with the higher sequence number is in force \
         (the difference taken as a signed number of 32 bits), A when they are equal.\n",
        block::PAGE
    )
    .expect("text");

    let row = |offset: usize, size: usize, name: &str, kind: &str, meaning: &str| {
        vec![offset.to_string(), format!("{offset:03X}"), size.to_string(), name.into(), kind.into(), meaning.into()]
    };
    let mut rows = vec![
        row(0, 4, "magic", "4 bytes", "`MBLK`"),
        row(4, 2, "layout_version", "u16", &format!("Version of this layout: {}", block::LAYOUT_VERSION)),
        row(6, 2, "length", "u16", &format!("Bytes of the block, CRC included, a multiple of 4: {}", block::LENGTH)),
        row(8, 4, "sequence", "u32", "Rises with each block written; it may wrap"),
    ];
    rows.extend(FIELDS.iter().map(|field| row(field.offset, field.size, field.name, field.kind, field.meaning)));
    rows.push(row(block::LENGTH - block::CRC, 4, "crc", "u32", "CRC-32 (ISO-HDLC) over all bytes before it"));
    table(&mut text, &["byte", "hex", "bytes", "name", "kind", "meaning"], &rows);
    writeln!(
        text,
        "Fields are only added at the end, with a new version. A reader skips what stands between the fields it knows and the CRC, \
         and takes defaults for fields a shorter block does not have. The shortest block has {} bytes.",
        block::SHORTEST
    )
    .expect("text");
    agrees("LAYOUT.md", &text);
}

fn window(text: &mut String, title: &str, start: u16, rows: &[Row]) {
    writeln!(text, "### {title}\n").expect("text");
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let address = start + row.offset;
            let cells = [format!("{address:04X}"), row.words.to_string(), row.name.into(), row.kind.into()];
            cells.into_iter().chain([row.meaning.to_owned()]).collect()
        })
        .collect();
    table(text, &["address", "registers", "name", "kind", "meaning"], &rows);
}

fn codes(text: &mut String, title: &str, first: &str, hex: bool, all: &[(u16, &str)]) {
    writeln!(text, "### {title}\n").expect("text");
    let number = |word: &u16| if hex { format!("{word:04X}") } else { word.to_string() };
    let rows: Vec<Vec<String>> = all.iter().map(|(word, meaning)| vec![number(word), (*meaning).into()]).collect();
    table(text, &[first, "meaning"], &rows);
}

#[test]
fn address_map() {
    let mut text = String::from(
        "# The service port\n\n<!-- Generated from firmware/interface/src/map: REFRESH=1 cargo test -p meter-interface --test documents -->\n\n",
    );
    writeln!(
        text,
        "Modbus RTU, {} baud, 8N1, unit {}. Functions 03, 04, 06, 16 and 43/14. Version {}.{} of the map. Addresses are hexadecimal and count \
         from 0. Numbers wider than a register come high word first.\n\n\
         An answer begins within {} ms of its request's end, or none comes. A frame ends by its length and CRC; a pause of {} ms inside \
         of one drops it. Requests to other units and broadcasts are not answered and not obeyed. One request reads {} registers at most \
         and writes {}.\n",
        map::BAUD, map::UNIT, map::VERSION.0, map::VERSION.1, map::ANSWER_MILLIS, map::FRAME_GAP_MILLIS, map::READ_MOST,
        map::WRITE_MOST
    )
    .expect("text");

    text.push_str(
        "## Input registers\n\nA request stays inside one window, and its answer is one moment of the meter.\n\n",
    );
    window(&mut text, "Identity", Identity::START, Identity::ROWS);
    window(&mut text, "Snapshot", Snapshot::START, Snapshot::ROWS);
    text.push_str(
        "The quantities, of the line that meters and with the current scale applied. Each takes three registers: value as i32, 80000000 for none, \
         and age in ms as u16, FFFF for that much or more.\n\n",
    );
    let address = |index: usize| {
        let row = Snapshot::ROWS.iter().find(|row| row.name == "measured").expect("row");
        Snapshot::START + row.offset + 3 * index as u16
    };
    let rows: Vec<Vec<String>> = QUANTITIES
        .iter()
        .map(|quantity| {
            vec![format!("{:04X}", address(quantity.index())), quantity.name().into(), quantity.unit().into()]
        })
        .collect();
    table(&mut text, &["address", "quantity", "unit"], &rows);
    window(&mut text, "Floats", Floats::START, Floats::ROWS);
    window(&mut text, "Tallies", Tally::START, Tally::ROWS);
    let rows: Vec<Vec<String>> = TALLIED
        .iter()
        .map(|register| {
            let address = tally_address(*register).expect("a tally");
            vec![format!("{address:04X}"), register.name().into(), register.meaning().into()]
        })
        .collect();
    table(&mut text, &["address", "register", "counts"], &rows);
    writeln!(
        text,
        "Each register and SysStatus is read every {} ms at least. A tally read on its own is read from the chip in every second \
         transaction for the {} ms that follow.\n",
        map::TALLY_MILLIS,
        map::FOCUS_MILLIS
    )
    .expect("text");
    window(&mut text, "Events", Events::START, Events::ROWS);
    window(&mut text, "Self test", SelfTest::START, SelfTest::ROWS);
    window(&mut text, "Crash record", Crash::START, Crash::ROWS);
    window(&mut text, "Diagnostics", Diagnostics::START, Diagnostics::ROWS);
    window(&mut text, "Program", Program::START, Program::ROWS);
    writeln!(
        text,
        "### Calibration block\n\n{:04X} to {:04X}: the copy in force, two bytes in a register, the first in the high byte; its secrets are \
         left out, bit 0 of its flags says so, and its CRC is right for that. FFFF throughout when no copy is valid.\n",
        windows::BLOCK_START,
        windows::BLOCK_START + windows::BLOCK_WORDS as u16 - 1
    )
    .expect("text");

    writeln!(
        text,
        "## Holding registers\n\nWrites need the unlock, where it says so: it lasts {} s from the last writing of the key. While it lasts, the meter does not write \
         to its chip, protections do not switch the relay, and the total energy stands still. When the lock falls shut, the meter resets \
         the chip and loads it from its calibration block. A write that is locked is exception 01.\n",
        map::UNLOCK_SECS
    )
    .expect("text");
    text.push_str("### The meter's own\n\n");
    let guard = |guard: Guard| match guard {
        Guard::Never => "never",
        Guard::Unlocked => "unlocked",
        Guard::Anybody => "always",
    };
    let mut rows: Vec<Vec<String>> = Control::ALL
        .iter()
        .map(|(address, meaning)| {
            let written = guard(Holding::at(*address).expect("a register").guard());
            vec![
                format!("{address:04X}"),
                format!("{:?}", Control::from_word(*address)),
                written.into(),
                (*meaning).into(),
            ]
        })
        .collect();
    rows.push(vec![
        format!("{:04X} to {:04X}", ECHO.start, ECHO.end - 1),
        "Echo".into(),
        guard(Holding::at(ECHO.start).expect("a register").guard()).into(),
        "What is written is read back with all bits inverted".into(),
    ]);
    table(&mut text, &["address", "name", "written", "meaning"], &rows);

    text.push_str(
        "### The chip's registers\n\nAddress 0000 and the chip's own address. One request may read or write several that follow each other. What the \
         chip clears by being read is not read here but counted: tallies, events. At the address in the column LSB stands the register \
         again, and LSB at the next one, both read together: a request there begins with a register and has an even count.\n\n",
    );
    let rows: Vec<Vec<String>> = Register::ALL
        .iter()
        .map(|register| (register, Holding::at(Holding::of(*register)).expect("a register")))
        .filter(|(_, holding)| holding.readable() || holding.guard() != Guard::Never)
        .map(|(register, holding)| {
            let lsb = Holding::with_lsb(*register).map_or(String::new(), |address| format!("{address:04X}"));
            let read = if holding.readable() { "yes" } else { "no" };
            vec![
                format!("{:04X}", Holding::of(*register)),
                lsb,
                register.name().into(),
                read.into(),
                guard(holding.guard()).into(),
                register.meaning().into(),
            ]
        })
        .collect();
    table(&mut text, &["address", "LSB", "name", "read", "written", "meaning"], &rows);

    text.push_str("## Self test\n\n");
    let rows: Vec<Vec<String>> = Test::ALL
        .iter()
        .map(|test| {
            let judge = match test.judge() {
                Judge::Meter => "the meter",
                Judge::Person => "a person",
            };
            let cells = [test.number().to_string(), test.name().into(), test.does().into(), judge.into()];
            cells.into_iter().chain([test.value().to_owned(), test.limit_secs().to_string()]).collect()
        })
        .collect();
    table(&mut text, &["number", "part", "the meter", "judges", "value", "ends within s"], &rows);
    text.push_str("One test runs at a time: starting another meanwhile is exception 06, writing 0 stops. The service port itself is tested with the echo registers.\n\n");

    text.push_str("## Device identification\n\nFunction 43/14, read codes 01 to 04, in text.\n\n");
    let rows: Vec<Vec<String>> = identification::Object::ALL
        .iter()
        .map(|object| vec![format!("{:02X}", object.id()), object.meaning().into()])
        .collect();
    table(&mut text, &["object", "text"], &rows);

    text.push_str("## Codes\n\n");
    codes(&mut text, "Commands", "word", true, Command::ALL);
    codes(&mut text, "Exceptions", "code", true, Exception::ALL);
    codes(&mut text, "State", "word", false, State::ALL);
    codes(&mut text, "Relay", "word", false, Relay::ALL);
    codes(&mut text, "Protections", "bit", false, Protections::ALL);
    codes(&mut text, "Alarms", "bit", false, Alarms::ALL);
    codes(&mut text, "State of a test", "word", false, TestState::ALL);
    codes(&mut text, "Reset cause", "word", false, ResetCause::ALL);
    codes(&mut text, "Crash", "word", false, CrashKind::ALL);
    agrees("ADDRESS-MAP.md", &format!("{}\n", text.trim_end()));
}
