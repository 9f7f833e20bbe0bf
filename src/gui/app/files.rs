//! Files: the dialogs they are chosen in, and what comes of them.

use std::sync::Arc;

use egui::Context;

use super::App;
use crate::advice::Advice;
use crate::calibration::workbook::Workbook;
use crate::gui::command::Command;
use crate::gui::core::Tone;
use crate::gui::file_dialog::{Chosen, FileWish};
use crate::gui::pages::firmware::{FirmwareCommand, ProvisionCommand};
use crate::gui::route::Route;
use crate::job::JobError;

impl App {
    pub(super) fn open_file(&mut self, ctx: &Context, wish: FileWish) {
        if let Err(error) = self.file_dialog.open(wish, Arc::new(ctx.clone())) {
            self.core.say(&t!("No file dialog: {error}", error), Tone::Attention);
        }
    }

    /// A file that was dropped is opened by what it is.
    pub(super) fn see_files(&mut self, ctx: &Context) {
        let path = ctx.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()));
        if let Some(path) = path.filter(|path| !self.takes_image(ctx, path)) {
            self.open_file(ctx, FileWish::Dropped(path));
        }
    }

    /// What a file dialog has brought; a file that is none of ours changes nothing.
    pub(super) fn take_file(&mut self, chosen: Result<Chosen, JobError>) {
        let page = &mut self.calculator;
        let saved = |path: std::path::PathBuf| t!("Saved {path}", path = path.display());
        let (route, came) = match chosen {
            Ok(Chosen::Nothing) => return,
            Ok(Chosen::NoDialog) => return self.no_dialog(),
            Ok(Chosen::Image(path)) => return self.commands.push(FirmwareCommand::Open(path).into()),
            Ok(Chosen::Provisioning(path)) => return self.commands.push(ProvisionCommand::Open(path).into()),
            Ok(Chosen::Case(text)) => (Route::Calculator, page.load_case(&text).map_err(|error| error.to_string())),
            Ok(Chosen::Workbook(bytes)) => {
                let read = Workbook::read(&bytes).map_err(|error| error.to_string());
                let loaded = read.and_then(|book| page.load_workbook(book).map_err(|error| error.to_string()));
                (Route::Calculator, loaded)
            }
            Ok(Chosen::SavedCase(path)) => return page.tell(saved(path)),
            Ok(Chosen::Registers(name, text)) => {
                let loaded = self.registers.load(&name, &text);
                (Route::Registers, loaded.map(|said| self.core.say(&said, Tone::Plain)))
            }
            Ok(Chosen::SavedRegisters(path) | Chosen::SavedLog(path) | Chosen::Printed(path)) => {
                return self.core.say(&saved(path), Tone::Plain);
            }
            Ok(Chosen::Exported(path)) => {
                return self.core.say(&t!("Exported {path}", path = path.display()), Tone::Plain);
            }
            Err(error) => (self.route, Err(error.to_string())),
        };
        match came {
            Ok(()) if self.route != route => self.commands.push(Command::Go(route)),
            Ok(()) => {}
            Err(problem) => {
                let next = t!("What stood here stays; choose another file, or see whether this one can be had");
                self.refuse_file(Advice::new(problem, "", next));
            }
        }
    }

    /// A desktop without a way to choose files, which is not to look like a file that nobody chose.
    fn no_dialog(&mut self) {
        self.refuse_file(Advice::new(
            t!("No file dialog opened"),
            t!("This desktop has none to offer: neither a portal nor zenity answers"),
            t!("Install zenity and try again; a file to be opened can be dropped onto the window"),
        ));
    }

    /// Said where it was asked for: the calculator has room for all of it, the status line for what and next.
    fn refuse_file(&mut self, advice: Advice) {
        let line = t!("{what}. {next}", what = advice.what, next = advice.next);
        if self.route == Route::Calculator {
            tracing::warn!("{line}");
            self.calculator.refuse(advice);
        } else {
            self.core.say(&line, Tone::Attention);
            self.file_problem = Some(line);
        }
    }

    /// What could not be had on one page is nothing to go on reading on the next.
    pub(super) fn leave_file_problem(&mut self, to: Route) {
        if self.route != to && self.file_problem.take().is_some_and(|problem| problem == self.core.message.0) {
            self.core.message = Default::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::core::Core;
    use crate::gui::pages::bench::BenchPage;

    fn app(route: Route) -> App {
        let mut app = App::with(Core::default(), BenchPage::default());
        app.route = route;
        app
    }

    #[test]
    fn a_desktop_without_file_dialogs_is_said_with_what_to_do() {
        let mut app = app(Route::Live);
        app.take_file(Ok(Chosen::NoDialog));
        let (said, tone) = app.core.message.clone();
        assert!(said.starts_with("No file dialog opened") && said.contains("Install zenity"), "{said}");
        assert_eq!(tone, Tone::Attention);
    }

    #[test]
    fn what_could_not_be_had_is_not_said_on_the_next_page() {
        let mut app = app(Route::Registers);
        let failed = || Err(JobError::Failed("big.toml cannot be read: it is larger than 16 MiB".to_owned()));
        app.take_file(failed());
        assert!(app.core.message.0.contains("big.toml"));
        app.leave_file_problem(Route::Bench);
        assert_eq!(app.core.message.0, "");
        // What was said since then stays.
        app.take_file(failed());
        app.core.say("station open", Tone::Plain);
        app.leave_file_problem(Route::Bench);
        assert_eq!(app.core.message.0, "station open");
        // The calculator says it itself.
        app.route = Route::Calculator;
        app.take_file(failed());
        assert_eq!(app.core.message.0, "station open");
    }
}
