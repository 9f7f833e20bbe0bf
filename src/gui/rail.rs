//! The rail of pages at the left: a sign and a word, or the sign alone where there is little room.

use egui::{Frame, Margin, Panel, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::command::Command;
use super::pages::PageCtx;
use super::route::Route;

/// Windows narrower than this many points have no room for words.
const NARROW: f32 = 1100.0;

const WIDTH: f32 = 200.0;
const FOLDED_WIDTH: f32 = 56.0;
/// Heights of a page's entry, and of the one that folds, in grids.
const MOST: f32 = 4.5;
const LEAST: f32 = 2.5;
const FOLD: f32 = 4.0;

/// Draws the rail.
pub(super) fn rail_ui(ui: &mut Ui, page: &mut PageCtx<'_>, present: Route) {
    let tokens = page.tokens;
    let narrow = ui.ctx().content_rect().width() < NARROW;
    let folded = narrow || page.core.settings.rail_folded;
    let frame = Frame::new().fill(tokens.colours.card).inner_margin(Margin::same(tokens.spacing.grid as i8));
    let width = if folded { FOLDED_WIDTH } else { WIDTH };
    Panel::left("rail").frame(frame).resizable(false).exact_size(width).show(ui, |ui| {
        let grid = tokens.spacing.grid;
        let gap = grid * 0.5;
        ui.spacing_mut().item_spacing.y = gap;
        let fold = if narrow { 0.0 } else { grid * FOLD + gap };
        let room = ui.available_height() - fold;
        // Large letters leave little height: all pages stay in sight, and below the least height they scroll.
        let pages = Route::ALL.len() as f32;
        let height = ((room + gap) / pages - gap).clamp(grid * LEAST, grid * MOST);
        ScrollArea::vertical().auto_shrink([false, true]).max_height(room).show(ui, |ui| {
            for route in Route::ALL {
                entry_ui(ui, page, route, (route == present, folded), height);
            }
        });
        if !narrow {
            ui.with_layout(egui::Layout::bottom_up(egui::Align::Min), |ui| fold_ui(ui, page, folded));
        }
    });
}

fn entry_ui(ui: &mut Ui, page: &mut PageCtx<'_>, route: Route, (chosen, folded): (bool, bool), height: f32) {
    let tokens = page.tokens;
    let colours = &tokens.colours;
    let grid = tokens.spacing.grid;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, route.word()));
    back_ui(ui, page, &response, (rect, chosen));
    let painter = ui.painter();
    let colour = if chosen { colours.text } else { colours.text_quiet };
    if chosen {
        // A bar at its side: the current page is told by shape, too.
        let bar = Rect::from_min_max(
            rect.left_top() + vec2(0.0, height / 4.5),
            pos2(rect.left() + 3.0, rect.bottom() - height / 4.5),
        );
        painter.rect_filled(bar, 1.5, colours.accent);
    }
    let side = grid * 2.25;
    let left = if folded { rect.center().x - side / 2.0 } else { rect.left() + grid * 1.5 };
    let square = Rect::from_min_size(pos2(left, rect.center().y - side / 2.0), vec2(side, side));
    route.paint(painter, square, if chosen { colours.accent } else { colour });
    let key = route.key().name();
    if !folded {
        let font =
            if chosen { tokens.strong(tokens.sizes.body) } else { egui::FontId::proportional(tokens.sizes.body) };
        painter.text(
            pos2(square.right() + grid * 1.5, rect.center().y),
            egui::Align2::LEFT_CENTER,
            route.word(),
            font,
            colour,
        );
        let font = egui::FontId::proportional(tokens.sizes.secondary);
        let place = rect.right_center() - vec2(grid, 0.0);
        painter.text(place, egui::Align2::RIGHT_CENTER, key, font, colours.text_quiet);
    }
    let tooltip =
        if folded { format!("{}: {} ({key})", route.word(), route.purpose()) } else { route.purpose().into() };
    if response.on_hover_text(tooltip).clicked() {
        page.commands.push(Command::Go(route));
    }
}

/// Fill and focus of something in the rail.
fn back_ui(ui: &Ui, page: &PageCtx<'_>, response: &egui::Response, (rect, chosen): (Rect, bool)) {
    let colours = &page.tokens.colours;
    let fill = match (chosen, response.hovered()) {
        (_, true) => Some(colours.button_hovered),
        (true, false) => Some(colours.button),
        (false, false) => None,
    };
    let radius = page.tokens.spacing.radius;
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, radius, fill);
    }
    if response.has_focus() {
        let pen = Stroke::new(2.0, colours.accent);
        ui.painter().rect_stroke(rect, radius, pen, egui::StrokeKind::Inside);
    }
}

fn fold_ui(ui: &mut Ui, page: &mut PageCtx<'_>, folded: bool) {
    let tokens = page.tokens;
    let grid = tokens.spacing.grid;
    let look = Command::ToggleRail.look();
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), grid * FOLD), Sense::click());
    let word = if folded { t!("Unfold the rail") } else { t!("Fold the rail") };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
    back_ui(ui, page, &response, (rect, false));
    let (painter, colour) = (ui.painter(), tokens.colours.text_quiet);
    let middle = if folded { rect.center() } else { rect.left_center() + vec2(grid * 2.5, 0.0) };
    let way = if folded { 4.0 } else { -4.0 };
    for shift in [-3.0, 3.0] {
        let tip = middle + vec2(shift + way / 2.0, 0.0);
        let arrow = vec![tip + vec2(-way, -5.0), tip, tip + vec2(-way, 5.0)];
        painter.add(egui::Shape::line(arrow, Stroke::new(1.5, colour)));
    }
    if !folded {
        let font = egui::FontId::proportional(tokens.sizes.secondary);
        painter.text(middle + vec2(grid * 2.5, 0.0), egui::Align2::LEFT_CENTER, t!("Fold"), font, colour);
    }
    let key = look.shortcut.map(|key| ui.ctx().format_shortcut(&key)).unwrap_or_default();
    if response.on_hover_text(format!("{word} ({key})")).clicked() {
        page.commands.push(Command::ToggleRail);
    }
}
