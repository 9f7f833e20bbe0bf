//! `meterbench profile`: list the shipped profiles, show one, check files of one's own.

use std::io::Write;

use super::exit::Exit;
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
    /// Lists the shipped profiles
    List,
    /// Prints a profile's text, to be read or to start one's own from
    Show {
        /// A shipped name or a file
        name: String,
    },
    /// Checks profiles and says what is wrong with them, line by line
    Check {
        /// Files, or shipped names
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
            Action::Check { files } => self.check(files, out, err),
        }
    }

    fn list(&self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        for listed in profile::list() {
            if self.json {
                writeln!(out, "{}", serde_json::to_string(&listed)?)?;
            } else {
                writeln!(out, "{:<10} {:<22} {}", listed.kind.to_string(), listed.name, listed.title)?;
            }
        }
        Ok(Exit::DONE)
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
            let checked = profile::text_of(file).and_then(|(_, text)| profile::check_text(&text, file));
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
