//! The application: `logic` takes in what the threads tell, `ui` draws and carries out what was asked for.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::{Context, Theme, Ui, ViewportCommand, gui_zoom::kb_shortcuts};

use super::archive::Archive;
use super::command::{Command, Commands};
use super::connection::{Connection, bar_ui};
use super::core::{Core, Scanned, Tone};
use super::device::Device;
use super::file_dialog::{FileDialog, FileWish};
use super::in_turn::InTurn;
use super::log_view::LogView;
use super::offers::{Offer, offers};
use super::pages::PageCtx;
use super::pages::about::about_ui;
use super::pages::bench::BenchPage;
use super::pages::calculator::{CalculatorCommand, CalculatorPage};
use super::pages::firmware::FirmwarePage;
use super::pages::live::LivePage;
use super::pages::profiles::{Leave, ProfilesPage};
use super::pages::records::RecordsPage;
use super::pages::registers::RegistersPage;
use super::pages::settings::settings_ui;
use super::pages::{firmware as firmware_page, registers};
use super::palette::Palette;
use super::plugs::Plug;
use super::ports::{Look as PortsLook, PortWatch};
use super::question::Question;
use super::rail::rail_ui;
use super::reprint::Press;
use super::route::Route;
use super::session::{RegisterRequest, Session};
use super::shelf::{Shelf, ShelfNotice, ShelfRequest};
use super::sound::Sounds;
use super::texts::language;
use super::texts::shelf::TextShelf;
use super::tokens::Tokens;
use super::watch_view::RENEW_SECS;
use super::{bars, fonts};
use crate::clock::{RealClock, sleep};
use crate::job::Wake;
use crate::log::Log;
use crate::port::url::{DeviceUrl, Transport};
use crate::profile::library::Library;
use crate::record::file_in;
use crate::settings::{Found, Keeper, Store, TEXT_SIZES, ThemeChoice, WindowPlace};
use crate::station::check::Instruments;

mod bench;
mod files;
mod firmware;
mod live;
mod look;
mod provisioning;
mod records;

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
    /// The connection bar and its panel.
    pub connection: Connection,
    /// The log's drawer.
    pub log: LogView,
    /// What is chosen on the firmware page.
    pub firmware: FirmwarePage,
    /// What is chosen on the live page.
    pub live: LivePage,
    /// What is searched for and shown of the records.
    pub records: RecordsPage,
    archive: Option<Archive>,
    press: Option<Press>,
    file_dialog: FileDialog,
    /// What the status line says of a file that could not be had.
    file_problem: Option<String>,
    registers: RegistersPage,
    profiles: ProfilesPage,
    question: Question,
    palette: Palette,
    commands: Commands,
    themes: [Tokens; 2],
    keeper: Option<Keeper>,
    sounds: Option<Sounds>,
    ports: Option<PortWatch>,
    shelf: Option<Shelf>,
    texts: Option<TextShelf>,
    /// Theme and text size as the context has them.
    worn: Option<(ThemeChoice, u16)>,
    place: WindowPlace,
    first_frame: FirstFrame,
    /// The window can be seen, so the ports are looked at.
    visible: bool,
    time: Option<fn() -> jiff::Zoned>,
}

/// How far the first frame is; that it was shown is logged once, for who measures how long the start takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FirstFrame {
    Awaited,
    Drawn,
    Shown,
}

/// Gives a context its fonts, colours and spacings, and has it take keys in their turn.
pub fn dress(ctx: &Context) {
    ctx.add_plugin(InTurn::default());
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
        let session = Session::spawn(Arc::clone(&wake));
        Self::beginning(wake, store, found, session)
    }

    /// As [`App::remembering`], with all runs recorded in a folder.
    #[must_use]
    pub fn recording(wake: Arc<dyn Wake>, store: Option<Store>, found: Found, records: PathBuf) -> Self {
        let file = file_in(&records);
        let session = Session::recording(Arc::clone(&wake), records);
        Self::beginning(Arc::clone(&wake), store, found, session).reading_records(file, wake)
    }

    fn beginning(wake: Arc<dyn Wake>, store: Option<Store>, found: Found, session: io::Result<Session>) -> Self {
        let mut app = Self::behind(session, BenchPage::remembered(&found.settings));
        app.place = found.settings.window;
        app.core.settings_file = store.as_ref().map(Store::file);
        if let Some(store) = store.filter(|_| found.writable) {
            match Keeper::spawn(store, found.settings.clone(), wake) {
                Ok(keeper) => app.keeper = Some(keeper),
                Err(error) => app.unsettled(t!("The settings are not saved: {error}", error)),
            }
        }
        app.core.settings = found.settings;
        if let Some(problem) = found.problem {
            app.unsettled(problem);
        }
        app
    }

    /// With a station's thread that records nothing, connecting to the addresses that stand in the form.
    #[must_use]
    pub fn at(wake: Arc<dyn Wake>, page: BenchPage) -> Self {
        Self::behind(Session::spawn(wake), page)
    }

    fn behind(session: io::Result<Session>, page: BenchPage) -> Self {
        let mut core = match session {
            Ok(session) => Core::with(session),
            Err(error) => Core::without_station(&error),
        };
        core.connect(page.addresses.clone());
        Self::with(core, page)
    }

    /// Around a core that somebody else fills.
    #[must_use]
    pub fn with(mut core: Core, page: BenchPage) -> Self {
        if core.profiles.is_empty() {
            core.profiles = Library::default().list();
        }
        if core.languages.is_empty() {
            core.languages = language::shipped();
        }
        Self {
            place: core.settings.window,
            core,
            route: Route::default(),
            page,
            calculator: CalculatorPage::default(),
            connection: Connection::default(),
            log: LogView::default(),
            firmware: FirmwarePage::default(),
            live: LivePage::default(),
            records: RecordsPage::default(),
            archive: None,
            press: None,
            file_dialog: FileDialog::default(),
            file_problem: None,
            registers: RegistersPage::default(),
            profiles: ProfilesPage::default(),
            question: Question::default(),
            palette: Palette::default(),
            commands: Commands::new(),
            themes: [Tokens::of(Theme::Dark), Tokens::of(Theme::Light)],
            keeper: None,
            sounds: None,
            ports: None,
            shelf: None,
            texts: None,
            worn: None,
            first_frame: FirstFrame::Awaited,
            visible: true,
            time: None,
        }
    }

    /// With a way to be heard.
    #[must_use]
    pub fn heard_by(mut self, sounds: Sounds) -> Self {
        self.sounds = Some(sounds);
        self
    }

    /// With a way to find out which ports are plugged in.
    #[must_use]
    pub fn watching_ports(mut self, look: PortsLook, wake: Arc<dyn Wake>) -> Self {
        self.ports = Some(PortWatch::new(look, wake));
        self
    }

    /// With a log to look into.
    #[must_use]
    pub fn showing_log(mut self, log: Log, wake: Arc<dyn Wake>) -> Self {
        log.wakes(wake);
        self.log = LogView::of(log);
        self
    }

    /// With a clock in the status line.
    #[must_use]
    pub fn telling_time(mut self, time: fn() -> jiff::Zoned) -> Self {
        self.time = Some(time);
        self
    }

    /// With a thread that reads and writes the profiles of this library.
    #[must_use]
    pub fn keeping_profiles(mut self, library: Library, wake: Arc<dyn Wake>) -> Self {
        match Shelf::spawn(library, wake) {
            Ok(shelf) => {
                self.shelf = Some(shelf);
                self.ask_shelf(ShelfRequest::List);
            }
            Err(error) => self.core.say(&t!("Profiles of your own are not there: {error}", error), Tone::Attention),
        }
        self
    }

    /// Takes in news; also while the window is hidden.
    pub fn take_in(&mut self) {
        if let Some(found) = self.texts.as_mut().and_then(TextShelf::poll) {
            self.core.languages.extend(found);
            self.texts = None;
        }
        self.speak();
        self.core.drain();
        self.take_firmware();
        self.core.now = self.time.map(|time| time());
        self.log.take_in();
        self.core.unread = self.log.unread();
        for cue in std::mem::take(&mut self.core.cues) {
            if let Some(sounds) = self.sounds.as_mut().filter(|_| self.core.settings.sounds) {
                sounds.play(cue);
            }
        }
        if let Some(problem) = self.keeper.as_mut().and_then(Keeper::poll) {
            self.unsettled(problem);
        }
        if let Some(chosen) = self.file_dialog.poll() {
            self.take_file(chosen);
        }
        self.take_records();
        while let Some(told) = self.shelf.as_mut().and_then(Shelf::poll) {
            match told {
                Ok(notice) => self.take_profiles(notice),
                Err(error) => {
                    self.shelf = None;
                    self.core.profiles_busy = false;
                    self.core.say(&t!("Profiles are not saved any more: {error}", error), Tone::Attention);
                }
            }
        }
        if let Some(watch) = &mut self.ports
            && let Some(ports) = watch.watch(self.visible)
        {
            self.core.ports = Some(ports);
            self.core.see_plugs(&self.page.addresses);
        }
        if self.core.settings.reconnect_by_itself && !self.core.run().running {
            for device in self.core.plugs.returned() {
                tracing::info!(?device, "connected again by itself");
                self.reconnect(Some(device));
            }
        }
    }

    /// Connects one device again, or all. A converter that came back under another name gives its device another address.
    fn reconnect(&mut self, device: Option<Device>) {
        if self.core.run().running {
            return;
        }
        let mut moved = false;
        for back in Device::ALL.into_iter().filter(|other| device.is_none_or(|device| device == *other)) {
            if let Some(Plug::Back { port, .. }) = self.core.plugs.of(back).cloned() {
                let old = back.address(&self.page.addresses, &self.core.settings.target).to_owned();
                if let Ok(url) = old.trim().parse::<DeviceUrl>() {
                    let kind = url.kind.clone();
                    self.readdress(back, url.over(&kind, Transport::Serial(port)).to_string());
                }
                moved |= back.is_held();
                self.core.plugs.settle(back);
            }
        }
        match device {
            Some(device) if self.core.links.open && !moved => self.core.reconnect(device),
            Some(Device::Target) => {}
            _ => self.core.connect(self.page.addresses.clone()),
        }
        self.core.see_plugs(&self.page.addresses);
    }

    /// What the page that is shown can do besides what every page can.
    fn page_offers(&self) -> Vec<Offer> {
        match self.route {
            Route::Calculator => CalculatorCommand::offers(),
            Route::Registers => registers::offers(&self.core),
            Route::Firmware => firmware_page::offers(&self.core, &self.page.addresses),
            Route::Profiles => self.profiles.offers(&self.core),
            _ => Vec::new(),
        }
    }

    /// Gives a device another address; nothing is connected by it.
    fn readdress(&mut self, device: Device, text: String) {
        if device == Device::Target {
            self.core.settings.target = text;
            self.core.firmware.forget_chip();
        } else {
            self.page.addresses = device.readdressed(&self.page.addresses, text);
            self.core.settings.addresses = self.page.addresses.clone();
        }
    }

    /// Draws everything, then does what was asked for.
    pub fn draw_ui(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        self.speak();
        self.dress_again(&ctx);
        self.see_place(&ctx);
        if self.route == Route::Live {
            let time = ctx.input(|input| input.time);
            self.core.keep_watching(time, &self.page.profile, &self.page.procedure);
            ctx.request_repaint_after(Duration::from_secs_f64(RENEW_SECS));
        }
        if let Some(rest) = self.core.go_on() {
            ctx.request_repaint_after(rest);
        }
        let mut offers = offers(&self.core, &self.page);
        offers.extend(self.page_offers());
        self.see_provisioning(&ctx);
        self.see_files(&ctx);
        self.see_leaving(&ctx);
        self.keys(&ctx, &offers);
        let [dark, light] = &self.themes;
        let tokens = if ui.visuals().dark_mode { dark } else { light };
        let mut page = PageCtx { core: &self.core, commands: &mut self.commands, tokens };
        bars::status_ui(ui, &mut page, self.route);
        bar_ui(ui, &mut page, &mut self.connection, &self.page.addresses);
        rail_ui(ui, &mut page, self.route);
        self.log.log_ui(ui, &mut page);
        match self.route {
            Route::Bench => self.page.bench_ui(ui, &mut page),
            Route::Live => self.live.live_ui(ui, &mut page),
            Route::Calculator => {
                let wishes = self.calculator.calculator_ui(ui, page.tokens);
                page.commands.extend(wishes.into_iter().map(Command::Calculator));
            }
            Route::Registers => self.registers.registers_ui(ui, &mut page),
            Route::Firmware => self.firmware.firmware_ui(ui, &mut page, &self.page.addresses),
            Route::Records => self.records.records_ui(ui, &mut page),
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
        for (remembered, typed) in
            [(&mut settings.profile, &self.page.profile), (&mut settings.procedure, &self.page.procedure)]
        {
            if remembered != typed {
                remembered.clone_from(typed);
            }
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
        if !asked {
            self.connection.keys(ctx, &self.core, &self.page.addresses);
            if self.log.keys(ctx) {
                self.hide_log();
            }
            if self.route == Route::Records {
                self.records.keys(ctx);
            }
        }
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
            Command::Go(route) if self.must_ask(route) => self.profiles.ask_before(Leave::Go(route)),
            Command::Go(route) => {
                self.leave_file_problem(route);
                self.route = route;
                // The scanner's field takes its focus back whenever its page is shown.
                self.page.focus_serial();
                match route {
                    Route::Calculator => self.calculator.focus(),
                    Route::Records => self.enter_records(ctx),
                    Route::Firmware => self.core.provisioning.outdate(),
                    _ => {}
                }
            }
            Command::Records(command) => self.execute_records(ctx, command),
            Command::OpenPalette => self.palette.open(ctx),
            Command::NextUnit => {
                self.route = Route::Bench;
                self.core.next_unit();
                self.page.focus_serial();
            }
            Command::Scan(serial) => {
                if self.core.scan(&serial) == Scanned::Full {
                    self.core.start(self.page.order(&self.core));
                }
            }
            Command::ShowPosition(number) => {
                // These pages are of one position, too.
                if !matches!(self.route, Route::Live | Route::Registers) {
                    self.route = Route::Bench;
                }
                self.core.show(number);
            }
            Command::LeaveOut(number, left_out) => self.core.leave_out(number, left_out),
            Command::ToggleDetail => {
                self.route = Route::Bench;
                self.page.detail = !self.page.detail;
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
            Command::WriteRegisters(writes) => self.core.request_registers(RegisterRequest::WriteAll(writes)),
            Command::RegisterFile(wish) => self.open_file(ctx, FileWish::Registers(wish)),
            Command::Profile(request) => self.ask_shelf(request),
            Command::Address(device, text) => {
                self.readdress(device, text);
                if device.is_held() {
                    self.core.connect(self.page.addresses.clone());
                } else {
                    self.core.say(t!("Flash target set"), Tone::Plain);
                }
                self.core.see_plugs(&self.page.addresses);
            }
            Command::FurtherMeters(texts) => {
                self.page.addresses.more_meters = texts;
                self.core.settings.addresses = self.page.addresses.clone();
                self.core.connect(self.page.addresses.clone());
            }
            Command::FurtherTargets(texts) => {
                self.core.settings.more_targets = texts;
                self.core.say(t!("Flash targets set"), Tone::Plain);
            }
            Command::Heads(texts) => self.connect_heads(texts),
            Command::Golden(golden) => self.measure_golden(golden),
            Command::Reconnect(device) => self.reconnect(device),
            Command::OpenDevice(device) if self.connection.shown() == Some(device) => self.connection.close(ctx),
            Command::OpenDevice(device) => self.connection.open(ctx, device, &self.core, &self.page.addresses),
            Command::ToggleAddresses => self.connection.toggle(ctx, &self.core, &self.page.addresses),
            Command::CloseDevice => self.connection.close(ctx),
            Command::ToggleLog if self.log.is_open() => self.hide_log(),
            Command::ToggleLog | Command::ShowLog => self.show_log(),
            Command::SaveLog(lines) => self.open_file(ctx, FileWish::Log(lines)),
            Command::Set(change) => change.apply(&mut self.core.settings),
            Command::UseProfile(name) => self.page.profile = name,
            Command::UseProcedure(name) => self.page.procedure = name,
            Command::Theme(choice) => self.core.settings.theme = choice,
            Command::TextSize(percent) => self.core.settings.text_size_percent = percent,
            Command::Language(id, _) => {
                self.core.settings.language = id;
                self.speak();
            }
            Command::TextLarger => self.step_text(|size, now| size > now, TEXT_SIZES.iter()),
            Command::TextSmaller => self.step_text(|size, now| size < now, TEXT_SIZES.iter().rev()),
            Command::ToggleRail => self.core.settings.rail_folded = !self.core.settings.rail_folded,
            Command::Copy(what, text) => {
                ctx.copy_text(text);
                self.core.say(&t!("Copied {what}", what), Tone::Plain);
            }
            Command::Firmware(command) => self.execute_firmware(ctx, command),
            Command::Disconnect => self.core.disconnect(),
            Command::Live(command) => self.execute_live(ctx, command),
            Command::Calculator(wish) => self.open_file(ctx, FileWish::Calculator(wish)),
            Command::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
        }
    }

    /// Its search gets the focus, but not the scanner's: a label is never searched for in the log.
    fn show_log(&mut self) {
        self.log.open();
        if self.route == Route::Bench {
            self.page.focus_serial();
        } else {
            self.log.find();
        }
    }

    fn hide_log(&mut self) {
        self.log.hide();
        self.page.focus_serial();
    }

    /// The window closes only when nothing is lost by it: no chip is left half written, no hour of measuring thrown away, nothing typed.
    fn see_leaving(&mut self, ctx: &Context) {
        if !ctx.input(|input| input.viewport().close_requested()) {
            return;
        }
        if self.core.firmware.is_flashing() {
            self.route = Route::Firmware;
            self.core.say(t!("A chip is being flashed; cancel that first, or wait until it is done"), Tone::Attention);
        } else if self.core.run().running {
            self.route = Route::Bench;
            self.core.say(t!("A run is going on; cancel that first (Esc), or wait until it is done"), Tone::Attention);
        } else if self.profiles.unsaved() {
            self.route = Route::Profiles;
            self.profiles.ask_before(Leave::Quit);
        } else {
            return;
        }
        ctx.send_viewport_cmd(ViewportCommand::CancelClose);
    }

    fn must_ask(&self, to: Route) -> bool {
        self.route == Route::Profiles && to != Route::Profiles && self.profiles.unsaved()
    }

    fn ask_shelf(&mut self, request: ShelfRequest) {
        if self.shelf.as_ref().is_some_and(|shelf| shelf.ask(request)) {
            self.core.profiles_busy = true;
        } else {
            self.core.say(t!("Profiles cannot be written now"), Tone::Attention);
        }
    }

    /// What came of reading or writing profiles; every list of profiles follows.
    fn take_profiles(&mut self, notice: ShelfNotice) {
        self.core.profiles_busy = false;
        if let ShelfRequest::Rename { name, new, .. } = &notice.request
            && notice.refused.is_none()
        {
            for used in [&mut self.page.profile, &mut self.page.procedure] {
                if used == name {
                    used.clone_from(new);
                }
            }
        }
        if let Some(refused) = &notice.refused {
            self.core.say(refused, Tone::Attention);
        }
        let follows = self.profiles.told(&notice);
        self.page.relist(&notice.entries);
        self.registers.relist(&notice.entries);
        self.core.instruments = Instruments::of(&notice.entries);
        self.core.profiles = notice.entries;
        self.commands.extend(follows);
    }

    fn unsettled(&mut self, problem: String) {
        self.core.say(&problem, Tone::Attention);
        self.core.settings_problem = Some(problem);
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.visible = ctx.input(|input| input.viewport().visible()) != Some(false);
        self.take_in();
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        // The second frame is asked for when the first one was handed to the screen.
        if self.first_frame == FirstFrame::Drawn {
            tracing::info!("the first frame is shown");
            self.first_frame = FirstFrame::Shown;
        }
        self.draw_ui(ui);
        if self.first_frame == FirstFrame::Awaited {
            self.first_frame = FirstFrame::Drawn;
            ui.ctx().request_repaint();
        }
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
