//! The application: `logic` takes in what the station's thread tells, `ui` draws and carries out what was asked for.

use std::sync::Arc;

use egui::{Context, Theme, Ui};

use super::command::{Command, Commands};
use super::core::Core;
use super::pages::PageCtx;
use super::pages::bench::BenchPage;
use super::question::Question;
use super::session::{RegisterRequest, Session};
use super::tokens::Tokens;
use super::{bars, fonts};
use crate::job::Wake;

/// The window's whole state.
pub struct App {
    /// What is known.
    pub core: Core,
    /// What is typed and chosen.
    pub page: BenchPage,
    question: Question,
    commands: Commands,
    themes: [Tokens; 2],
}

/// Gives a context its fonts, colours and spacings.
pub fn dress(ctx: &Context) {
    ctx.set_fonts(fonts::definitions());
    for theme in [Theme::Dark, Theme::Light] {
        let tokens = Tokens::of(theme);
        ctx.set_visuals_of(theme, tokens.visuals(theme));
        tokens.dress(ctx);
    }
}

impl App {
    /// With a station's thread, connecting to the addresses that stand in the form.
    #[must_use]
    pub fn live(wake: Arc<dyn Wake>) -> Self {
        Self::at(wake, BenchPage::default())
    }

    /// The same with another form.
    #[must_use]
    pub fn at(wake: Arc<dyn Wake>, page: BenchPage) -> Self {
        let mut core = match Session::spawn(wake) {
            Ok(session) => Core::with(session),
            Err(error) => Core::without_station(&error),
        };
        core.connect(page.addresses.clone());
        Self::with(core, page)
    }

    /// Around a core that somebody else fills.
    #[must_use]
    pub fn with(core: Core, page: BenchPage) -> Self {
        let themes = [Tokens::of(Theme::Dark), Tokens::of(Theme::Light)];
        Self { core, page, question: Question::default(), commands: Commands::new(), themes }
    }

    /// Takes in news; also while the window is hidden.
    pub fn take_in(&mut self) {
        self.core.drain();
    }

    /// Draws everything, then does what was asked for.
    pub fn draw_ui(&mut self, ui: &mut Ui) {
        let [dark, light] = &self.themes;
        let tokens = if ui.visuals().dark_mode { dark } else { light };
        let mut page = PageCtx { core: &self.core, commands: &mut self.commands, tokens };
        bars::status_ui(ui, &mut page);
        bars::connection_ui(ui, &mut page, &mut self.page);
        self.page.bench_ui(ui, &mut page);
        self.question.question_ui(ui, &mut page);
        for command in std::mem::take(&mut self.commands) {
            self.execute(ui.ctx(), command);
        }
    }

    fn execute(&mut self, ctx: &Context, command: Command) {
        match command {
            Command::Connect(addresses) => self.core.connect(addresses),
            Command::ToggleAddresses => self.page.addresses_open = !self.page.addresses_open,
            Command::Start(order) => self.core.start(order),
            Command::Cancel => self.core.cancel(),
            Command::Answer(answer) => self.core.answer(answer),
            Command::ReadRegisters(scope) => self.core.request_registers(RegisterRequest::Read(scope)),
            Command::WriteRegister(write) => self.core.request_registers(RegisterRequest::Write(write)),
            Command::Theme(preference) => ctx.set_theme(preference),
        }
        // What a command changed is drawn at once.
        ctx.request_repaint();
    }
}

impl eframe::App for App {
    fn logic(&mut self, _ctx: &Context, _frame: &mut eframe::Frame) {
        self.take_in();
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw_ui(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.core.close();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // Whatever ends the window, the source goes off.
        self.core.close();
    }
}
