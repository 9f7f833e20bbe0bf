//! The shipped profiles, and what is said about profiles with mistakes in them.

#![expect(clippy::expect_used, reason = "a helper of tests stands outside of #[test]")]

use meterbench::profile::{self, Kind, MeterProfile, Procedure, ProfileError};

#[test]
fn all_shipped_profiles_load_under_their_names() {
    let listed = profile::list();
    assert!(listed.len() >= 11);
    for entry in listed {
        let name = match entry.kind {
            Kind::Meter => profile::load_meter(&entry.name).map(|loaded| loaded.name),
            Kind::Procedure => profile::load_procedure(&entry.name).map(|loaded| loaded.name),
            Kind::Instrument => profile::load_instrument(&entry.name).map(|loaded| loaded.name),
        };
        match name {
            Ok(name) => assert_eq!(name, entry.name),
            Err(error) => panic!("{error}"),
        }
        assert!(!entry.title.is_empty(), "{}", entry.name);
    }
}

/// The one finding of a text that was a shipped profile before `from` became `to`.
fn finding<T: profile::Profile>(name: &str, from: &str, to: &str) -> (Option<usize>, String, String) {
    let (_, text) = profile::text_of(name).expect("shipped");
    assert!(text.contains(from), "{from}");
    let broken = text.replacen(from, to, 1);
    let error = profile::parse::<T>(&broken, "own.toml").expect_err(to);
    let wanted = broken.lines().position(|line| line.contains(to)).map(|line| line + 1);
    let finding = error.findings().first().expect("a finding").clone();
    assert_eq!(finding.line, wanted, "{error}");
    assert!(error.to_string().starts_with("own.toml: line "), "{error}");
    (finding.line, finding.key, finding.problem)
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_what_is_allowed() {
    let (_, key, problem) = finding::<MeterProfile>("opensmartmeter-mt50", "ib_amps = 5", "ib_amperes = 5");
    assert_eq!(key, "rating.ib_amperes");
    assert!(problem.contains("ib_amperes") && problem.contains("imax_amps"), "{problem}");
    let (_, key, problem) = finding::<MeterProfile>("opensmartmeter-mt50", "SagTh = ", "SagThr = ");
    assert_eq!(key, "registers.SagThr");
    assert!(problem.contains("QStartTh"), "{problem}");
    let (_, key, _) = finding::<Procedure>("calibrate", "energy_percent = 0.3", "energie_percent = 0.3");
    assert_eq!(key, "verify[1].limits.energie_percent");
}

#[test]
fn a_flash_table_is_as_strict() {
    for (from, to, key, part) in [
        ("restart = \"target\"", "restart = \"reset\"", "flash.restart", "power-cycle"),
        ("\"chip\"]", "\"jtag\"]", "flash.verify_through[1]", "service"),
        ("verify_through = [\"service\", \"chip\"]", "verify_through = []", "flash.verify_through", "needed"),
        ("wait_secs = 20", "wait_secs = 0", "flash.wait_secs", "1 s"),
        ("wait_secs = 20", "unchanged = \"crc\"", "flash.unchanged", "program-crc"),
        ("wait_secs = 20", "waits_secs = 20", "flash.waits_secs", "verify_through"),
    ] {
        let (_, found, problem) = finding::<Procedure>("calibrate-flash", from, to);
        assert_eq!(found, key, "{problem}");
        assert!(problem.contains(part), "{key}: {problem}");
    }
}

#[test]
fn a_crc_that_nobody_tells_proves_nothing() {
    let (_, text) = profile::text_of("calibrate-flash").expect("shipped");
    let trusting = text.replace("wait_secs = 20", "wait_secs = 20\nunchanged = \"program-crc\"");
    assert!(profile::parse::<Procedure>(&trusting, "own.toml").is_ok());
    let chip_only = trusting.replace("[\"service\", \"chip\"]", "[\"chip\"]");
    let error = profile::parse::<Procedure>(&chip_only, "own.toml").expect_err("refused").to_string();
    assert!(error.contains("flash.unchanged") && error.contains("needs service"), "{error}");
}

#[test]
fn a_wrong_value_is_named_with_its_line_and_what_is_allowed() {
    for (from, to, key, part) in [
        ("SagTh = \"1F2F\"", "SagTh = \"1F2\"", "registers.SagTh", "four hex digits"),
        ("SagTh = \"1F2F\"", "SagTh = 7983", "registers.SagTh", "string"),
        ("chips = [\"0410\"]", "chips = [\"410\"]", "controller.chips", "four hex digits"),
        ("chips = [\"0410\"]", "chips = [\"1410\"]", "controller.chips", "0FFF"),
        ("chips = [\"0410\"]", "chips = []", "controller.chips", "at least one"),
        ("chips = [\"0410\"]", "chip = [\"0410\"]", "controller.chip", "chips"),
        ("lines = [\"N\"]", "lines = [\"M\"]", "calibration.lines[0]", "`L`"),
        ("imax_amps = 80", "imax_amps = 1", "rating.imax_amps", "5 to"),
        ("un_volts = 240", "un_volts = nan", "rating.un_volts", "10 to 500"),
        ("class = \"1\"", "class = \"3\"", "rating.class", "0.2S"),
        ("current_scale = 20", "current_scale = 1", "calibration.current_scale", "65.535"),
        ("gl = 1", "gl = 24", "calibration.gl", "MMode"),
        ("lines = [\"N\"]", "lines = [\"L\"]", "plausible.igain_l", "missing"),
        ("ugain = [24772, 32767]", "ugain = [24772, 40000]", "plausible.ugain", "32767"),
    ] {
        let (_, text) = profile::text_of("opensmartmeter-mt50").expect("shipped");
        assert!(text.contains(from), "{from}");
        let error = profile::parse::<MeterProfile>(&text.replacen(from, to, 1), "own.toml").expect_err(to);
        let found = error.findings().iter().any(|finding| finding.key == key && finding.problem.contains(part));
        assert!(found, "{to}: {error}");
    }
}

#[test]
fn everything_wrong_is_listed_at_once() {
    let (_, text) = profile::text_of("calibrate").expect("shipped");
    let broken = text.replacen("min_secs = 5", "min_secs = 90", 1).replacen("u_of_un = 1.0", "u_of_un = 10.0", 1);
    let error = profile::parse::<Procedure>(&broken, "own.toml").expect_err("two mistakes");
    let keys: Vec<_> = error.findings().iter().map(|finding| finding.key.as_str()).collect();
    assert_eq!(keys, ["rms.max_secs", "verify[0].u_of_un"]);
    assert!(error.findings().iter().all(|finding| finding.line.is_some()));
}

#[test]
fn kinds_are_told_apart() {
    let error = profile::load_meter("calibrate").expect_err("no meter");
    assert!(matches!(error, ProfileError::Unknown { .. }));
    assert!(error.to_string().contains("opensmartmeter-mt50"), "{error}");
    let (kind, text) = profile::text_of("calibrate").expect("shipped");
    assert_eq!(kind, Kind::Procedure);
    let error = profile::parse::<MeterProfile>(&text, "own.toml").expect_err("no meter");
    assert!(error.to_string().contains("a meter profile is wanted"), "{error}");
    assert!(profile::load_procedure("no/such/file").is_err());
    assert!(profile::load_procedure("no-such.toml").is_err());
}

#[test]
fn the_opensmartmeter_is_described_as_its_firmware_has_it() {
    for name in ["opensmartmeter-mt25", "opensmartmeter-mt50", "opensmartmeter-mt100"] {
        let meter = profile::load_meter(name).expect(name);
        let plan = &meter.calibration;
        // Application note, section 3: PL_Constant of the stock sources.
        let constant = 838_860_800.0 * plan.gl * plan.vl_millivolts * plan.vu_millivolts
            / (plan.chip_constant_imp_per_kwh * meter.rating.un.0 * meter.rating.ib.0);
        assert_eq!(constant as u32, 0x001E_C8B4, "{name}");
        // 80 A reads 4000.
        assert!((meter.rating.imax.0 / plan.current_scale - 4.0).abs() < 1e-9);
        let inside = |window: [i32; 2], word: i32| (window[0]..=window[1]).contains(&word);
        assert!(inside(meter.plausible.ugain, 0x71D8));
        assert!(inside(meter.plausible.igain_n.expect("N is calibrated"), 0x0F56));
        assert!(inside(meter.plausible.energy_gain, 0x1D39));
        for number in 1..=200 {
            assert_eq!(meter.serial.check(&format!("SIM{number}")), Ok(()));
        }
    }
}

#[test]
fn what_is_no_toml_or_not_complete_has_its_line_too() {
    for (text, line, part) in [
        ("kind = \"meter\"\nname = \n", Some(2), "string"),
        ("kind = \"meter\"\nkind = \"meter\"\n", Some(2), "duplicate"),
        ("name = \"x\"\n", Some(1), "kind"),
        ("kind = \"motor\"\n", Some(1), "`meter`"),
        ("kind = \"meter\"\nname = \"x\"\ntitle = \"y\"\n\n[rating]\nun_volts = 240\n", Some(5), "ib_amps"),
    ] {
        let error = profile::parse::<MeterProfile>(text, "own.toml").expect_err(text);
        let finding = error.findings().first().expect("a finding");
        assert_eq!(finding.line, line, "{error}");
        assert!(finding.problem.contains(part), "{error}");
    }
}

#[test]
fn an_instrument_profile_is_complete_or_refused() {
    let (_, text) = profile::text_of("meterbench-sim").expect("shipped");
    for (from, to, key, part) in [
        ("{ quantity = \"p\", index = 2 },", "", "read.query", "gives P"),
        ("quantity = \"q\"", "quantity = \"p\"", "read.query[0].fields[3].quantity", "twice"),
        ("index = 7", "index = 8", "read.query[0].fields[7].index", "0 to 7"),
        ("field_count = 8", "", "read.query[0].fields[0]", "field_count"),
        ("index = 0 }", "index = 0, may_be_absent = true }", "read.query[0].fields[0].may_be_absent", "not be absent"),
        ("index = 0 }", "index = 0, scale = 0 }", "read.query[0].fields[0].scale", "other than 0"),
        ("index = 0 }", "index = 0, after = \"U:\" }", "read.query[0].fields[0]", "either"),
        ("{i:4}", "4", "source.set", "{i}"),
        ("{i:4}", "{amps}", "source.set", "{phase_deg}"),
        ("OUTP OFF", "OUTP OFF {u}", "source.off", "source.set only"),
        ("[\"Meterbench\", \"SIM-BENCH\"]", "[\",\"]", "identify.expect", "three"),
        ("max_u_volts = 300", "max_u_volts = inf", "source.max_u_volts", "1 to 1000"),
        ("settle_secs = 1", "settle_secs = -1", "source.settle_secs", "0 to 7200"),
    ] {
        assert!(text.contains(from), "{from}");
        let broken = text.replacen(from, to, 1);
        let error = profile::parse::<profile::InstrumentProfile>(&broken, "own.toml").expect_err(to);
        let found = error.findings().iter().any(|f| f.key == key && f.problem.contains(part) && f.line.is_some());
        assert!(found, "{from} -> {to}: {error}");
    }
}

/// The binary with a folder of its own: exit code, standard output, standard error.
fn meterbench(data: &std::path::Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_meterbench"));
    let done = command.args(arguments).arg("--data").arg(data).output().expect("runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn profiles_of_ones_own_are_found_by_name() {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("profiles-test").join("cli");
    std::fs::remove_dir_all(&data).ok();
    let (code, out, err) = meterbench(&data, &["profile", "copy", "opensmartmeter-mt50", "mt50-lab"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let file = data.join("profiles").join("meters").join("mt50-lab.toml");
    assert_eq!(out.trim(), file.display().to_string());
    let (_, out, _) = meterbench(&data, &["profile", "list"]);
    assert!(out.lines().any(|line| line.starts_with("meter      mt50-lab") && line.contains("mt50-lab.toml")), "{out}");
    let (_, out, _) = meterbench(&data, &["profile", "list", "--json"]);
    let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let own: Vec<_> = lines.iter().filter(|line| line["origin"] == "user").collect();
    assert!(own.len() == 1 && own[0]["name"] == "mt50-lab" && own[0]["usable"] == true, "{own:?}");
    let (code, out, _) = meterbench(&data, &["profile", "show", "mt50-lab"]);
    assert_eq!((code, out.contains("name = \"mt50-lab\"")), (Some(0), true));
    // A run takes it like any other.
    let run = ["run", "--profile", "mt50-lab", "--serial", "MT1", "--meter", "sim:?seed=7", "--json"];
    let (code, out, err) = meterbench(&data, &run);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("mt50-lab"), "{out}");
    // What is taken, no name, or not there, is refused in words.
    for (from, new, why) in [
        ("opensmartmeter-mt50", "mt50-lab", "already"),
        ("opensmartmeter-mt50", "calibrate", "shipped profile"),
        ("opensmartmeter-mt50", "../x", "no name"),
        ("nothing", "x", "there is no profile named"),
    ] {
        let (code, _, err) = meterbench(&data, &["profile", "copy", from, new]);
        assert!(code == Some(2) && err.contains(why), "{from} {new}: {err}");
    }
    // A fault is told with line and column, and a name inside that is another's is a fault.
    let text = std::fs::read_to_string(&file).expect("file");
    for (from, to, part) in [
        ("un_volts = 240", "un_volts = 9240", "column 12: rating.un_volts: 9240 is out of range"),
        ("name = \"mt50-lab\"", "name = \"opensmartmeter-mt50\"", "is not the name of the file"),
    ] {
        std::fs::write(&file, text.replacen(from, to, 1)).expect("written");
        let (code, _, err) = meterbench(&data, &["profile", "check", "mt50-lab"]);
        assert!(code == Some(2) && err.contains("mt50-lab.toml: line ") && err.contains(part), "{err}");
        let (code, _, err) = meterbench(&data, &run);
        assert!(code == Some(2) && err.contains(part), "{err}");
        let (_, out, _) = meterbench(&data, &["profile", "list"]);
        assert!(out.contains("not used: it has faults"), "{out}");
    }
    // A file that takes a shipped name is never used for it.
    let shadow = data.join("profiles").join("meters").join("opensmartmeter-mt25.toml");
    std::fs::write(&shadow, "kind = \"meter\"").expect("written");
    let (_, out, _) = meterbench(&data, &["profile", "show", "opensmartmeter-mt25"]);
    assert!(out.contains("[rating]"), "{out}");
}

#[test]
fn a_self_test_names_parts_that_there_are_and_each_once() {
    let (_, text) = profile::text_of("calibrate-self-test").expect("shipped");
    let error =
        profile::parse::<Procedure>(&text.replacen("\"afe\"", "\"teapot\"", 1), "own.toml").expect_err("no such part");
    let first = error.findings().first().expect("a finding");
    assert_eq!(first.key, "self_test.tests");
    assert!(first.line.is_some(), "{error}");
    assert!(first.problem.contains("teapot") && first.problem.contains("relay-off"), "{error}");
    let (_, key, problem) = finding::<Procedure>("calibrate-self-test", "when = \"before\"", "when = \"never\"");
    assert_eq!(key, "self_test.when");
    assert!(problem.contains("after"), "{problem}");
    let error = profile::parse::<Procedure>(&text.replacen("\"afe\"", "\"echo\"", 1), "own.toml").expect_err("twice");
    let first = error.findings().first().expect("a finding");
    assert_eq!(first.key, "self_test.tests");
    assert!(first.line.is_some() && error.to_string().contains("echo is there twice"), "{error}");
}
