//! Sketches of what hands have to do: lines of one width, the part that is meant in the accent's colour.
//!
//! Drawn on a field of 100 by 70 units, so that they are sharp in every size.

use egui::{Color32, Painter, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, Ui, vec2};

use crate::gui::tokens::Tokens;
use crate::operator::Sketch;

/// Width of the field the sketches are drawn on; its height is 0.7 of it.
const FIELD: f32 = 100.0;
/// Width of the lines on that field.
const PEN: f32 = 1.4;

/// Draws the sketch in the width there is; its words are its accessible name.
pub fn sketch_ui(ui: &mut Ui, tokens: &Tokens, sketch: Sketch, width: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, width * 0.7), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, sketch.alt()));
    let colours = &tokens.colours;
    ui.painter().rect_filled(rect, tokens.spacing.radius, colours.field);
    let pencil = Pencil {
        painter: ui.painter(),
        origin: rect.min,
        scale: width / FIELD,
        line: colours.text_quiet,
        meant: colours.accent,
        fill: colours.card,
    };
    match sketch {
        Sketch::Connect => connect(&pencil),
        Sketch::Boot0Jumper => jumper(&pencil),
        Sketch::LoadOn => load(&pencil, true),
        Sketch::LoadOff => load(&pencil, false),
        Sketch::PressKey => press(&pencil),
        Sketch::PowerCycle => power_cycle(&pencil),
        Sketch::ReadDisplay => look(&pencil),
    }
}

/// Draws in units of the field.
struct Pencil<'a> {
    painter: &'a Painter,
    origin: Pos2,
    scale: f32,
    /// What is there.
    line: Color32,
    /// What is to be done.
    meant: Color32,
    /// Inside of what is there.
    fill: Color32,
}

impl Pencil<'_> {
    fn at(&self, x: f32, y: f32) -> Pos2 {
        self.origin + vec2(x, y) * self.scale
    }

    fn pen(&self, colour: Color32) -> Stroke {
        Stroke::new(PEN * self.scale, colour)
    }

    fn lines(&self, points: &[(f32, f32)], colour: Color32) {
        let points = points.iter().map(|&(x, y)| self.at(x, y)).collect();
        self.painter.add(Shape::line(points, self.pen(colour)));
    }

    fn solid(&self, points: &[(f32, f32)], colour: Color32) {
        let points = points.iter().map(|&(x, y)| self.at(x, y)).collect();
        self.painter.add(Shape::convex_polygon(points, colour, Stroke::NONE));
    }

    fn block(&self, (x, y): (f32, f32), (width, height): (f32, f32), colour: Color32) {
        let rect = Rect::from_min_size(self.at(x, y), vec2(width, height) * self.scale);
        self.painter.rect(rect, 1.5 * self.scale, self.fill, self.pen(colour), StrokeKind::Middle);
    }

    fn ring(&self, (x, y): (f32, f32), radius: f32, colour: Color32) {
        self.painter.circle(self.at(x, y), radius * self.scale, self.fill, self.pen(colour));
    }

    fn dot(&self, (x, y): (f32, f32), radius: f32, colour: Color32) {
        self.painter.circle_filled(self.at(x, y), radius * self.scale, colour);
    }

    fn text(&self, (x, y): (f32, f32), text: &str, size: f32, colour: Color32) {
        let font = egui::FontId::proportional(size * self.scale);
        self.painter.text(self.at(x, y), egui::Align2::CENTER_CENTER, text, font, colour);
    }

    /// A straight arrow; its head has the direction of its shaft.
    fn arrow(&self, from: (f32, f32), to: (f32, f32), colour: Color32) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(1.0);
        let (ux, uy) = (dx / length, dy / length);
        let neck = (to.0 - ux * 5.0, to.1 - uy * 5.0);
        self.lines(&[from, neck], colour);
        self.solid(&[to, (neck.0 - uy * 3.2, neck.1 + ux * 3.2), (neck.0 + uy * 3.2, neck.1 - ux * 3.2)], colour);
    }

    /// A meter with its display, its key and its four terminals; `top` is where it stands.
    fn meter(&self, (left, top): (f32, f32), digits: Color32, key: Color32) {
        self.block((left, top), (34.0, 38.0), self.line);
        self.block((left + 5.0, top + 5.0), (24.0, 9.0), self.line);
        self.text((left + 17.0, top + 9.5), "0123.4", 6.0, digits);
        self.ring((left + 17.0, top + 21.0), 3.0, key);
        self.lines(&[(left, top + 28.0), (left + 34.0, top + 28.0)], self.line);
        for number in 0_u8..4 {
            self.ring((left + 5.5 + 7.7 * f32::from(number), top + 33.0), 2.1, self.line);
        }
    }
}

fn connect(pencil: &Pencil<'_>) {
    pencil.meter((33.0, 5.0), pencil.line, pencil.line);
    for number in 0_u8..4 {
        let x = 38.5 + 7.7 * f32::from(number);
        pencil.lines(&[(x, 52.0), (x, 58.0)], pencil.meant);
        pencil.block((x - 2.2, 58.0), (4.4, 7.0), pencil.meant);
    }
    pencil.arrow((20.0, 64.0), (20.0, 46.0), pencil.meant);
    pencil.arrow((80.0, 64.0), (80.0, 46.0), pencil.meant);
}

fn jumper(pencil: &Pencil<'_>) {
    pencil.block((14.0, 24.0), (72.0, 26.0), pencil.line);
    for (x, name) in [(30.0, "GND"), (50.0, "BOOT0"), (70.0, "3V3")] {
        pencil.dot((x, 37.0), 3.2, pencil.line);
        pencil.text((x, 58.0), name, 6.5, if name == "GND" { pencil.line } else { pencil.meant });
    }
    // The cap over two pins leaves their tips to be seen.
    pencil.lines(&[(43.5, 30.0), (76.5, 30.0), (76.5, 44.0), (43.5, 44.0), (43.5, 30.0)], pencil.meant);
    pencil.arrow((60.0, 8.0), (60.0, 26.0), pencil.meant);
}

fn load(pencil: &Pencil<'_>, on: bool) {
    pencil.ring((16.0, 37.0), 9.0, pencil.line);
    let wave: Vec<(f32, f32)> = (0_u8..=16)
        .map(|step| f32::from(step) / 16.0)
        .map(|x| (10.0 + 12.0 * x, 37.0 - 4.0 * (x * std::f32::consts::TAU).sin()))
        .collect();
    pencil.lines(&wave, pencil.line);
    pencil.lines(&[(16.0, 28.0), (16.0, 18.0), (36.0, 18.0)], pencil.line);
    pencil.lines(&[(54.0, 18.0), (66.0, 18.0)], pencil.line);
    pencil.lines(&[(16.0, 46.0), (16.0, 58.0), (74.0, 58.0), (74.0, 54.0)], pencil.line);
    pencil.meter((60.0, 14.0), pencil.line, pencil.line);
    let blade = if on { (54.0, 18.0) } else { (51.0, 6.0) };
    pencil.lines(&[(36.0, 18.0), blade], pencil.meant);
    pencil.dot((36.0, 18.0), 2.0, pencil.meant);
    pencil.dot((54.0, 18.0), 2.0, pencil.meant);
    pencil.text((45.0, 30.0), if on { "ON" } else { "OFF" }, 8.0, pencil.meant);
    if on {
        pencil.arrow((28.0, 51.0), (48.0, 51.0), pencil.meant);
        pencil.text((38.0, 44.5), "I", 7.0, pencil.meant);
    } else {
        pencil.text((38.0, 50.0), "I = 0", 7.0, pencil.meant);
    }
}

fn press(pencil: &Pencil<'_>) {
    pencil.meter((22.0, 16.0), pencil.line, pencil.meant);
    // A finger from the right, its tip on the key.
    let finger = [
        (84.0, 62.0),
        (62.0, 47.5),
        (47.5, 42.0),
        (44.0, 38.5),
        (47.0, 35.6),
        (52.0, 35.4),
        (68.0, 39.5),
        (90.0, 53.0),
    ];
    pencil.solid(&finger, pencil.fill);
    pencil.lines(&finger, pencil.meant);
    pencil.lines(&[(47.0, 38.8), (50.5, 38.0)], pencil.meant);
}

fn power_cycle(pencil: &Pencil<'_>) {
    pencil.block((8.0, 20.0), (30.0, 30.0), pencil.line);
    pencil.ring((23.0, 35.0), 10.0, pencil.line);
    pencil.dot((19.0, 35.0), 1.6, pencil.line);
    pencil.dot((27.0, 35.0), 1.6, pencil.line);
    pencil.lines(&[(54.0, 31.0), (61.0, 31.0)], pencil.meant);
    pencil.lines(&[(54.0, 39.0), (61.0, 39.0)], pencil.meant);
    pencil.block((61.0, 26.0), (14.0, 18.0), pencil.meant);
    pencil.lines(&[(75.0, 35.0), (84.0, 35.0), (88.0, 40.0), (88.0, 62.0)], pencil.meant);
    pencil.arrow((44.0, 14.0), (66.0, 14.0), pencil.meant);
    pencil.text((55.0, 7.0), "1", 7.0, pencil.meant);
    pencil.arrow((66.0, 57.0), (44.0, 57.0), pencil.meant);
    pencil.text((55.0, 64.0), "2", 7.0, pencil.meant);
}

fn look(pencil: &Pencil<'_>) {
    pencil.meter((12.0, 16.0), pencil.meant, pencil.line);
    let lid = |down: f32| -> Vec<(f32, f32)> {
        (0_u8..=16)
            .map(|step| f32::from(step) / 16.0)
            .map(|x| (64.0 + 26.0 * x, 27.0 + down * 9.0 * (x * std::f32::consts::PI).sin()))
            .collect()
    };
    pencil.lines(&lid(-1.0), pencil.meant);
    pencil.lines(&lid(1.0), pencil.meant);
    pencil.ring((77.0, 27.0), 4.6, pencil.meant);
    pencil.dot((77.0, 27.0), 2.0, pencil.meant);
    pencil.arrow((61.0, 26.5), (45.0, 26.0), pencil.meant);
}
