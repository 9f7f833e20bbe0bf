//! The stock firmware's project: values into sources of its shape, written for these tests, and a build by a program that does what
//! PlatformIO does, as far as anybody outside can tell.

#![cfg(unix)]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use meterbench::clock::RealClock;
use meterbench::stock::{Build, BuildError, Built, build};
use serde_json::Value;

const REGISTERS: &str = "#include <Chip.h>\r
void Chip::setUp() {\r
\tAFECHIP(0, SoftReset, 0x789A);\r
\tAFECHIP(0, FuncEn, 0x0030); AFECHIP(0, SagTh, 0x1F2F);\r
\t// AFECHIP(0, Ugain, 0x1111); the old board\r
\tAFECHIP(0, PLconstH, 0x001E);  AFECHIP(0, PLconstL, 0xC8B4);\r
\tAFECHIP(0, Lgain, 0x1D39); AFECHIP(0, Ngain, 0x1D39); AFECHIP(0, Lphi, 0x0000);\r
\tAFECHIP(0, PStartTh, 0x08BD); AFECHIP(0, PNolTh, 0x08BD); AFECHIP(0, QStartTh, 0x0AEC); AFECHIP(0, QNolTh, 0);\r
\tAFECHIP(0, MMode, 0x9422);\r
\tAFECHIP(0, CSOne, 0x327C);\r
\tprint(AFECHIP(1, CSOne, 0x0000), HEX);\r
\tAFECHIP(0, Ugain,\r
\t        0x71D8);  // 0x7152//0x6720\r
\tAFECHIP(0, IgainN, 0x0F56); AFECHIP(0, Uoffset, 0x0000);\r
\tAFECHIP(\r
\t    0, CSTwo,\r
\t    0x993B);\r
}\r
";
const THINGS: &str = "#pragma once\n#define TOKEN \"AAAA\"  //\"YOURS\"\n#define THINGSBOARD_SERVER \"demo.example.org\"\n#define THINGSBOARD_PORT 80\n";
const REMOTE: &str = "#ifndef REMOTE_H\n#define REMOTE_H\nconst char apn[] = \"terminal\";\nconst char user[] = \"\";\nconst char pass[] = \"\";\n\
    const char server[] =\n    \"shop.example.org\";  // domain name\nconst char resource[] =\n    \"/subscribe.php\";\nconst int port = 80;\n\
    HttpClient http(client, server, port);\nString apiKeyValue = \"old\";\n#endif\n";
const MAIN: &str = "uint32_t StartingCode = 123456789;\nunsigned char SECRET_KEY[16] = {0xa2, 0x9a, 0xb8, 0x2e, 0xdc, 0x5f, 0xbb, 0xc4,\n    \
    0x1e, 0xc9, 0x53, 0xf,  0x6d, 0xac, 0x86, 0xb1};\n// unsigned char SECRET_KEY[16] = {...};\n";
const STS: &str = "int private_stskey = 109;\nunsigned int tariff =\n    1;  // tariff is upstream\nString meter = \"MT100\";\n\
    unsigned long meter_no = 100;\nunsigned long multiplier = 100;\nunsigned int meter_no_count = 3;\n";

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("folder");
    let src = folder.path().join("firmware/src");
    fs::create_dir_all(&src).expect("folder");
    let files = [
        ("SAM_UART.cpp", REGISTERS),
        ("thingsboard.hpp", THINGS),
        ("remote.hpp", REMOTE),
        ("main.cpp", MAIN),
        ("sts_token.hpp", STS),
    ];
    for (name, text) in files {
        fs::write(src.join(name), text).expect("written");
    }
    folder
}

/// A program that is found on PATH as `pio` in this folder.
fn pio(folder: &Path, script: &str) -> PathBuf {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).expect("folder");
    let file = bin.join("pio");
    let text = bin.join("text");
    fs::write(&text, format!("#!/bin/sh\n{script}")).expect("written");
    // By another process: a child that another test forks meanwhile would hold the file open for writing, and it could not be started.
    let installed = Command::new("install").args(["-m", "755"]).args([&text, &file]).status().expect("install");
    assert!(installed.success());
    file
}

/// Compiles nothing: its image is the text of one source, behind what looks like a vector table.
const GOOD: &str = r#"
[ "$1" = run ] && [ "$2" = --project-dir ] || exit 9
echo "Processing bluepill"; echo "warning: odd" >&2
mkdir -p "$3/.pio/build/${5:-bluepill}"
{ printf '\000\120\000\040\011\000\000\010'; cat "$3/src/SAM_UART.cpp"; } > "$3/.pio/build/${5:-bluepill}/firmware.bin"
echo "SUCCESS"
"#;

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").expect("PATH"));
    let output = Command::new(env!("CARGO_BIN_EXE_meterbench"))
        .arg("--data")
        .arg(folder.join("data"))
        .args(["image", "patch-project", "firmware"])
        .args(arguments)
        .env("PATH", path)
        .current_dir(folder)
        .output()
        .expect("ran");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn source(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join("firmware/src").join(name)).expect("read")
}

#[test]
fn a_units_values_stand_in_all_files_and_nothing_else_changed() {
    let folder = project();
    let folder = folder.path();
    pio(folder, GOOD);
    fs::write(folder.join("values.toml"), "token = \"tell-nobody-0000001\"\napi_key = \"tell\\\"nobody\"\napn_password = \"tell-nobody\"\n\
        starting_code = 987654321\nopenpaygo_key = \"000102030405060708090a0b0c0d0e0f\"\nsts_private_key = 111\nmeter_number = 7\n").expect("written");
    let set = [
        "--set",
        "host=tb.example.net",
        "--set",
        "port=1883",
        "--set",
        "payg_host=s",
        "--set",
        "payg_path=/p",
        "--set",
        "payg_port=8080",
        "--set",
        "apn=web",
        "--set",
        "apn_user=me",
        "--set",
        "tariff=25",
        "--set",
        "Ugain=0x7000",
        "--set",
        "Nphi=0",
    ];
    let (code, out, messages) =
        run(folder, &[&["--values", "values.toml", "--build", "-o", "unit.hex", "--json"], &set[..]].concat());
    assert_eq!(code, Some(0), "{messages}");
    assert!(messages.contains("Processing bluepill") && messages.contains("warning: odd"), "{messages}");
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["patched"].as_array().expect("places").len(), 18 + 3, "{out}");
    assert!(!out.contains("nobody") && !messages.contains("nobody") && !out.contains("987654321"));

    // Ugain 7000 instead of 71D8; CS2 as the checksum's formula gives it by hand: exclusive or 40, sum 62.
    let expected = REGISTERS.replace("0x71D8", "0x7000").replace("0x993B", "0x4062");
    assert_eq!(source(folder, "SAM_UART.cpp"), expected);
    let expected = THINGS
        .replace("AAAA", "tell-nobody-0000001")
        .replace("demo.example.org", "tb.example.net")
        .replace("80", "1883");
    assert_eq!(source(folder, "thingsboard.hpp"), expected);
    let expected = REMOTE
        .replace("terminal", "web")
        .replace("user[] = \"\"", "user[] = \"me\"")
        .replace("pass[] = \"\"", "pass[] = \"tell-nobody\"")
        .replace("shop.example.org", "s")
        .replace("/subscribe.php", "/p")
        .replace("port = 80", "port = 8080")
        .replace("\"old\"", "\"tell\\\"nobody\"");
    assert_eq!(source(folder, "remote.hpp"), expected);
    let expected = STS
        .replace("109", "111")
        .replace("    1;", "    25;")
        .replace("MT100", "MT7")
        .replace("meter_no = 100", "meter_no = 7")
        .replace("multiplier = 100", "multiplier = 10000")
        .replace("count = 3", "count = 1");
    assert_eq!(source(folder, "sts_token.hpp"), expected);
    assert!(
        source(folder, "main.cpp").contains("StartingCode = 987654321")
            && source(folder, "main.cpp").contains("0x0f};")
    );
    let mode = |name: &str| fs::metadata(folder.join(name)).expect("file").permissions().mode() & 0o777;
    assert_eq!([mode("firmware/src/main.cpp"), mode("unit.hex")], [0o600; 2], "there are secrets in them");
    let built = fs::read(folder.join("firmware/.pio/build/bluepill/firmware.bin")).expect("binary");
    assert!(built.ends_with(source(folder, "SAM_UART.cpp").as_bytes()));
}

#[test]
fn when_one_place_is_not_certain_no_file_is_touched() {
    for (name, text, arguments, part) in [
        (
            "sts_token.hpp",
            "String other;\n".to_owned(),
            &["--set", "apn=x", "--set", "meter_number=7"][..],
            "nothing defines meter",
        ),
        (
            "thingsboard.hpp",
            format!("{THINGS}#define THINGSBOARD_PORT 81\n"),
            &["--set", "apn=x", "--set", "port=1"],
            "twice, in lines 4 and 5",
        ),
        (
            "thingsboard.hpp",
            THINGS.replace("80", "PORT"),
            &["--set", "apn=x", "--set", "port=1"],
            "not a single literal",
        ),
        (
            "SAM_UART.cpp",
            REGISTERS.replace("CSTwo", "CSThree"),
            &["--set", "apn=x", "--set", "Ugain=0x7000"],
            "no AFECHIP(0, CSTwo",
        ),
        ("main.cpp", MAIN.to_owned(), &["--set", "Nphi=3"], "no AFECHIP(0, Nphi"),
        ("main.cpp", MAIN.to_owned(), &["--set", "Ugain=0x2000"], "is plausible"),
        ("main.cpp", MAIN.to_owned(), &["--set", "meter_number=99991"], "99990"),
        ("main.cpp", MAIN.to_owned(), &["--set", "sts_private_key=100"], "--values"),
        ("main.cpp", MAIN.to_owned(), &["--set", "serial=MT7"], "no place in the sources"),
        ("main.cpp", MAIN.to_owned(), &[], "nothing is said"),
    ] {
        let folder = project();
        let folder = folder.path();
        fs::write(folder.join("firmware/src").join(name), &text).expect("written");
        let (code, _, messages) = run(folder, arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {messages}");
        assert!(messages.contains(part), "{arguments:?}: {messages}");
        assert_eq!(source(folder, "remote.hpp"), REMOTE, "{arguments:?}");
        assert_eq!(source(folder, name), text);
    }
}

/// Builds in a project with a program that does this.
fn built(
    script: &str,
    limit: Duration,
    cancelled: impl Fn() -> bool,
) -> (Result<Built, BuildError>, Vec<String>, tempfile::TempDir) {
    let folder = project();
    let program = pio(folder.path(), script);
    let (firmware, mut lines) = (folder.path().join("firmware"), Vec::new());
    let wanted = Build { folder: &firmware, program: program.to_str().expect("text"), environment: None, limit };
    let result = build(&wanted, &RealClock::shared(), cancelled, |line| lines.push(line.to_owned()));
    (result, lines, folder)
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_build_gives_its_image_and_says_what_it_does() {
    let (result, mut lines, folder) = built(GOOD, LONG, || false);
    let image = folder.path().join("firmware/.pio/build/bluepill/firmware.bin");
    assert_eq!(result.expect("built"), Built { bin: Some(image), elf: None });
    lines.sort();
    assert_eq!(lines, ["Processing bluepill", "SUCCESS", "warning: odd"]);
}

#[test]
fn builds_that_give_no_image() {
    let (result, ..) = built("echo 'src/main.cpp:7: error: no such thing' >&2; exit 1", LONG, || false);
    let error = result.expect_err("failed").to_string();
    assert!(error.contains("src/main.cpp:7: error: no such thing"), "{error}");
    let (result, ..) = built("exit 0", LONG, || false);
    assert!(matches!(result, Err(BuildError::NoImage { .. })));
    let (result, ..) =
        built(&format!("{GOOD}\nmkdir $3/.pio/build/other; touch $3/.pio/build/other/firmware.elf"), LONG, || false);
    assert_eq!(
        result.expect_err("which").to_string(),
        "there are images of several environments, bluepill, other: say which"
    );
    let folder = project();
    let firmware = folder.path().join("firmware");
    let wanted = Build { folder: &firmware, program: "no-such-program-anywhere", environment: None, limit: LONG };
    let result = build(&wanted, &RealClock::shared(), || false, |_| {});
    assert!(matches!(result, Err(BuildError::NotInstalled { .. })));
    // An image that was there before is not taken for one.
    let old = firmware.join(".pio/build/bluepill");
    fs::create_dir_all(&old).expect("folder");
    fs::write(old.join("firmware.bin"), b"old").expect("written");
    let program = pio(folder.path(), "exit 0");
    let wanted = Build { program: program.to_str().expect("text"), ..wanted };
    let result = build(&wanted, &RealClock::shared(), || false, |_| {});
    assert!(matches!(result, Err(BuildError::NoImage { .. })));
}

/// A compiler that the program has started and that would go on for long; its number is in a file.
const HANGS: &str = "sleep 300 & echo $! > \"$3/child\"; echo started; wait";

fn is_gone(folder: &Path) -> bool {
    let child = fs::read_to_string(folder.join("firmware/child")).expect("a number");
    let status = format!("/proc/{}/stat", child.trim());
    // Dead, or dead and not yet buried by whoever took it over.
    (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        fs::read_to_string(&status).map_or(true, |stat| stat.contains(") Z "))
    })
}

#[test]
fn what_takes_too_long_or_is_cancelled_ends_with_all_it_started() {
    let (result, lines, folder) = built(HANGS, Duration::from_millis(700), || false);
    assert!(matches!(result, Err(BuildError::TooLong { .. })), "{result:?}");
    assert_eq!(lines, ["started"]);
    assert!(is_gone(folder.path()));
    let asked = AtomicUsize::new(0);
    let (result, _, folder) = built(HANGS, LONG, || asked.fetch_add(1, Ordering::Relaxed) > 10);
    assert!(matches!(result, Err(BuildError::Cancelled)), "{result:?}");
    assert!(is_gone(folder.path()));
}

#[test]
fn endless_and_odd_output_is_survived() {
    // A line without an end, and bytes that are no text.
    let script = format!("head -c 100000 /dev/zero | tr '\\0' x; printf '\\377\\376\\n'; {GOOD}");
    let (result, lines, _folder) = built(&script, LONG, || false);
    assert!(result.is_ok(), "{result:?}");
    assert!(lines.iter().all(|line| line.len() <= 4096) && lines.len() > 20, "{}", lines.len());
    let (result, ..) = built("while :; do echo on and on; done", Duration::from_millis(500), || false);
    assert!(matches!(result, Err(BuildError::TooLong { .. })), "{result:?}");
    // Something it started holds its output open after its end.
    let (result, ..) = built(&format!("sleep 20 & {GOOD}"), LONG, || false);
    assert!(result.is_ok(), "{result:?}");
}
