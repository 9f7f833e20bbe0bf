//! The verdict: one word that can be read from three metres, and beside it what there is to know.
//!
//! The place is always the same and always there; before a verdict it says what to do or what is being done.

use egui::text::{LayoutJob, TextFormat};
use egui::{
    Align, Color32, Label, Layout, Painter, Rect, RichText, Stroke, TextStyle, TextWrapMode, Ui, UiBuilder, WidgetText,
    pos2, vec2,
};

use super::doing::doing;
use super::{reasons, vigil};
use crate::gui::pages::PageCtx;
use crate::gui::remaining;
use crate::gui::run_view::StepState;
use crate::gui::texts;
use crate::gui::texts::words;
use crate::gui::tokens::Tokens;
use crate::gui::widgets::status::Mark;
use crate::procedure::{RunReport, Verdict};

/// Part of the page's height that the word may take when the window is large.
const SHARE: f32 = 0.17;

/// Narrower banners have the word on top of what there is to know, not beside it.
const STACKED_BELOW: f32 = 600.0;

/// The word takes no more of the width than leaves room for the reason.
const WORD_SHARE: f32 = 0.135;

/// What stands beside the verdict is no narrower; the word gives way.
const LEAST_ABOUT: f32 = 300.0;

/// What stands beside the verdict is no wider, so that the stripes of a simulated one show on both sides.
const ABOUT_WIDTH: f32 = 640.0;

/// Part of the word's letters that its mark is high.
const MARK: f32 = 0.72;

/// Round the word SIMULATED.
const SIMULATED_MARGIN: egui::Margin = egui::Margin::symmetric(10, 3);

/// Size of the verdict's letters on a page of that height.
fn letters(tokens: &Tokens, page_height: f32) -> f32 {
    (page_height * SHARE).clamp(tokens.sizes.verdict, tokens.sizes.verdict * 2.2)
}

/// Height of the banner in results of that size: what there is to know about a result is never cut.
pub(super) fn height(ui: &Ui, page: &PageCtx<'_>, size: egui::Vec2) -> f32 {
    let tokens = page.tokens;
    let plain = letters(tokens, size.y) * 1.4;
    let Some(report) = page.core.run().result().filter(|_| page.core.resulted) else { return plain };
    let Places { word, room, stacked } = places(ui, tokens, report, size);
    let about = about_height(ui, tokens, report, room) + 3.0 * tokens.spacing.grid;
    plain.max(if stacked { word * 1.25 + tokens.spacing.grid * 0.5 + about } else { about })
}

/// Draws the banner into `rect`, on top of results that are so high with it.
pub(super) fn verdict_ui(ui: &mut Ui, page: &PageCtx<'_>, rect: Rect, results: f32) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let run = page.core.run();
    let report = run.result().filter(|_| page.core.resulted);
    let fill = report.map_or(colours.neutral_fill, |report| fill(tokens, report));
    let simulated = report.map_or(run.running && page.core.links.simulated, |report| report.simulated);
    ui.painter().rect_filled(rect, tokens.spacing.radius, fill);
    if simulated {
        // Behind an instruction the stripes are fainter: there is small print on them.
        let colour = if report.is_some() { colours.hatch } else { colours.hatch.gamma_multiply(0.4) };
        hatch(&ui.painter().with_clip_rect(rect.intersect(ui.clip_rect())), rect, colour);
    }
    let inside = rect.shrink2(vec2(tokens.spacing.page * 1.25, tokens.spacing.grid));
    ui.scope_builder(UiBuilder::new().max_rect(inside), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        match report {
            Some(report) => report_ui(ui, tokens, report, (fill, rect, results)),
            None if run.running => running_ui(ui, page, simulated),
            None => waiting_ui(ui, page),
        }
    });
}

/// The colour behind a verdict. A PASS near to what is not accepted is none to be glad of.
pub(super) fn fill(tokens: &Tokens, report: &RunReport) -> Color32 {
    let colours = &tokens.colours;
    match report.verdict {
        Verdict::Pass if report.is_marginal() => colours.attention_fill,
        Verdict::Pass => colours.pass_fill,
        Verdict::Fail => colours.fail_fill,
        Verdict::Error => colours.attention_fill,
        Verdict::Aborted | Verdict::NotRun => colours.neutral_fill,
    }
}

/// Stripes from corner to corner: a simulated verdict cannot be taken for a real one, not even on a photograph.
pub(in crate::gui::pages) fn hatch(painter: &Painter, rect: Rect, colour: Color32) {
    let (step, width) = (28.0, 8.0);
    let mut x = rect.left() - rect.height();
    while x < rect.right() {
        let line = [pos2(x, rect.bottom()), pos2(x + rect.height(), rect.top())];
        painter.line_segment(line, Stroke::new(width, colour));
        x += step;
    }
}

fn waiting_ui(ui: &mut Ui, page: &PageCtx<'_>) {
    let tokens = page.tokens;
    if !page.core.links.open {
        return instruction_ui(ui, tokens, t!("No station"), t!("Connect the devices in the bar above"));
    }
    if let Some((title, text)) = vigil::instruction(page.core) {
        return vigil::instruction_ui(ui, page, &title, &text);
    }
    let last = page.core.run().result().map(|report| {
        t!("    Last: {serial} {verdict}", serial = report.serial, verdict = words::verdict(report.verdict))
    });
    let text =
        t!("Scan or type the serial number of the unit, then press Enter{last}", last = last.unwrap_or_default());
    instruction_ui(ui, tokens, t!("Ready"), &text);
}

fn running_ui(ui: &mut Ui, page: &PageCtx<'_>, simulated: bool) {
    let tokens = page.tokens;
    let run = page.core.run();
    let title = doing(std::iter::once(run));
    let detail = match run.active().map(|step| &step.state) {
        Some(StepState::Active { detail, .. }) => detail.as_str(),
        _ => "",
    };
    let left = remaining::words(page.core.positions.time_left());
    let mut text = format!("{}    {left}", run.serial);
    if !detail.is_empty() {
        text = format!("{text}    {detail}");
    }
    working_ui(ui, tokens, (&title, &text), run.fraction(), simulated);
}

/// What is being done, and how far it is.
pub(super) fn working_ui(ui: &mut Ui, tokens: &Tokens, (title, text): (&str, &str), fraction: f32, simulated: bool) {
    let area = ui.max_rect();
    let track = area.with_min_y(area.bottom() - tokens.spacing.grid).with_max_y(area.bottom() - 2.0);
    let said = area.with_max_y(track.top() - 2.0);
    ui.scope_builder(UiBuilder::new().max_rect(said), |ui| marked_ui(ui, tokens, (title, text), simulated));
    ui.painter().rect_filled(track, 2.0, tokens.colours.field);
    let done = track.with_max_x(track.left() + track.width() * fraction);
    ui.painter().rect_filled(done, 2.0, tokens.colours.running_fill);
}

/// An instruction with the word SIMULATED: beside the title, or above it where the title needs the room.
pub(super) fn marked_ui(ui: &mut Ui, tokens: &Tokens, (title, text): (&str, &str), simulated: bool) {
    if !simulated {
        return instruction_ui(ui, tokens, title, text);
    }
    let area = ui.max_rect();
    let gap = tokens.spacing.grid;
    let above = wide(ui, tokens, title, tokens.sizes.instruction) > area.width() - simulated_size(ui, tokens).x - gap;
    let size = simulated_size(ui, tokens);
    let place = Rect::from_min_size(pos2(area.right() - size.x, area.top()), size);
    ui.scope_builder(UiBuilder::new().max_rect(place).layout(Layout::right_to_left(Align::Center)), |ui| {
        simulated_ui(ui, tokens, tokens.sizes.heading);
    });
    let rest = if above { area.with_min_y(place.bottom()) } else { area };
    ui.scope_builder(UiBuilder::new().max_rect(rest), |ui| instruction_ui(ui, tokens, title, text));
}

/// A title and what belongs to it, in the middle of the height. What is too long for the width gets smaller letters, then
/// more lines.
pub(super) fn instruction_ui(ui: &mut Ui, tokens: &Tokens, title: &str, text: &str) {
    let room = ui.available_size();
    let gap = tokens.spacing.grid * 0.25;
    ui.spacing_mut().item_spacing.y = gap;
    let most = tokens.sizes.instruction;
    let size = (most * room.x / wide(ui, tokens, title, most)).clamp(tokens.sizes.heading * 1.2, most);
    let title = RichText::new(title).font(tokens.strong(size)).color(tokens.colours.text);
    let of = |size: f32| RichText::new(text).size(size).color(tokens.colours.text_quiet);
    let height = |text: &RichText| wrapped(ui, text.clone(), room.x) + gap;
    let sizes = [tokens.sizes.heading, tokens.sizes.body, tokens.sizes.secondary];
    let fits = |size: &f32| height(&title) + height(&of(*size)) <= room.y;
    let text = of(sizes.into_iter().find(fits).unwrap_or(tokens.sizes.secondary));
    ui.add_space(((room.y - height(&title) - height(&text)) / 2.0).max(0.0));
    ui.add(Label::new(title).wrap());
    ui.add(Label::new(text).wrap());
}

/// Width of a strong text in one line.
fn wide(ui: &Ui, tokens: &Tokens, text: &str, size: f32) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), tokens.strong(size), tokens.colours.text).size().x.max(1.0)
}

/// Height of a text in lines of that width.
fn wrapped(ui: &Ui, text: RichText, width: f32) -> f32 {
    let text = WidgetText::from(text);
    text.into_galley(ui, Some(TextWrapMode::Wrap), width, TextStyle::Body).size().y
}

/// Size of the word SIMULATED beside other text.
fn simulated_size(ui: &Ui, tokens: &Tokens) -> egui::Vec2 {
    let margin = 2.0 * vec2(f32::from(SIMULATED_MARGIN.left) + 1.0, f32::from(SIMULATED_MARGIN.top) + 1.0);
    let font = tokens.strong(tokens.sizes.heading);
    ui.painter().layout_no_wrap(t!("SIMULATED").to_owned(), font, tokens.colours.text).size() + margin
}

/// The word SIMULATED on its own colour.
pub(in crate::gui::pages) fn simulated_ui(ui: &mut Ui, tokens: &Tokens, size: f32) {
    egui::Frame::new()
        .fill(tokens.colours.simulated_fill)
        .stroke(Stroke::new(1.0, tokens.colours.simulated))
        .corner_radius(4.0)
        .inner_margin(SIMULATED_MARGIN)
        .show(ui, |ui| {
            ui.label(RichText::new(t!("SIMULATED")).font(tokens.strong(size)).color(tokens.colours.simulated));
        });
}

/// Size of the verdict's word and width of what stands beside it, or below it.
struct Places {
    word: f32,
    room: f32,
    stacked: bool,
}

/// `results` is the size of banner and all below it.
fn places(ui: &Ui, tokens: &Tokens, report: &RunReport, results: egui::Vec2) -> Places {
    let inside = results.x - tokens.spacing.page * 2.5;
    let stacked = results.x < STACKED_BELOW;
    let (most, beside) = if stacked {
        (tokens.sizes.verdict * 0.55, 0.0)
    } else {
        (letters(tokens, results.y).min(results.x * WORD_SHARE), LEAST_ABOUT + 2.0 * tokens.spacing.page)
    };
    // The word leaves room for what stands beside it, however long the language has it.
    let wide = |size: f32| ui.painter().layout_job(said(tokens, report, size, tokens.colours.text)).size().x;
    let least = |size: f32| wide(size) + size * MARK + tokens.spacing.page;
    let word = most * ((inside - beside) / least(most)).min(1.0);
    let room = if stacked { inside } else { (inside - least(word) - tokens.spacing.page).min(ABOUT_WIDTH) };
    Places { word, room, stacked }
}

fn report_ui(ui: &mut Ui, tokens: &Tokens, report: &RunReport, (fill, banner, results): (Color32, Rect, f32)) {
    let strong = matches!(report.verdict, Verdict::Pass | Verdict::Fail | Verdict::Error);
    let front = if strong { tokens.colours.text_on_strong } else { tokens.colours.text };
    let Places { word, room, stacked } = places(ui, tokens, report, vec2(banner.width(), results));
    if stacked {
        let plate = banner.with_min_y(banner.top() + word * 1.25 + tokens.spacing.grid);
        ui.painter().rect_filled(plate, tokens.spacing.radius, fill);
        ui.spacing_mut().item_spacing.x = tokens.spacing.page;
        ui.horizontal(|ui| word_ui(ui, tokens, report, word, (front, fill)));
        ui.add_space(tokens.spacing.grid * 0.5);
        about_ui(ui, tokens, report, (front, room));
        return;
    }
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = tokens.spacing.page;
        word_ui(ui, tokens, report, word, (front, fill));
        // No stripes behind small print.
        let left = ui.cursor().left() - tokens.spacing.grid;
        let plate = banner.with_min_x(left).with_max_x((left + room + tokens.spacing.page).min(banner.right()));
        ui.painter().rect_filled(plate, tokens.spacing.radius, fill);
        let used = about_height(ui, tokens, report, room);
        ui.vertical(|ui| {
            ui.set_width(room);
            ui.add_space(((ui.available_height() - used) / 2.0).max(0.0));
            about_ui(ui, tokens, report, (front, room));
        });
    });
}

fn word_ui(ui: &mut Ui, tokens: &Tokens, report: &RunReport, size: f32, (front, fill): (Color32, Color32)) {
    let side = size * MARK;
    let (square, _) = ui.allocate_exact_size(vec2(side, side), egui::Sense::hover());
    mark(report).paint(ui.painter(), square, front, fill);
    ui.add(Label::new(said(tokens, report, size, front)).extend());
}

/// The shape of a result.
pub(super) fn mark(report: &RunReport) -> Mark {
    if report.is_marginal() { Mark::Diamond } else { Mark::of(report.verdict) }
}

/// The word, and below it what makes a PASS a marginal one, no higher together than the word alone.
fn said(tokens: &Tokens, report: &RunReport, size: f32, colour: Color32) -> LayoutJob {
    let word = words::verdict(report.verdict).to_owned();
    if !report.is_marginal() {
        return LayoutJob::simple_singleline(word, tokens.strong(size), colour);
    }
    let mut job = LayoutJob::single_section(word, TextFormat::simple(tokens.strong(size * 0.66), colour));
    job.append("\n", 0.0, TextFormat::simple(tokens.strong(size * 0.34), colour));
    job.append(t!("MARGINAL"), 0.0, TextFormat::simple(tokens.strong(size * 0.34), colour));
    job
}

/// What a result is marked with.
pub(super) fn remarks(report: &RunReport) -> Vec<String> {
    let golden = report.traceability.golden.as_ref().map(|_| t!("Golden unit: the verdict is the bench's").to_owned());
    let exception = report.traceability.mark().map(|mark| t!("EXCEPTION  {mark}", mark));
    let continued = report.traceability.continued.iter().map(|one| t!("CONTINUED  {one}", one));
    golden.into_iter().chain(exception).chain(continued).collect()
}

/// The unit and how long its test took, and below it what there is to know.
fn about(tokens: &Tokens, report: &RunReport) -> (RichText, Vec<RichText>) {
    let strong = |text: &str| RichText::new(text).font(tokens.strong(tokens.sizes.body));
    let heading = format!("{}    {:.0} s", report.serial, report.duration_s);
    let heading = RichText::new(heading).font(tokens.strong(tokens.sizes.heading));
    let mut lines: Vec<RichText> = remarks(report).iter().map(|remark| strong(remark)).collect();
    if let Some(advice) = &report.advice {
        let why = RichText::new(texts::of(&advice.why)).size(tokens.sizes.body);
        lines.extend([strong(texts::of(&advice.what)), why, strong(texts::of(&advice.next))]);
    } else {
        let small = |line: String| RichText::new(line).size(tokens.sizes.body);
        lines.extend(reasons::lines(report).into_iter().map(small));
    }
    (heading, lines)
}

/// Between lines of what there is to know.
const LINE_GAP: f32 = 2.0;

fn about_ui(ui: &mut Ui, tokens: &Tokens, report: &RunReport, (front, room): (Color32, f32)) {
    ui.spacing_mut().item_spacing = vec2(tokens.spacing.grid, LINE_GAP);
    let (heading, lines) = about(tokens, report);
    let below = report.simulated && !beside(ui, tokens, &heading, room);
    ui.horizontal(|ui| {
        ui.add(Label::new(heading.color(front)).truncate());
        if report.simulated && !below {
            simulated_ui(ui, tokens, tokens.sizes.heading);
        }
    });
    if below {
        simulated_ui(ui, tokens, tokens.sizes.heading);
    }
    for line in lines {
        ui.add(Label::new(line.color(front)).wrap());
    }
}

/// The word SIMULATED has room beside the heading.
fn beside(ui: &Ui, tokens: &Tokens, heading: &RichText, room: f32) -> bool {
    wide(ui, tokens, heading.text(), tokens.sizes.heading) + tokens.spacing.grid + simulated_size(ui, tokens).x <= room
}

/// Height of what stands beside the verdict, as [`about_ui`] draws it.
fn about_height(ui: &Ui, tokens: &Tokens, report: &RunReport, room: f32) -> f32 {
    let (heading, lines) = about(tokens, report);
    let least = ui.spacing().interact_size.y;
    let mark = if report.simulated { simulated_size(ui, tokens).y } else { 0.0 };
    let heading = match beside(ui, tokens, &heading, room) || !report.simulated {
        true => wrapped(ui, heading, f32::INFINITY).max(mark).max(least),
        false => wrapped(ui, heading, f32::INFINITY).max(least) + LINE_GAP + mark,
    };
    lines.into_iter().map(|line| LINE_GAP + wrapped(ui, line, room)).sum::<f32>() + heading
}
