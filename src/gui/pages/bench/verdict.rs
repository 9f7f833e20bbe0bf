//! The verdict: one word that can be read from three metres, and beside it what there is to know.
//!
//! The place is always the same and always there; before a verdict it says what to do or what is being done.

use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Color32, FontId, Label, Layout, Painter, Rect, RichText, Stroke, Ui, UiBuilder, pos2, vec2};

use super::vigil;
use crate::advice::Advice;
use crate::gui::pages::PageCtx;
use crate::gui::remaining;
use crate::gui::run_view::StepState;
use crate::gui::texts;
use crate::gui::texts::words;
use crate::gui::tokens::Tokens;
use crate::gui::widgets::status::Mark;
use crate::procedure::{Measurement, RunReport, Verdict};

/// Part of the page's height that the word may take when the window is large.
const SHARE: f32 = 0.17;

/// Narrower banners have the word on top of what there is to know, not beside it.
const STACKED_BELOW: f32 = 600.0;

/// The word takes no more of the width than leaves room for the reason.
const WORD_SHARE: f32 = 0.135;

/// What stands beside the verdict takes the first of these widths at which all of its lines have room; the word gives way.
const ABOUT_WIDTHS: [f32; 5] = [300.0, 350.0, 400.0, 450.0, 500.0];

/// What stands beside the verdict is no wider, so that the stripes of a simulated one show on both sides.
const ABOUT_WIDTH: f32 = 640.0;

/// Between the lines beside the verdict.
const LINE_GAP: f32 = 2.0;

/// Size of the verdict's letters on a page of that height.
fn letters(tokens: &Tokens, page_height: f32) -> f32 {
    (page_height * SHARE).clamp(tokens.sizes.verdict, tokens.sizes.verdict * 2.2)
}

/// Height of the banner in results of that size.
pub(super) fn height(page: &PageCtx<'_>, size: egui::Vec2) -> f32 {
    let tokens = page.tokens;
    let stacked = size.x < STACKED_BELOW && page.core.resulted && page.core.run().result().is_some();
    let height = letters(tokens, size.y) * 1.4;
    if stacked { height.max(tokens.sizes.verdict * 0.7 + tokens.sizes.body * 13.0) } else { height }
}

pub(super) fn verdict_ui(ui: &mut Ui, page: &PageCtx<'_>, rect: Rect) {
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
        hatch(&ui.painter().with_clip_rect(rect), rect, colour);
    }
    let inside = rect.shrink2(vec2(tokens.spacing.page * 1.25, tokens.spacing.grid));
    ui.scope_builder(UiBuilder::new().max_rect(inside), |ui| {
        ui.set_clip_rect(rect);
        match report {
            Some(report) => report_ui(ui, page, report, (fill, rect)),
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
    let title = match (run.cancelling, run.active()) {
        (true, _) => t!("Stopping, the source goes off"),
        (false, Some(step)) => &words::step(&step.title),
        (false, None) => t!("Getting ready"),
    };
    let detail = match run.active().map(|step| &step.state) {
        Some(StepState::Active { detail, .. }) => detail.as_str(),
        _ => "",
    };
    let left = remaining::words(page.core.positions.time_left());
    let mut text = format!("{}    {left}", run.serial);
    if !detail.is_empty() {
        text = format!("{text}    {detail}");
    }
    let area = ui.max_rect();
    instruction_ui(ui, tokens, title, &text);
    let track =
        Rect::from_min_max(pos2(area.left(), area.bottom() - tokens.spacing.grid * 1.5), area.max - vec2(0.0, 4.0));
    ui.painter().rect_filled(track, 2.0, tokens.colours.field);
    let done = track.with_max_x(track.left() + track.width() * run.fraction());
    ui.painter().rect_filled(done, 2.0, tokens.colours.running_fill);
    if simulated {
        let place = Rect::from_min_max(pos2(area.right() - 200.0, area.top()), pos2(area.right(), area.top() + 36.0));
        ui.scope_builder(UiBuilder::new().max_rect(place).layout(Layout::right_to_left(Align::Center)), |ui| {
            simulated_ui(ui, tokens, tokens.sizes.heading);
        });
    }
}

pub(super) fn instruction_ui(ui: &mut Ui, tokens: &Tokens, title: &str, text: &str) {
    let used = tokens.sizes.instruction * 1.25 + tokens.sizes.heading * 1.5;
    ui.add_space(((ui.available_height() - used) / 2.0).max(0.0));
    let title = RichText::new(title).font(tokens.strong(tokens.sizes.instruction)).color(tokens.colours.text);
    ui.add(Label::new(title).truncate());
    let text = RichText::new(text).size(tokens.sizes.heading).color(tokens.colours.text_quiet);
    ui.add(Label::new(text).truncate());
}

/// The word SIMULATED on its own colour.
pub(in crate::gui::pages) fn simulated_ui(ui: &mut Ui, tokens: &Tokens, size: f32) {
    egui::Frame::new()
        .fill(tokens.colours.simulated_fill)
        .stroke(Stroke::new(1.0, tokens.colours.simulated))
        .corner_radius(4.0)
        .inner_margin(egui::Margin::symmetric(10, 3))
        .show(ui, |ui| {
            ui.label(RichText::new(t!("SIMULATED")).font(tokens.strong(size)).color(tokens.colours.simulated));
        });
}

fn report_ui(ui: &mut Ui, page: &PageCtx<'_>, report: &RunReport, (fill, banner): (Color32, Rect)) {
    let tokens = page.tokens;
    let strong = matches!(report.verdict, Verdict::Pass | Verdict::Fail | Verdict::Error);
    let front = if strong { tokens.colours.text_on_strong } else { tokens.colours.text };
    if banner.width() < STACKED_BELOW {
        let size = tokens.sizes.verdict * 0.55;
        let plate = banner.with_min_y(banner.top() + size * 1.3 + tokens.spacing.grid);
        ui.painter().rect_filled(plate, tokens.spacing.radius, fill);
        ui.horizontal(|ui| word_ui(ui, tokens, report, size, (front, fill)));
        ui.add_space(tokens.spacing.grid * 0.5);
        about_ui(ui, tokens, report, front);
        return;
    }
    let size = fitting(ui, tokens, report, (banner.height() / 1.4).min(banner.width() * WORD_SHARE), banner);
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = tokens.spacing.page;
        word_ui(ui, tokens, report, size, (front, fill));
        let room = vec2(ui.available_width().min(ABOUT_WIDTH), ui.available_height());
        // No stripes behind small print.
        let left = ui.cursor().left() - tokens.spacing.grid;
        let plate = banner.with_min_x(left).with_max_x((left + room.x + tokens.spacing.page).min(banner.right()));
        ui.painter().rect_filled(plate, tokens.spacing.radius, fill);
        let used = about_height(ui, tokens, report, room.x);
        ui.vertical(|ui| {
            ui.set_width(room.x);
            ui.add_space(((room.y - used) / 2.0).max(0.0));
            about_ui(ui, tokens, report, front);
        });
    });
}

/// The size of the word that leaves room for what stands beside it, however long the language has it.
fn fitting(ui: &Ui, tokens: &Tokens, report: &RunReport, size: f32, banner: Rect) -> f32 {
    let word = ui.painter().layout_job(word(tokens, report, size, tokens.colours.text));
    let height = banner.height() - tokens.spacing.grid * 2.0;
    let fits = |width: &f32| about_height(ui, tokens, report, *width) <= height;
    let [.., widest] = ABOUT_WIDTHS;
    let about = ABOUT_WIDTHS.into_iter().find(fits).unwrap_or(widest);
    let room = banner.width() - tokens.spacing.page * 4.5 - about;
    size * (room / (word.size().x + size * 0.72)).min(1.0)
}

fn word_ui(ui: &mut Ui, tokens: &Tokens, report: &RunReport, size: f32, (front, fill): (Color32, Color32)) {
    let side = size * 0.72;
    let (square, _) = ui.allocate_exact_size(vec2(side, side), egui::Sense::hover());
    mark(report).paint(ui.painter(), square, front, fill);
    ui.label(word(tokens, report, size, front));
}

/// The shape of a result.
pub(super) fn mark(report: &RunReport) -> Mark {
    if report.is_marginal() { Mark::Diamond } else { Mark::of(report.verdict) }
}

/// The word, and below it what makes a PASS a marginal one, no higher together than the word alone.
fn word(tokens: &Tokens, report: &RunReport, size: f32, colour: Color32) -> LayoutJob {
    let word = words::verdict(report.verdict).to_owned();
    if !report.is_marginal() {
        return LayoutJob::simple_singleline(word, tokens.strong(size), colour);
    }
    let mut job = LayoutJob::single_section(word, TextFormat::simple(tokens.strong(size * 0.66), colour));
    job.append("\n", 0.0, TextFormat::simple(tokens.strong(size * 0.34), colour));
    job.append(t!("MARGINAL"), 0.0, TextFormat::simple(tokens.strong(size * 0.34), colour));
    job
}

/// The height of what stands beside the verdict in a width.
fn about_height(ui: &Ui, tokens: &Tokens, report: &RunReport, width: f32) -> f32 {
    let line = tokens.sizes.body * 1.5;
    let heading = tokens.sizes.heading * 1.3 + tokens.spacing.grid + remarks(report).len() as f32 * line;
    let Some(advice) = &report.advice else {
        return heading + judged(report).count().min(4) as f32 * line;
    };
    let height = |(text, font): (&str, FontId)| {
        LINE_GAP + ui.painter().layout(text.to_owned(), font, tokens.colours.text, width).size().y
    };
    heading + advised(tokens, advice).into_iter().map(height).sum::<f32>()
}

/// What happened, why, what to do; the cause is the least of them.
fn advised<'a>(tokens: &Tokens, advice: &'a Advice) -> [(&'a str, FontId); 3] {
    let strong = tokens.strong(tokens.sizes.body);
    let quiet = FontId::proportional(tokens.sizes.secondary);
    [(&advice.what, strong.clone()), (&advice.why, quiet), (&advice.next, strong)]
        .map(|(text, font)| (texts::of(text), font))
}

fn judged(report: &RunReport) -> impl Iterator<Item = &Measurement> {
    // Of a golden unit it is how far the bench is from its laboratory that counts.
    let golden = report.traceability.golden.is_some();
    let counts = move |done: &&Measurement| {
        done.lower.is_some() && done.unit == "%" && (!golden || done.name.starts_with("golden_"))
    };
    let all = || report.measurements.iter().filter(counts);
    let failed = all().filter(|done| done.verdict != Verdict::Pass);
    let near = all().filter(|done| done.verdict == Verdict::Pass && done.marginal);
    failed.chain(near).chain(all().filter(|done| done.verdict == Verdict::Pass && !done.marginal))
}

fn about_ui(ui: &mut Ui, tokens: &Tokens, report: &RunReport, front: Color32) {
    ui.spacing_mut().item_spacing = vec2(tokens.spacing.grid, LINE_GAP);
    ui.horizontal(|ui| {
        let heading = format!("{}    {:.0} s", report.serial, report.duration_s);
        ui.label(RichText::new(heading).font(tokens.strong(tokens.sizes.heading)).color(front));
        if report.simulated {
            simulated_ui(ui, tokens, tokens.sizes.heading);
        }
    });
    for remark in remarks(report) {
        ui.label(RichText::new(remark).font(tokens.strong(tokens.sizes.body)).color(front));
    }
    if let Some(advice) = &report.advice {
        for (text, font) in advised(tokens, advice) {
            ui.label(RichText::new(text).font(font).color(front));
        }
        return;
    }
    for done in judged(report).take(4) {
        let limit =
            done.upper.map_or(String::new(), |limit| t!("  (limit {limit})", limit = format_args!("{limit:.2}")));
        let name = done.name.replace('_', " ");
        let marginal = if done.marginal { t!(" MARGINAL") } else { "" };
        let verdict = words::verdict(done.verdict);
        let text = format!("{verdict}{marginal}  {name} {:+.3} %{limit}  {}", done.value, done.load_point);
        ui.add(Label::new(RichText::new(text).color(front)).truncate());
    }
}

/// What a result is marked with.
pub(super) fn remarks(report: &RunReport) -> Vec<String> {
    let golden = report.traceability.golden.as_ref().map(|_| t!("Golden unit: the verdict is the bench's").to_owned());
    let exception = report.traceability.mark().map(|mark| t!("EXCEPTION  {mark}", mark));
    let continued = report.traceability.continued.iter().map(|one| t!("CONTINUED  {one}", one));
    golden.into_iter().chain(exception).chain(continued).collect()
}
