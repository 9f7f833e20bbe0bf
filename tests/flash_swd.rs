//! A chip flashed over SWD: probe-rs, as it drives a real probe, against a simulated Black Magic probe on TCP.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod flash_rig;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use flash_rig::probe::Rig;
use flash_rig::{FLASH, image, program};
use meterbench::flash::swd::SwdError;
use meterbench::flash::{EraseScope, FlashError, Options, Reuse, Stage, Target, Watch, read_out};
use meterbench::sim::probe::ProbeOptions;
use meterbench::sim::stm32::Specimen;

fn specimen(change: impl FnOnce(&mut Specimen)) -> ProbeOptions {
    let mut options = ProbeOptions::default();
    change(&mut options.specimen);
    options
}

#[test]
fn a_running_chip_is_identified_without_stopping_it() {
    let rig = Rig::new(specimen(|chip| chip.seed = 0x0403_0201));
    let identity = rig.target().identify(&mut Watch::nobody(rig.clock.clone())).expect("a chip");
    assert_eq!((identity.chip.id, identity.flash_kib, identity.protected), (0x410, Some(64), false));
    assert_eq!(identity.loader, "Black Magic probe");
    assert_eq!(identity.unique_id.expect("told").to_string(), "040302014554414c554d4953");
    rig.assert_undisturbed();
}

#[test]
fn the_calibration_of_a_running_unit_is_read() {
    let rig = Rig::new(ProbeOptions::default());
    let mut target = rig.target();
    for (address, length) in [(FLASH + 0xF000, 300), (FLASH + 0xF001, 5), (FLASH, 2), (FLASH + 0xF7FE, 2)] {
        let read = read_out(&mut target, address, length, &mut Watch::nobody(rig.clock.clone())).expect("read");
        let start = (address - FLASH) as usize;
        assert!(read.bytes == rig.before[start..start + length as usize], "{address:x} {length}");
    }
    let nowhere = read_out(&mut target, 0x6000_0000, 4, &mut Watch::nobody(rig.clock.clone()));
    assert!(matches!(nowhere, Err(FlashError::Swd(SwdError::Access { .. }))), "{nowhere:?}");
    drop(target);
    rig.assert_undisturbed();
}

#[test]
fn a_program_is_written_proven_and_started() {
    let rig = Rig::new(ProbeOptions::default());
    let image = program(5000);
    let report = rig.flash(&image, &Options { start: true, ..Options::default() }).expect("flashed");
    rig.assert_holds(&image);
    assert_eq!((report.pages_erased, report.bytes_written, report.bytes_skipped), (5, 5120, 0));
    assert!(report.verified && report.started && report.simulated, "{report:?}");
    let device = rig.device.lock();
    assert!(device.chip().memories().flash()[5120..] == rig.before[5120..], "other pages are as they were");
    assert_eq!(device.chip().running(), Some(FLASH));
    assert!(!device.chip().core().is_debugged(), "the debug unit is off again");
}

#[test]
fn a_program_elsewhere_is_started_there() {
    let rig = Rig::new(ProbeOptions::default());
    let mut bytes = program(2000).flat().expect("small");
    bytes[4..8].copy_from_slice(&(FLASH + 0x2101).to_le_bytes());
    let image = image(&[(FLASH + 0x2000, &bytes)]);
    rig.flash(&image, &Options { start: true, ..Options::default() }).expect("flashed");
    assert_eq!(rig.device.lock().chip().running(), Some(FLASH + 0x2000));
}

#[test]
fn what_is_blank_is_not_sent() {
    let rig = Rig::new(ProbeOptions::default());
    let mut bytes = vec![0xFF; 4096];
    bytes[0] = 1;
    bytes[4095] = 2;
    let image = image(&[(FLASH + 1024, &bytes)]);
    let report = rig.flash(&image, &Options::default()).expect("flashed");
    assert_eq!((report.bytes_written, report.bytes_skipped, report.pages_erased), (512, 3584, 4));
    rig.assert_holds(&image);
}

#[test]
fn the_whole_chip_in_one_go() {
    let rig = Rig::new(ProbeOptions::default());
    rig.flash(&program(3000), &Options { erase: EraseScope::Chip, ..Options::default() }).expect("flashed");
    rig.assert_holds(&program(3000));
    assert!(rig.device.lock().chip().memories().flash()[3072..].iter().all(|byte| *byte == 0xFF));
}

#[test]
fn pages_that_are_right_already_stay() {
    let rig = Rig::new(ProbeOptions::default());
    let old = image(&[(FLASH, &rig.before)]);
    let same = rig.flash(&old, &Options { reuse: Reuse::ReadBack, ..Options::default() }).expect("nothing to do");
    assert_eq!((same.bytes_written, same.pages_erased), (0, 0));
    rig.assert_undisturbed();
    for reuse in [Reuse::ReadBack, Reuse::Known(old.clone())] {
        let mut bytes = rig.before.clone();
        bytes[50 << 10] ^= 0xFF;
        let new = image(&[(FLASH, &bytes)]);
        let report = rig.flash(&new, &Options { reuse, ..Options::default() }).expect("flashed");
        assert_eq!((report.bytes_written, report.pages_erased), (1024, 1));
        rig.assert_holds(&new);
        rig.flash(&old, &Options { reuse: Reuse::ReadBack, ..Options::default() }).expect("back again");
    }
}

#[test]
fn nothing_is_changed_before_everything_is_checked() {
    let wrong = ProbeOptions { product: 0x412, ..ProbeOptions::default() };
    let unknown = ProbeOptions { product: 0x999, ..ProbeOptions::default() };
    let outside = image(&[(0x2000_0000, &[1, 2, 3, 4])]);
    let odd = image(&[(FLASH + 2, &[1, 2])]);
    type Check = fn(&FlashError) -> bool;
    let cases: [(ProbeOptions, _, Check); 5] = [
        (
            wrong,
            program(100),
            |error| matches!(error, FlashError::WrongChip { expected, found: 0x412 } if *expected == [0x410]),
        ),
        (unknown, program(100), |error| matches!(error, FlashError::UnknownChip { found: 0x999 })),
        (ProbeOptions::default(), program(65537), |error| matches!(error, FlashError::TooLarge { .. })),
        (ProbeOptions::default(), outside, |error| matches!(error, FlashError::OutsideFlash { .. })),
        (ProbeOptions::default(), odd, |error| matches!(error, FlashError::Misaligned { .. })),
    ];
    for (options, image, check) in cases {
        let rig = Rig::new(options);
        let error = rig.flash(&image, &Options::default()).expect_err("refused");
        assert!(check(&error), "{error}");
        rig.assert_undisturbed();
    }
}

#[test]
fn a_protected_chip_is_only_erased_when_asked() {
    let rig = Rig::new(specimen(|chip| chip.protected = true));
    let error = rig.flash(&program(2000), &Options::default()).expect_err("protected");
    assert!(matches!(error, FlashError::Protected), "{error}");
    let read = read_out(&mut rig.target(), FLASH, 16, &mut Watch::nobody(rig.clock.clone()));
    assert!(matches!(read, Err(FlashError::Protected)), "{read:?}");
    assert!(rig.device.lock().chip().memories().flash() == rig.before);
    assert_eq!(rig.device.lock().chip().core().halts(), 0);

    let unprotect = Options { unprotect: true, start: true, ..Options::default() };
    let report = rig.flash(&program(2000), &unprotect).expect("flashed");
    assert!(!report.protected && report.started);
    rig.assert_holds(&program(2000));
    assert!(rig.device.lock().chip().memories().flash()[2048..].iter().all(|byte| *byte == 0xFF), "all was erased");
    assert_eq!(rig.device.lock().chip().running(), Some(FLASH));
}

#[test]
fn protection_is_switched_on_and_the_other_options_stay() {
    let rig = Rig::new(ProbeOptions::default());
    let user = {
        let mut device = rig.device.lock();
        let memories = device.chip_mut().memories_mut();
        memories.erase_options();
        for (offset, byte) in [(0, 0xA5), (2, 0xF9), (4, 0x12), (6, 0x34)] {
            memories.program_option(offset, byte);
        }
        memories.load_options();
        memories.option_bytes()[2..8].to_vec()
    };
    let protect = Options { protect: true, ..Options::default() };
    let report = rig.flash(&program(2000), &protect).expect("flashed");
    assert!(report.protected && report.verified);
    assert!(rig.device.lock().chip().memories().is_protected());
    assert_eq!(rig.device.lock().chip().memories().option_bytes()[2..8], user);
    rig.assert_holds(&program(2000));

    // The chip runs only after its supply was off, and says so when it shall start before.
    let again = Options { unprotect: true, protect: true, start: true, ..Options::default() };
    let error = rig.flash(&program(3000), &again).expect_err("not now");
    assert!(matches!(error, FlashError::Swd(SwdError::PowerCycle)), "{error}");
    rig.assert_holds(&program(3000));
    assert_eq!(rig.device.lock().chip().running(), None);
    rig.device.lock().power_on();
    assert_eq!(rig.device.lock().chip().running(), Some(FLASH));
    assert!(rig.device.lock().chip().memories().is_protected());
}

#[test]
fn a_write_protected_page_is_told() {
    let rig = Rig::new(specimen(|chip| chip.write_protected = BTreeSet::from([2])));
    match rig.flash(&program(5000), &Options::default()) {
        Err(FlashError::Swd(SwdError::WriteProtected { address })) => assert_eq!(address, FLASH + 2048),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_weak_cell_gets_a_second_chance_and_a_dead_one_is_found() {
    let rig = Rig::new(specimen(|chip| chip.weak_at = Some(1536)));
    let report = rig.flash(&program(5000), &Options::default()).expect("flashed");
    rig.assert_holds(&program(5000));
    assert_eq!((report.retries, report.pages_erased), (1, 6));

    let rig = Rig::new(specimen(|chip| chip.dead_at = Some(1536)));
    match rig.flash(&program(5000), &Options::default()) {
        Err(FlashError::VerifyMismatch { address, found: 0xFF, differing, .. }) => {
            assert_eq!((address, differing), (FLASH + 1536, 2));
        }
        other => panic!("{other:?}"),
    }
    let unproven = rig.flash(&program(5000), &Options { verify: false, ..Options::default() }).expect("not looked at");
    assert!(!unproven.verified);
}

#[test]
fn progress_runs_from_nothing_to_all_in_each_stage() {
    let rig = Rig::new(ProbeOptions::default());
    let seen = std::cell::RefCell::new(Vec::new());
    rig.flash_until(&program(20_000), |progress| {
        seen.borrow_mut().push(progress);
        false
    })
    .expect("flashed");
    for stage in [Stage::Erase, Stage::Write, Stage::Verify] {
        let of_stage: Vec<_> = seen.borrow().iter().copied().filter(|progress| progress.stage == stage).collect();
        let (first, last) = (of_stage[0], of_stage[of_stage.len() - 1]);
        assert_eq!((first.done, last.done), (0, last.total), "{stage:?}");
        assert!(of_stage.windows(2).all(|pair| pair[0].done <= pair[1].done));
        assert!(of_stage.len() > 3, "{stage:?}");
        assert!(last.rate.expect("a rate") > 1000.0);
    }
}

#[test]
fn a_cancel_is_obeyed_soon_and_the_next_attempt_works() {
    let image = program(12_000);
    let rig = Rig::new(ProbeOptions { paced: true, ..ProbeOptions::default() });
    for stage in [Stage::Identify, Stage::Erase, Stage::Write, Stage::Verify] {
        for share in [0, 3, 7] {
            rig.renew(ProbeOptions { paced: true, ..ProbeOptions::default() });
            let asked = Cell::new(None);
            let clock = rig.clock.clone();
            let result = rig.flash_until(&image, |progress| {
                let due = progress.stage == stage && progress.done * 10 >= progress.total * share;
                if due && asked.get().is_none() {
                    asked.set(Some(clock.now()));
                }
                due
            });
            // Asked for at the end of a stage, it is obeyed at the beginning of the next.
            let next = if stage == Stage::Erase { Stage::Write } else { stage };
            let obeyed = matches!(result, Err(FlashError::Cancelled { stage: at }) if at == stage || at == next);
            assert!(obeyed, "{stage:?} {result:?}");
            let took = rig.clock.now().since(asked.get().expect("asked"));
            assert!(took < Duration::from_millis(700), "{stage:?}: {took:?}");
            if stage == Stage::Identify {
                rig.assert_undisturbed();
            }
            rig.flash(&image, &Options::default()).expect("the next attempt");
            rig.assert_holds(&image);
        }
    }
}

/// Bytes of one attempt, to place cuts by.
fn heard(rig: &Rig, length: usize) -> u64 {
    rig.renew(ProbeOptions::default());
    rig.flash(&program(length), &Options::default()).expect("flashed");
    rig.device.lock().heard()
}

#[test]
fn after_a_cut_at_any_point_the_next_attempt_works() {
    let rig = Rig::new(ProbeOptions::default());
    let image = program(3000);
    let whole = heard(&rig, 3000);
    let mut cuts = 0;
    for gone_at in (1..whole).step_by((whole / 250) as usize) {
        rig.renew(ProbeOptions { gone_at: Some(gone_at), ..ProbeOptions::default() });
        match rig.flash(&image, &Options::default()) {
            Err(FlashError::Swd(
                SwdError::Lost | SwdError::Access { .. } | SwdError::NoProbe { .. } | SwdError::NoChip { .. },
            )) => {}
            // How often the chip is asked whether it is busy differs from time to time.
            Ok(_) if rig.device.lock().heard() < gone_at => continue,
            other => panic!("{gone_at}: {other:?}"),
        }
        {
            let mut device = rig.device.lock();
            let table = &device.chip().memories().flash()[..8];
            let complete = device.chip().memories().flash()[8..3000] == image.segments()[0].bytes[8..];
            let old = table == &rig.before[..8];
            assert!(old || table == [0xFF; 8] || complete, "{gone_at}: half a program could start: {table:02X?}");
            device.mend();
            // Every other time the board loses its supply too.
            if cuts % 2 == 1 {
                device.power_on();
            }
        }
        rig.flash(&image, &Options { start: true, ..Options::default() })
            .unwrap_or_else(|error| panic!("{gone_at}: {error}"));
        rig.assert_holds(&image);
        assert_eq!(rig.device.lock().chip().running(), Some(FLASH));
        cuts += 1;
    }
    assert!(cuts >= 200, "{cuts}");
}

#[test]
fn a_program_that_uses_the_pins_is_caught_under_reset() {
    let taken = ProbeOptions { pins_taken: true, ..ProbeOptions::default() };
    let rig = Rig::new(taken);
    let held = rig.target_with("connect=reset");
    drop({
        let mut held = held;
        held.identify(&mut Watch::nobody(rig.clock.clone())).expect("found under reset");
        held
    });
    assert_eq!(rig.device.lock().chip().running(), Some(FLASH), "what was only looked at goes on");
    // By itself after the usual way has failed, and the whole way to a new program.
    rig.flash(&program(3000), &Options { start: true, ..Options::default() }).expect("flashed");
    rig.assert_holds(&program(3000));
    assert_eq!(rig.device.lock().chip().running(), Some(FLASH));
}

#[test]
fn without_a_chip_or_a_probe_it_says_so() {
    let rig = Rig::new(ProbeOptions { no_chip: true, ..ProbeOptions::default() });
    let error = rig.flash(&program(100), &Options::default()).expect_err("no chip");
    assert!(matches!(error, FlashError::Swd(SwdError::NoChip { .. })), "{error}");
    let nobody = flash_rig::probe::target(&rig.clock, "swd:1d50:6018:127.0.0.1:1");
    let error = { nobody }.identify(&mut Watch::nobody(rig.clock.clone())).expect_err("no probe");
    assert!(matches!(error, FlashError::Swd(SwdError::NoProbe { .. })), "{error}");
}

#[test]
fn a_probe_that_falls_silent_does_not_hold_anybody_up() {
    let rig = Rig::new(ProbeOptions::default());
    let silent_at = heard(&rig, 3000) / 2;
    rig.renew(ProbeOptions { silent_at: Some(silent_at), ..ProbeOptions::default() });
    let began = rig.clock.now();
    let error = rig.flash(&program(3000), &Options::default()).expect_err("dead");
    assert!(matches!(error, FlashError::Swd(SwdError::Silent { seconds: 5 })), "{error}");
    assert!(rig.clock.now().since(began) < Duration::from_secs(12));
}

/// What comes back for each message, whatever it is.
fn nonsense(answer: &'static [u8]) -> FlashError {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("swd:1d50:6018:{}", listener.local_addr().expect("bound"));
    std::thread::Builder::new()
        .name("nonsense".to_owned())
        .spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("connected");
                let mut buffer = [0; 256];
                while !answer.is_empty() && stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                    if stream.write_all(answer).is_err() {
                        break;
                    }
                }
            }
        })
        .expect("started");
    let clock = meterbench::clock::RealClock::shared();
    flash_rig::probe::target(&clock, &url).identify(&mut Watch::nobody(clock.clone())).expect_err("no chip")
}

#[test]
fn what_is_no_probe_is_survived() {
    for answer in [&b""[..], b"&K4#", b"&Kffffffffffffffff#", b"&E1#", b"&K\xFF\x00zz#", b"&K9#"] {
        let error = nonsense(answer);
        assert!(matches!(error, FlashError::Swd(_) | FlashError::UnknownChip { .. }), "{answer:?}: {error}");
    }
}

const BINARY: &str = env!("CARGO_BIN_EXE_meterbench");

fn meterbench(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(BINARY).args(arguments).output().expect("ran");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A `meterbench simulate` with a probe, and the probe's address.
fn simulate(chip: &str) -> (std::process::Child, String) {
    use std::io::BufRead as _;
    let mut child = std::process::Command::new(BINARY)
        .args(["simulate", "--json", "--seconds", "120", "--probe", "tcp:127.0.0.1:0", "--probe-chip", chip])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("started");
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("addresses");
    let addresses: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    (child, addresses["probe"].as_str().expect("an address").to_owned())
}

#[test]
fn as_a_script_does_it() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("flash_swd");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = |name: &str| folder.join(name).display().to_string();
    let bytes = program(5000).flat().expect("small");
    std::fs::write(file("program.bin"), &bytes).expect("written");

    let (mut child, probe) = simulate("sim:?seed=7");
    let (code, out, err) =
        meterbench(&["flash", "--no-record", "--target", &probe, "--image", &file("program.bin"), "--start", "--json"]);
    assert_eq!(code, Some(0), "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).expect("one JSON object");
    assert_eq!(
        (&report["chip_id"], &report["verified"], &report["simulated"]),
        (&"0x410".into(), &true.into(), &true.into())
    );
    assert_eq!((&report["bytes_written"], &report["pages_erased"]), (&5120.into(), &5.into()));

    // Whoever could read the file before shall not read a unit's keys.
    std::fs::write(file("back.bin"), "readable by all").expect("written");
    for name in ["back.bin", "back.hex"] {
        let read = ["flash", "read", "--target", &probe, "--length", "5000", "--out", &file(name), "--json"];
        let (code, out, err) = meterbench(&read);
        assert_eq!(code, Some(0), "{err}");
        let report: serde_json::Value = serde_json::from_str(&out).expect("one JSON object");
        assert_eq!((&report["bytes"], &report["unique_id"]), (&5000.into(), &"000000074554414c554d4953".into()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(file(name)).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
    assert!(std::fs::read(file("back.bin")).expect("read") == bytes);
    let (code, out, _) = meterbench(&["image", "diff", &file("program.bin"), &file("back.hex")]);
    assert_eq!((code, out.as_str()), (Some(0), ""));

    let wrong = ["flash", "--no-record", "--target", &probe, "--image", &file("program.bin"), "--chip", "0x414"];
    let (code, _, err) = meterbench(&wrong);
    assert_eq!(code, Some(3));
    assert!(err.contains("this is chip 0x410, expected was 0x414"), "{err}");
    child.kill().expect("killed");
    child.wait().expect("ended");

    let (code, _, err) = meterbench(&["flash", "--no-record", "--target", &probe, "--image", &file("program.bin")]);
    assert_eq!(code, Some(3));
    assert!(err.contains("no probe answers at swd:1d50:6018:127.0.0.1:"), "{err}");

    let (mut child, probe) = simulate("sim:?gone_at=150");
    let (code, _, err) = meterbench(&["flash", "--no-record", "--target", &probe, "--image", &file("program.bin")]);
    assert_eq!(code, Some(3));
    assert!(err.contains("\nwhy   ") && !err.contains("panicked"), "{err}");
    child.kill().expect("killed");
    child.wait().expect("ended");

    let (code, out, _) = meterbench(&["flash", "--list", "--json"]);
    assert_eq!(code, Some(0));
    assert!(serde_json::from_str::<Vec<serde_json::Value>>(&out).is_ok(), "{out}");
    let (code, _, err) = meterbench(&["flash", "--no-record", "--target", "swd:1d50", "--image", &file("program.bin")]);
    assert_eq!(code, Some(2));
    assert!(err.contains("VID:PID"), "{err}");
}
