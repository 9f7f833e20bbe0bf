//! `pio run`: PlatformIO builds the project, line by line for whoever watches, within a time, until it is cancelled.
//!
//! It starts compilers of its own, so all of them are one group of processes and end together.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::clock::SharedClock;

/// How often cancel and the time are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long output is waited for once the program itself has ended: what it started may still hold the pipe.
const REST: Duration = Duration::from_secs(2);
/// Longest line that is passed on in one piece.
const LINE: u64 = 4096;
/// Lines that may wait for the reader.
const WAITING: usize = 256;
/// Last lines that an error keeps.
const KEPT: usize = 12;

/// What to build.
#[derive(Clone, Debug)]
pub struct Build<'a> {
    /// The folder with `platformio.ini`.
    pub folder: &'a Path,
    /// The program; found on PATH.
    pub program: &'a str,
    /// The environment of `platformio.ini`; all of them without one.
    pub environment: Option<&'a str>,
    /// How long it may take; the first build of a fresh installation fetches compilers.
    pub limit: Duration,
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The image as a binary.
    pub bin: Option<PathBuf>,
    /// The image as ELF.
    pub elf: Option<PathBuf>,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// It is not installed.
    #[error("{program} is not installed, or not on PATH")]
    NotInstalled {
        /// The program.
        program: String,
    },
    /// It cannot be started or watched.
    #[error("{program} cannot be run: {source}")]
    Cannot {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It took too long.
    #[error("the build took longer than {} s and was stopped", limit.as_secs())]
    TooLong {
        /// The limit.
        limit: Duration,
    },
    /// Somebody stopped it.
    #[error("the build was cancelled")]
    Cancelled,
    /// It says so itself.
    #[error("the build failed ({status}): {}", last.join(" | "))]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// The last lines it printed.
        last: Vec<String>,
    },
    /// It said it was done and there is nothing.
    #[error("the build ended well, but there is no image below {}", folder.display())]
    NoImage {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// More than one environment was built.
    #[error("there are images of several environments, {}: say which", names.join(", "))]
    Several {
        /// Their names.
        names: Vec<String>,
    },
}

/// Builds. Each line of the output goes to `line` as it comes; `cancelled` is asked all the time.
///
/// # Errors
/// There is no image, and why.
pub fn build(
    build: &Build<'_>,
    clock: &SharedClock,
    cancelled: impl Fn() -> bool,
    mut line: impl FnMut(&str),
) -> Result<Built, BuildError> {
    let cannot = |source| BuildError::Cannot { program: build.program.to_owned(), source };
    // An image of an earlier build must not be taken for this one's.
    for (_, image) in images(build).map_err(cannot)? {
        std::fs::remove_file(image).map_err(cannot)?;
    }
    let mut running = Running::start(build)?;
    let (lines, output) = sync_channel(WAITING);
    running.read(&lines).map_err(cannot)?;
    // Only the threads hold it from now on, and its end is theirs.
    drop(lines);
    let until = clock.now() + build.limit;
    let mut last: Vec<String> = Vec::new();
    let mut hear = |text: String| {
        line(&text);
        last.push(text);
        if last.len() > KEPT {
            last.remove(0);
        }
    };
    let status = loop {
        let heard = next(&output);
        if cancelled() {
            return Err(BuildError::Cancelled);
        }
        if clock.now() >= until {
            return Err(BuildError::TooLong { limit: build.limit });
        }
        match heard {
            Heard::Line(text) => hear(text),
            Heard::Nothing | Heard::End => {
                if let Some(status) = running.child.try_wait().map_err(cannot)? {
                    running.over = true;
                    break status;
                }
                if matches!(heard, Heard::End) {
                    // It has closed its output and goes on.
                    std::thread::sleep(LOOK);
                }
            }
        }
    };
    let rest = clock.now() + REST;
    while clock.now() < rest {
        match next(&output) {
            Heard::Line(text) => hear(text),
            Heard::Nothing => {}
            Heard::End => break,
        }
    }
    if !status.success() {
        return Err(BuildError::Failed { status, last });
    }
    found(build, &images(build).map_err(cannot)?)
}

enum Heard {
    Line(String),
    Nothing,
    End,
}

fn next(output: &Receiver<String>) -> Heard {
    match output.recv_timeout(LOOK) {
        Ok(text) => Heard::Line(text),
        Err(RecvTimeoutError::Timeout) => Heard::Nothing,
        Err(RecvTimeoutError::Disconnected) => Heard::End,
    }
}

/// A program that ends with this value, and all it has started with it.
struct Running {
    child: Child,
    /// It has ended, and its number may be another's by now.
    over: bool,
}

impl Running {
    fn start(build: &Build<'_>) -> Result<Self, BuildError> {
        let mut command = Command::new(build.program);
        command.arg("run").arg("--project-dir").arg(build.folder);
        if let Some(environment) = build.environment {
            command.args(["--environment", environment]);
        }
        // It asks nothing and colours nothing when nobody sits there.
        command.env("PLATFORMIO_NO_ANSI", "true").env("CI", "true");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let program = build.program.to_owned();
        match command.spawn() {
            Ok(child) => Ok(Self { child, over: false }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BuildError::NotInstalled { program }),
            Err(source) => Err(BuildError::Cannot { program, source }),
        }
    }

    /// A thread for each of its two outputs; they end with the pipes.
    fn read(&mut self, lines: &SyncSender<String>) -> io::Result<()> {
        let out = self.child.stdout.take().map(|out| Box::new(out) as Box<dyn Read + Send>);
        let errors = self.child.stderr.take().map(|errors| Box::new(errors) as Box<dyn Read + Send>);
        for (name, output) in [("build output", out), ("build errors", errors)] {
            let (Some(output), lines) = (output, lines.clone()) else { continue };
            std::thread::Builder::new().name(name.to_owned()).spawn(move || pass_on(output, &lines))?;
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        #[cfg(unix)]
        if let Ok(group) = i32::try_from(self.child.id()) {
            // What it started may outlive it; a group that is gone is no error.
            nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group), nix::sys::signal::Signal::SIGKILL).ok();
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn pass_on(output: impl Read, lines: &SyncSender<String>) {
    let mut output = BufReader::new(output);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match output.by_ref().take(LINE).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        if lines.send(text).is_err() {
            return;
        }
    }
}

/// Every image below `.pio/build`, with its environment; only the wanted one's when one is named.
fn images(build: &Build<'_>) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match std::fs::read_dir(built_below(build)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if build.environment.is_some_and(|wanted| wanted != name) {
            continue;
        }
        let files = ["firmware.bin", "firmware.elf"].map(|file| entry.path().join(file));
        found.extend(files.into_iter().filter(|file| file.is_file()).map(|file| (name.clone(), file)));
    }
    found.sort();
    Ok(found)
}

fn built_below(build: &Build<'_>) -> PathBuf {
    build.folder.join(".pio").join("build")
}

fn found(build: &Build<'_>, images: &[(String, PathBuf)]) -> Result<Built, BuildError> {
    let mut names: Vec<String> = images.iter().map(|(name, _)| name.clone()).collect();
    names.dedup();
    match names.len() {
        0 => return Err(BuildError::NoImage { folder: built_below(build) }),
        1 => {}
        _ => return Err(BuildError::Several { names }),
    }
    let of = |wanted: &str| {
        let mut files = images.iter().map(|(_, file)| file);
        files.find(|file| file.extension().is_some_and(|extension| extension == wanted)).cloned()
    };
    Ok(Built { bin: of("bin"), elf: of("elf") })
}
