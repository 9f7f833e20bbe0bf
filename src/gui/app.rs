//! The application: `logic` takes in what the threads tell, `ui` draws and carries out what was asked for.

use std::sync::Arc;
use std::time::Duration;

use egui::{Context, Theme, ThemePreference, Ui, ViewportCommand, gui_zoom::kb_shortcuts};

use super::command::{Command, Commands};
use super::core::{Core, Tone};
use super::file_dialog::{Chosen, FileDialog};
use super::offers::{Offer, offers};
use super::pages::PageCtx;
use super::pages::about::about_ui;
use super::pages::bench::BenchPage;
use super::pages::calculator::CalculatorPage;
use super::pages::profiles::ProfilesPage;
use super::pages::registers::RegistersPage;
use super::pages::settings::settings_ui;
use super::palette::Palette;
use super::ports::{Look as PortsLook, PortWatch};
use super::question::Question;
use super::rail::rail_ui;
use super::route::Route;
use super::session::{RegisterRequest, Session};
use super::tokens::Tokens;
use super::{bars, fonts};
use crate::calibration::workbook::Workbook;
use crate::clock::{RealClock, sleep};
use crate::job::{JobError, Wake};
use crate::settings::{Found, Keeper, Store, TEXT_SIZES, ThemeChoice, WindowPlace};

/// How long closing the window waits for its settings to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// The window's whole state.
pub struct App {
    /// What is known.
    pub core: Core,
    /// The page that is shown.
    pub route: Route,
    /// What is typed and chosen on the bench page.
    pub page: BenchPage,
    /// What is typed on the calculator page.
    pub calculator: CalculatorPage,
    file_dialog: FileDialog,
    registers: RegistersPage,
    profiles: ProfilesPage,
    question: Question,
    palette: Palette,
    commands: Commands,
    themes: [Tokens; 2],
    keeper: Option<Keeper>,
    ports: Option<PortWatch>,
    /// Theme and text size as the context has them.
    worn: Option<(ThemeChoice, u16)>,
    place: WindowPlace,
}

/// Gives a context its fonts, colours and spacings.
pub fn dress(ctx: &Context) {
    ctx.set_fonts(fonts::definitions());
    // The settings decide on the size of text; their keys are in the table of commands.
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
    for theme in [Theme::Dark, Theme::Light] {
        let tokens = Tokens::of(theme);
        ctx.set_visuals_of(theme, tokens.visuals(theme));
        tokens.dress(ctx);
    }
}

impl App {
    /// With what was remembered, and a thread that goes on remembering.
    #[must_use]
    pub fn remembering(wake: Arc<dyn Wake>, store: Option<Store>, found: Found) -> Self {
        let mut app = Self::at(Arc::clone(&wake), BenchPage::remembered(&found.settings));
        app.place = found.settings.window;
        app.core.settings_file = store.as_ref().map(Store::file);
        if let Some(store) = store.filter(|_| found.writable) {
            match Keeper::spawn(store, found.settings.clone(), wake) {
                Ok(keeper) => app.keeper = Some(keeper),
                Err(error) => app.unsettled(format!("The settings are not saved: {error}")),
            }
        }
        app.core.settings = found.settings;
        if let Some(problem) = found.problem {
            app.unsettled(problem);
        }
        app
    }

    /// With a station's thread, connecting to the addresses that stand in the form.
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
        Self {
            place: core.settings.window,
            core,
            route: Route::default(),
            page,
            calculator: CalculatorPage::default(),
            file_dialog: FileDialog::default(),
            registers: RegistersPage::default(),
            profiles: ProfilesPage::default(),
            question: Question::default(),
            palette: Palette::default(),
            commands: Commands::new(),
            themes: [Tokens::of(Theme::Dark), Tokens::of(Theme::Light)],
            keeper: None,
            ports: None,
            worn: None,
        }
    }

    /// With a way to find out which ports are plugged in.
    #[must_use]
    pub fn watching_ports(mut self, look: PortsLook, wake: Arc<dyn Wake>) -> Self {
        self.ports = Some(PortWatch::new(look, wake));
        self
    }

    /// Takes in news; also while the window is hidden.
    pub fn take_in(&mut self) {
        self.core.drain();
        if let Some(problem) = self.keeper.as_mut().and_then(Keeper::poll) {
            self.unsettled(problem);
        }
        if let Some(chosen) = self.file_dialog.poll() {
            self.take_file(chosen);
        }
        if let Some(watch) = &mut self.ports
            && let Some(ports) = watch.watch(self.route == Route::Settings)
        {
            self.core.ports = Some(ports);
        }
    }

    /// Draws everything, then does what was asked for.
    pub fn draw_ui(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        self.dress_again(&ctx);
        self.see_place(&ctx);
        let offers = offers(&self.core, &self.page);
        self.keys(&ctx, &offers);
        let [dark, light] = &self.themes;
        let tokens = if ui.visuals().dark_mode { dark } else { light };
        let mut page = PageCtx { core: &self.core, commands: &mut self.commands, tokens };
        bars::status_ui(ui, &mut page, self.route);
        bars::connection_ui(ui, &mut page, &mut self.page);
        rail_ui(ui, &mut page, self.route);
        match self.route {
            Route::Bench => self.page.bench_ui(ui, &mut page),
            Route::Calculator => {
                let wishes = self.calculator.calculator_ui(ui, page.tokens);
                page.commands.extend(wishes.into_iter().map(Command::Calculator));
            }
            Route::Registers => self.registers.registers_ui(ui, &mut page),
            Route::Profiles => self.profiles.profiles_ui(ui, &mut page),
            Route::Settings => settings_ui(ui, &mut page),
            Route::About => about_ui(ui, &mut page, &offers),
        }
        self.question.question_ui(ui, &mut page);
        self.palette.palette_ui(ui, &mut page, &offers);
        for command in std::mem::take(&mut self.commands) {
            self.execute(&ctx, command);
            // What a command changed is drawn at once.
            ctx.request_repaint();
        }
        let settings = &mut self.core.settings;
        if settings.profile != self.page.profile || settings.procedure != self.page.procedure {
            settings.profile.clone_from(&self.page.profile);
            settings.procedure.clone_from(&self.page.procedure);
        }
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(&self.core.settings);
        }
    }

    /// Stops everything and remembers how the window was; returns whether the station's thread has ended in time.
    pub fn close(&mut self) -> bool {
        let closed = self.core.close();
        if let Some(mut keeper) = self.keeper.take() {
            self.core.settings.window = self.place;
            keeper.keep(&self.core.settings);
            keeper.close();
            let clock = RealClock::shared();
            let give_up = clock.now() + PATIENCE;
            while !keeper.is_over() && clock.now() < give_up {
                sleep(&*clock, Duration::from_millis(5));
            }
        }
        closed
    }

    /// Keys belong to the list of commands while it is open, to a question while one stands, and to the window otherwise.
    fn keys(&mut self, ctx: &Context, offers: &[Offer]) {
        let opened = self.palette.is_open();
        self.commands.extend(self.palette.keys(ctx, offers));
        if opened {
            return;
        }
        let asked = self.core.question.is_some();
        if let Some(shortcut) = Command::OpenPalette.look().shortcut.filter(|_| !asked) {
            self.palette.open_by_key(ctx, &shortcut);
        }
        for offer in offers {
            let shortcut = offer.command.look().shortcut.filter(|_| offer.enabled);
            if let Some(shortcut) = shortcut
                && (!asked || offer.command == Command::Cancel)
            {
                let larger = offer.command == Command::TextLarger;
                let pressed = ctx.input_mut(|input| {
                    input.consume_shortcut(&shortcut)
                        || larger && input.consume_shortcut(&kb_shortcuts::ZOOM_IN_SECONDARY)
                });
                if pressed {
                    self.commands.push(offer.command.clone());
                }
            }
        }
    }

    fn execute(&mut self, ctx: &Context, command: Command) {
        match command {
            Command::Go(route) => {
                self.route = route;
                // The scanner's field takes its focus back whenever its page is shown.
                self.page.focus_serial();
            }
            Command::OpenPalette => self.palette.open(ctx),
            Command::NextUnit => {
                self.route = Route::Bench;
                self.page.focus_serial();
            }
            Command::Start(order) => {
                self.route = Route::Bench;
                self.core.start(order);
            }
            Command::Cancel => self.core.cancel(),
            Command::Acknowledge => self.core.acknowledge(),
            Command::Answer(answer) => self.core.answer(answer),
            Command::ReadRegisters(scope) => self.core.request_registers(RegisterRequest::Read(scope)),
            Command::WriteRegister(write) => self.core.request_registers(RegisterRequest::Write(write)),
            Command::Connect(addresses) => {
                self.core.settings.addresses = addresses.clone();
                self.core.connect(addresses);
            }
            Command::ToggleAddresses => self.page.addresses_open = !self.page.addresses_open,
            Command::UseProfile(name) => self.page.profile = name,
            Command::UseProcedure(name) => self.page.procedure = name,
            Command::Theme(choice) => self.core.settings.theme = choice,
            Command::TextSize(percent) => self.core.settings.text_size_percent = percent,
            Command::TextLarger => self.step_text(|size, now| size > now, TEXT_SIZES.iter()),
            Command::TextSmaller => self.step_text(|size, now| size < now, TEXT_SIZES.iter().rev()),
            Command::ToggleRail => self.core.settings.rail_folded = !self.core.settings.rail_folded,
            Command::Copy(what, text) => {
                ctx.copy_text(text);
                self.core.say(&format!("Copied {what}"), Tone::Plain);
            }
            Command::Calculator(wish) => {
                if let Err(error) = self.file_dialog.open(wish, Arc::new(ctx.clone())) {
                    self.core.say(&format!("No file dialog: {error}"), Tone::Attention);
                }
            }
            Command::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
        }
    }

    /// What a file dialog has brought; a file that is none of ours changes nothing.
    fn take_file(&mut self, chosen: Result<Chosen, JobError>) {
        let page = &mut self.calculator;
        let problem = match chosen {
            Ok(Chosen::Nothing) => return,
            Ok(Chosen::Case(text)) => page.load_case(&text).err().map(|error| error.to_string()),
            Ok(Chosen::Workbook(bytes)) => match Workbook::read(&bytes) {
                Ok(workbook) => page.load_workbook(workbook).err().map(|error| error.to_string()),
                Err(error) => Some(error.to_string()),
            },
            Ok(Chosen::Saved(path)) => {
                page.said = format!("Saved {}", path.display());
                None
            }
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            page.said.clone_from(&problem);
            self.core.say(&problem, Tone::Attention);
        }
    }

    fn step_text<'a>(&mut self, further: fn(u16, u16) -> bool, mut sizes: impl Iterator<Item = &'a u16>) {
        let now = self.core.settings.text_size_percent;
        if let Some(size) = sizes.find(|size| further(**size, now)) {
            self.core.settings.text_size_percent = *size;
        }
    }

    /// Gives the context theme and text size when the settings have changed.
    fn dress_again(&mut self, ctx: &Context) {
        let settings = &self.core.settings;
        let wanted = Some((settings.theme, settings.text_size_percent));
        if self.worn != wanted {
            self.worn = wanted;
            ctx.set_theme(match settings.theme {
                ThemeChoice::Light => ThemePreference::Light,
                ThemeChoice::Dark => ThemePreference::Dark,
                ThemeChoice::System => ThemePreference::System,
            });
            ctx.set_zoom_factor(settings.text_factor());
        }
    }

    /// The window's size, in points of the desktop.
    fn see_place(&mut self, ctx: &Context) {
        let zoom = ctx.zoom_factor();
        let (size, maximised) = ctx.input(|input| {
            let viewport = input.viewport();
            (viewport.inner_rect.map(|rect| rect.size() * zoom), viewport.maximized.unwrap_or(false))
        });
        self.place.maximised = maximised;
        if let Some(size) = size.filter(|size| !maximised && size.x >= 100.0 && size.y >= 100.0) {
            (self.place.width, self.place.height) = (size.x.round() as u32, size.y.round() as u32);
        }
    }

    fn unsettled(&mut self, problem: String) {
        self.core.say(&problem, Tone::Attention);
        self.core.settings_problem = Some(problem);
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
        self.close();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // Whatever ends the window, the source goes off.
        self.close();
    }
}
