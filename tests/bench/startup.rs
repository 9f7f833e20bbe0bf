//! From the start of the process to its first frame on the screen, in an X server without hardware, beside the same binary
//! printing its version.
//!
//! The window says when its first frame was handed over, which is when it is asked for the second; what is measured here
//! runs from before the process is made until that line arrives.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark stops at what it did not expect, and measures the time of the world"
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_meterbench");
const STARTS: usize = 10;
const AIM: Duration = Duration::from_millis(500);

fn main() {
    let Some(screen) = Screen::start() else {
        println!("Xvfb is not installed: the window was not started");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-startup");
    std::fs::create_dir_all(&folder).expect("a folder");
    // The first start fills the caches of files and of the renderer's shaders, as it does for a user.
    let cold = first_frame(&screen.name, &folder);
    let mut warm: Vec<Duration> = (0..STARTS).map(|_| first_frame(&screen.name, &folder)).collect();
    warm.sort();
    let mut bare: Vec<Duration> = (0..STARTS).map(|_| version()).collect();
    bare.sort();
    let (median, bare) = (warm[STARTS / 2], bare[STARTS / 2]);
    let line = |what: &str, time: Duration| {
        println!("{what:<34} {:>7.0} ms {:>8.2} of 500 ms", millis(time), time.as_secs_f64() / AIM.as_secs_f64());
    };
    line("first frame, first start", cold);
    line("first frame, median", median);
    line("first frame, slowest", warm[STARTS - 1]);
    line("--version, median", bare);
    println!("{:<34} {:>7.1}", "first frame / --version", median.as_secs_f64() / bare.as_secs_f64());
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Starts the window and kills it after its first frame.
fn first_frame(display: &str, folder: &Path) -> Duration {
    let begun = Instant::now();
    let mut child = Command::new(BINARY)
        .env("DISPLAY", display)
        .env_remove("WAYLAND_DISPLAY")
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .env("METERBENCH_LOG", "meterbench::gui=info")
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut lines = BufReader::new(child.stderr.take().expect("its errors are piped")).lines();
    let shown = lines.by_ref().map_while(Result::ok).any(|line| line.contains("first frame"));
    let took = begun.elapsed();
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(shown, "the window ended before its first frame");
    took
}

fn version() -> Duration {
    let begun = Instant::now();
    Command::new(BINARY).arg("--version").output().expect("the binary starts");
    begun.elapsed()
}

/// An X server of its own, killed with it.
struct Screen {
    server: Child,
    name: String,
}

impl Screen {
    fn start() -> Option<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x720x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut number = Vec::new();
        let mut out = server.stdout.take()?;
        let mut byte = [0];
        while out.read_exact(&mut byte).is_ok() && byte != [b'\n'] {
            number.extend(byte);
        }
        let number = String::from_utf8(number).ok()?;
        Some(Self { server, name: format!(":{}", number.trim()) })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
