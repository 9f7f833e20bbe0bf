//! The profiles page: every profile by kind, those of the program to read and to duplicate, those of the user to change as
//! text, checked while it is typed.
//!
//! Files are read and written by the shelf's thread; what came of it arrives by [`ProfilesPage::told`]. What is typed stays
//! here until it is saved, or until somebody says that it may go. Not here: what a right profile is ([`crate::profile`]).

use egui::{CentralPanel, ComboBox, Frame, Margin, Panel, ScrollArea, Ui};

use super::PageCtx;
use super::sheet::quiet_ui;
use crate::gui::command::Command;
use crate::gui::core::Core;
use crate::gui::offers::Offer;
use crate::gui::route::Route;
use crate::gui::shelf::{ShelfNotice, ShelfRequest};
use crate::gui::texts;
use crate::gui::widgets::card;
use crate::gui::widgets::command_button::choice_ui;
use crate::profile::Kind;
use crate::profile::library::{Entry, Origin};

mod colouring;
mod dialogs;
mod differences;
mod editor;

use dialogs::Dialog;
use editor::Editor;

/// Width of the list.
const LIST: f32 = 250.0;
/// Pages narrower than this have the list in a box above the text.
const NARROW: f32 = 760.0;

const KINDS: [(Kind, &str); 3] =
    [(Kind::Meter, mark!("Meters")), (Kind::Procedure, mark!("Procedures")), (Kind::Instrument, mark!("Instruments"))];

/// Where somebody wants to go while something is not saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leave {
    /// To another profile: what it describes, its name and whose it is.
    Open(Kind, String, Origin),
    /// To another page.
    Go(Route),
    /// Out of the program.
    Quit,
}

/// What is chosen and typed on the page.
#[derive(Default)]
pub struct ProfilesPage {
    editor: Option<Editor>,
    dialog: Option<Dialog>,
    /// What came of the last request: whether it was refused, and the words.
    said: Option<(bool, String)>,
    /// Where to go when the text is saved.
    after_save: Option<Leave>,
}

impl ProfilesPage {
    /// There is something that nobody has saved.
    #[must_use]
    pub fn unsaved(&self) -> bool {
        self.editor.as_ref().is_some_and(Editor::unsaved)
    }

    /// Asks what is to become of the text before somebody leaves.
    pub fn ask_before(&mut self, leave: Leave) {
        self.dialog = Some(Dialog::leaving(leave));
    }

    /// What can be done here now, for keys and the list of commands.
    #[must_use]
    pub fn offers(&self, core: &Core) -> Vec<Offer> {
        let Some(save) = self.editor.as_ref().and_then(Editor::save) else { return Vec::new() };
        vec![Offer { command: Command::Profile(save), enabled: self.can_save(core) }]
    }

    fn can_save(&self, core: &Core) -> bool {
        self.unsaved() && !core.profiles_busy
    }

    /// Takes in what came of a request; returns what was to follow it.
    pub fn told(&mut self, notice: &ShelfNotice) -> Option<Command> {
        if let Some(refused) = &notice.refused {
            self.after_save = None;
            self.said = Some((true, refused.clone()));
            return None;
        }
        let mut follows = None;
        match &notice.request {
            ShelfRequest::List => {}
            ShelfRequest::Copy { from, new } => {
                self.open_named(&notice.entries, new);
                self.said = Some((false, t!("{new} is a copy of {from}, and yours to change", new, from)));
            }
            ShelfRequest::Save { kind, name, text, .. } => {
                if let Some(editor) = self.editor.as_mut().filter(|editor| editor.is(*kind, name)) {
                    editor.saved(text);
                    let faults = editor.findings().len();
                    let use_ = if faults == 0 { "" } else { t!("; it cannot be used until its faults are corrected") };
                    self.said = Some((false, t!("Saved {name}{use_}", name, use_)));
                }
                follows = self.after_save.take().and_then(|leave| self.leave(leave, &notice.entries));
            }
            ShelfRequest::Rename { name, new, .. } => {
                self.open_named(&notice.entries, new);
                self.said = Some((false, t!("{name} is now {new}", name, new)));
            }
            ShelfRequest::Delete { kind, name } => {
                if self.editor.as_ref().is_some_and(|editor| editor.is(*kind, name)) {
                    self.editor = None;
                }
                self.said = Some((false, t!("{name} is deleted", name)));
            }
        }
        self.refresh(&notice.entries);
        follows
    }

    /// A text that nobody has touched follows its file.
    fn refresh(&mut self, entries: &[Entry]) {
        let Some(editor) = self.editor.as_ref().filter(|editor| !editor.unsaved()) else { return };
        match entries.iter().find(|entry| editor.is(entry.kind, &entry.name) && entry.shipped() == editor.shipped()) {
            Some(entry) if editor.shows(entry) => {}
            Some(entry) => self.editor = Some(Editor::of(entry)),
            None => self.editor = None,
        }
    }

    fn open_named(&mut self, entries: &[Entry], name: &str) {
        if let Some(entry) = entries.iter().find(|entry| entry.name == name && !entry.shipped()) {
            self.editor = Some(Editor::of(entry));
        }
    }

    /// Goes where somebody wants to, now that nothing is lost by it.
    fn leave(&mut self, leave: Leave, entries: &[Entry]) -> Option<Command> {
        match leave {
            Leave::Open(kind, name, origin) => {
                let wanted = |entry: &&Entry| entry.kind == kind && entry.name == name && entry.origin == origin;
                if let Some(entry) = entries.iter().find(wanted) {
                    self.editor = Some(Editor::of(entry));
                    self.said = None;
                }
                None
            }
            Leave::Go(route) => Some(Command::Go(route)),
            Leave::Quit => Some(Command::Quit),
        }
    }

    /// Draws the page.
    pub fn profiles_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        if self.editor.is_none() {
            self.editor = page.core.profiles.first().map(Editor::of);
        }
        let tokens = page.tokens;
        let (outer, gap) = (tokens.spacing.page as i8, tokens.spacing.grid as i8);
        let fill = tokens.colours.window;
        let narrow = ui.available_width() < NARROW;
        if !narrow {
            let left =
                Frame::new().fill(fill).inner_margin(Margin { left: outer, right: gap, top: outer, bottom: outer });
            let panel = Panel::left("profiles").frame(left).resizable(false).show_separator_line(false);
            panel.exact_size(LIST).show(ui, |ui| {
                card::frame(tokens).show(ui, |ui| {
                    ui.set_min_size(ui.available_size());
                    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                        let layout = egui::Layout::top_down_justified(egui::Align::Min);
                        ui.with_layout(layout, |ui| self.list_ui(ui, page));
                    });
                });
            });
        }
        let left = if narrow { outer } else { gap };
        let right = Frame::new().fill(fill).inner_margin(Margin { left, right: outer, top: outer, bottom: outer });
        CentralPanel::default().frame(right).show(ui, |ui| {
            if narrow {
                self.box_ui(ui, page);
            }
            card::frame(tokens).show(ui, |ui| {
                ui.set_min_size(ui.available_size());
                self.editor_ui(ui, page);
            });
        });
        self.dialog_ui(ui, page);
    }

    fn list_ui(&mut self, ui: &mut Ui, page: &mut PageCtx<'_>) {
        let grid = page.tokens.spacing.grid;
        for (kind, heading) in KINDS {
            card::heading_ui(ui, page.tokens, texts::of(heading), "");
            for entry in page.core.profiles.iter().filter(|entry| entry.kind == kind) {
                if self.entry_ui(ui, page, entry) {
                    self.choose(entry, &page.core.profiles);
                }
            }
            ui.add_space(grid);
        }
        if ui.button(t!("Look again")).on_hover_text(t!("Read the folder of your profiles again")).clicked() {
            page.commands.push(Command::Profile(ShelfRequest::List));
        }
    }

    /// One profile to choose; true when it was chosen.
    fn entry_ui(&self, ui: &mut Ui, page: &PageCtx<'_>, entry: &Entry) -> bool {
        let chosen = self.is_open(entry);
        let whose = if entry.shipped() { "" } else { t!(" · yours") };
        let state = match (chosen && self.unsaved(), entry.usable()) {
            (true, _) => t!(", not saved"),
            (false, false) => t!(", has faults"),
            (false, true) => "",
        };
        let response = choice_ui(ui, page, &format!("{}{whose}{state}", entry.name), chosen);
        response.on_hover_text(&entry.title).clicked()
    }

    /// The list where there is no room for one.
    fn box_ui(&mut self, ui: &mut Ui, page: &PageCtx<'_>) {
        let shown = self.editor.as_ref().map_or_else(String::new, |editor| editor.name().to_owned());
        let mut wanted = None;
        ui.horizontal(|ui| {
            let label = ui.label(t!("Profile")).id;
            let combo = ComboBox::from_id_salt("profile").selected_text(shown).width(ui.available_width()).truncate();
            let response = combo.show_ui(ui, |ui| {
                for (kind, heading) in KINDS {
                    quiet_ui(ui, page, texts::of(heading));
                    for entry in page.core.profiles.iter().filter(|entry| entry.kind == kind) {
                        if self.entry_ui(ui, page, entry) {
                            wanted = Some(entry);
                        }
                    }
                }
            });
            response.response.labelled_by(label);
        });
        if let Some(entry) = wanted {
            self.choose(entry, &page.core.profiles);
        }
    }

    fn is_open(&self, entry: &Entry) -> bool {
        let same = |editor: &Editor| editor.is(entry.kind, &entry.name) && editor.shipped() == entry.shipped();
        self.editor.as_ref().is_some_and(same)
    }

    fn choose(&mut self, entry: &Entry, entries: &[Entry]) {
        if self.is_open(entry) {
            return;
        }
        let leave = Leave::Open(entry.kind, entry.name.clone(), entry.origin.clone());
        if self.unsaved() {
            self.ask_before(leave);
        } else {
            self.leave(leave, entries);
        }
    }
}
