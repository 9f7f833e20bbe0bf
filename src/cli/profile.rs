//! `meterbench profile`: list the profiles, show one, copy one to change it, check those of one's own.

use std::io::Write;

use super::exit::Exit;
use crate::profile::library::{Entry, Library, Origin};
use crate::profile::{self, ProfileError};

/// Shows and checks descriptions of meters, procedures and instruments
#[derive(Debug, clap::Args)]
pub struct ProfileCommand {
    #[command(subcommand)]
    action: Action,
    /// One JSON object a line
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Lists the profiles of the program and one's own
    List,
    /// Prints a profile's text, to be read or to start one's own from
    Show {
        /// A name or a file
        name: String,
    },
    /// Copies a profile under a new name to where one's own are kept, and prints its path
    Copy {
        /// The name of a profile
        name: String,
        /// Letters, digits, - and _
        new: String,
    },
    /// Checks profiles and says what is wrong with them, line by line
    Check {
        /// Files, or names
        #[arg(required = true)]
        files: Vec<String>,
    },
}

impl ProfileCommand {
    /// Does it; results go to `out`, messages to `err`.
    ///
    /// # Errors
    /// `out` or `err` cannot be written.
    pub fn run(&self, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        match &self.action {
            Action::List => self.list(out),
            Action::Show { name } => self.show(name, out, err),
            Action::Copy { name, new } => self.copy(name, new, out, err),
            Action::Check { files } => self.check(files, out, err),
        }
    }

    fn list(&self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        for entry in Library::installed().list() {
            let Entry { kind, name, title, origin, findings, .. } = &entry;
            let file = match origin {
                Origin::Shipped => None,
                Origin::User(path) => Some(path.display().to_string()),
            };
            if self.json {
                let usable = entry.usable();
                let origin = if entry.shipped() { "shipped" } else { "user" };
                let line = serde_json::json!({
                    "kind": kind, "name": name, "title": title, "origin": origin, "file": file, "usable": usable,
                    "findings": findings,
                });
                writeln!(out, "{line}")?;
                continue;
            }
            write!(out, "{:<10} {name:<22} {title}", kind.to_string())?;
            if let Some(file) = file {
                write!(out, " ({file}{})", if entry.usable() { "" } else { ", not used: it has faults" })?;
            }
            writeln!(out)?;
        }
        Ok(Exit::DONE)
    }

    fn copy(&self, name: &str, new: &str, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        let library = Library::installed();
        let copied = library.copy(name, new);
        let entry = library.list().into_iter().find(|entry| copied.is_ok() && entry.name == new);
        match (copied, entry.map(|entry| entry.origin)) {
            (Err(error), _) => writeln!(err, "{error}")?,
            (Ok(kind), Some(Origin::User(file))) => {
                if self.json {
                    writeln!(out, "{}", serde_json::json!({ "kind": kind, "name": new, "file": file }))?;
                } else {
                    writeln!(out, "{}", file.display())?;
                }
                return Ok(Exit::DONE);
            }
            (Ok(_), _) => writeln!(err, "{new} was written and is not there any more")?,
        }
        Ok(Exit::BAD_INPUT)
    }

    fn show(&self, name: &str, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        let text = match profile::text_of(name) {
            Ok((_, text)) => text,
            Err(error) => {
                writeln!(err, "{error}")?;
                return Ok(Exit::BAD_INPUT);
            }
        };
        if self.json {
            let content: toml::Table = toml::from_str(&text)?;
            writeln!(out, "{}", serde_json::json!({ "origin": name, "text": text, "profile": content }))?;
        } else {
            out.write_all(text.as_bytes())?;
        }
        Ok(Exit::DONE)
    }

    fn check(&self, files: &[String], out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<Exit> {
        let mut code = Exit::DONE;
        for file in files {
            let checked = check(file);
            if checked.is_err() {
                code = Exit::BAD_INPUT;
            }
            match checked {
                _ if self.json => writeln!(out, "{}", verdict(file, &checked))?,
                Ok((kind, name)) => writeln!(out, "{file}: OK, {kind} profile {name}")?,
                Err(error) => writeln!(err, "{error}")?,
            }
        }
        Ok(code)
    }
}

/// A profile of one's own is checked as it is loaded: its name inside must be that of its file.
fn check(name: &str) -> Result<(profile::Kind, String), ProfileError> {
    let (_, text) = profile::text_of(name)?;
    let own = Library::installed().list().into_iter().find(|entry| entry.name == name && !entry.shipped());
    match own {
        Some(Entry { findings, origin: Origin::User(path), .. }) if !findings.is_empty() => {
            Err(ProfileError::Content { file: path.display().to_string(), findings })
        }
        _ => profile::check_text(&text, name),
    }
}

fn verdict(file: &str, checked: &Result<(profile::Kind, String), ProfileError>) -> serde_json::Value {
    match checked {
        Ok((kind, name)) => serde_json::json!({ "file": file, "ok": true, "kind": kind, "name": name }),
        Err(error) => serde_json::json!({
            "file": file, "ok": false, "error": error.to_string(), "findings": error.findings(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        command: ProfileCommand,
    }

    /// Exit code, standard output, standard error.
    fn run(arguments: &[&str]) -> (Exit, String, String) {
        let line = <Line as clap::Parser>::parse_from(std::iter::once(&"profile").chain(arguments));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = line.command.run(&mut out, &mut err).expect("written");
        (code, String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
    }

    fn file(name: &str, text: &str) -> String {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("profile-check");
        std::fs::create_dir_all(&folder).expect("folder");
        let path = folder.join(name);
        std::fs::write(&path, text).expect("file");
        path.to_str().expect("text").to_owned()
    }

    #[test]
    fn shipped_profiles_are_listed_and_shown() {
        let (code, out, _) = run(&["list"]);
        assert_eq!(code, Exit::DONE);
        assert!(out.contains("meter      opensmartmeter-mt50"), "{out}");
        let (_, out, _) = run(&["list", "--json"]);
        assert!(out.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{out}");
        let (code, out, _) = run(&["show", "calibrate"]);
        assert_eq!((code, out.contains("[stability]")), (Exit::DONE, true));
        let (_, out, _) = run(&["show", "calibrate", "--json"]);
        let shown: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(shown["profile"]["stability"]["window_secs"], 4);
        let (code, out, err) = run(&["show", "nothing"]);
        assert_eq!((code, out.as_str()), (Exit::BAD_INPUT, ""));
        assert!(err.contains("opensmartmeter-mt50"), "{err}");
    }

    #[test]
    fn files_are_checked() {
        let (_, text) = profile::text_of("calibrate").expect("shipped");
        let good = file("good.toml", &text);
        let bad = file("bad.toml", &text.replace("timeout_secs", "time_out_secs"));
        let (code, out, err) = run(&["check", &good, "opensmartmeter-mt50"]);
        assert_eq!((code, err.as_str()), (Exit::DONE, ""));
        assert!(out.contains("OK, procedure profile calibrate"), "{out}");
        let (code, out, err) = run(&["check", &good, &bad]);
        assert_eq!(code, Exit::BAD_INPUT);
        assert!(out.contains("good.toml: OK") && !out.contains("bad.toml"), "{out}");
        assert!(err.contains("bad.toml: line ") && err.contains("timeout_secs"), "{err}");
        let (code, out, _) = run(&["check", "--json", &bad, "no/such.toml"]);
        assert_eq!(code, Exit::BAD_INPUT);
        let first: serde_json::Value = serde_json::from_str(out.lines().next().expect("a line")).expect("JSON");
        assert_eq!((&first["ok"], &first["findings"][0]["key"]), (&false.into(), &"stability.time_out_secs".into()));
        assert_eq!(out.lines().count(), 2);
    }
}
