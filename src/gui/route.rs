//! The pages there are, with their words, keys and shapes.

use egui::{Color32, Key, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

/// A page, with its key; F5 starts a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// One unit from its serial number to its verdict.
    #[default]
    Bench,
    /// Meter and reference side by side, and over time.
    Live,
    /// The Excel sheet replaced, without a meter.
    Calculator,
    /// The chip's whole map, to read and to write.
    Registers,
    /// An image onto a chip, proven.
    Firmware,
    /// Every run that was kept: found, compared, counted.
    Records,
    /// What is known about meters, procedures and instruments, and changing it.
    Profiles,
    /// Look, ports, where settings lie.
    Settings,
    /// Version, licences, keys.
    About,
}

impl Route {
    /// All pages, as the rail lists them.
    pub const ALL: [Self; 9] = [
        Self::Bench,
        Self::Live,
        Self::Calculator,
        Self::Registers,
        Self::Firmware,
        Self::Records,
        Self::Profiles,
        Self::Settings,
        Self::About,
    ];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bench => t!("Bench"),
            Self::Live => t!("Live"),
            Self::Calculator => t!("Calculator"),
            Self::Registers => t!("Registers"),
            Self::Firmware => t!("Firmware"),
            Self::Records => t!("Records"),
            Self::Profiles => t!("Profiles"),
            Self::Settings => t!("Settings"),
            Self::About => t!("About"),
        }
    }

    /// What it is for.
    #[must_use]
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Bench => t!("Calibrate and test a unit"),
            Self::Live => t!("Meter and reference side by side, and over time"),
            Self::Calculator => t!("Readings in, registers out, without a meter"),
            Self::Registers => t!("Read and write the chip's registers"),
            Self::Firmware => t!("Put an image on a chip and prove that it is there"),
            Self::Records => t!("Find a unit's runs, compare them, see yield and drift"),
            Self::Profiles => t!("Read, copy and change the profiles of meters, procedures and instruments"),
            Self::Settings => t!("Theme, text size, ports"),
            Self::About => t!("Version, licences and keyboard shortcuts"),
        }
    }

    /// Its key.
    #[must_use]
    pub const fn key(self) -> Key {
        match self {
            Self::Bench => Key::F1,
            Self::Live => Key::F2,
            Self::Calculator => Key::F3,
            Self::Registers => Key::F4,
            Self::Firmware => Key::F6,
            Self::Records => Key::F7,
            Self::Profiles => Key::F8,
            Self::Settings => Key::F9,
            Self::About => Key::F12,
        }
    }

    /// Draws its sign into a square.
    pub(super) fn paint(self, painter: &Painter, square: Rect, colour: Color32) {
        let size = square.width();
        let at = |x: f32, y: f32| square.center() + vec2(x, y) * size;
        let pen = Stroke::new((size * 0.09).max(1.2), colour);
        let line = |points: Vec<Pos2>| painter.add(Shape::line(points, pen));
        match self {
            // A dial with its pointer.
            Self::Bench => {
                let arc = |turn: f32| {
                    let angle = std::f32::consts::PI * (1.15 - 1.3 * turn);
                    at(0.44 * angle.cos(), 0.14 - 0.44 * angle.sin())
                };
                line((0_u8..=16).map(|step| arc(f32::from(step) / 16.0)).collect());
                line(vec![at(0.0, 0.14), at(0.2, -0.16)]);
                painter.circle_filled(at(0.0, 0.14), size * 0.08, colour);
            }
            // A curve over its axis.
            Self::Live => {
                let wave = |x: f32| at(x, -0.06 - 0.28 * (x * std::f32::consts::TAU * 1.1).sin());
                line((0_u8..=20).map(|step| wave(f32::from(step) / 20.0 * 0.88 - 0.44)).collect());
                line(vec![at(-0.44, 0.42), at(0.44, 0.42)]);
            }
            // A plus and an equals sign.
            Self::Calculator => {
                line(vec![at(-0.42, -0.2), at(-0.06, -0.2)]);
                line(vec![at(-0.24, -0.38), at(-0.24, -0.02)]);
                for y in [0.16, 0.34] {
                    line(vec![at(0.06, y), at(0.42, y)]);
                }
            }
            // Rows of cells.
            Self::Registers => {
                for y in [-0.3, 0.0, 0.3] {
                    for x in [-0.27, 0.27] {
                        let cell = Rect::from_center_size(at(x, y), vec2(0.4, 0.2) * size);
                        painter.rect_stroke(cell, size * 0.04, pen, egui::StrokeKind::Middle);
                    }
                }
            }
            // A chip with its legs and an arrow into it.
            Self::Firmware => {
                let body = Rect::from_min_max(at(-0.26, -0.06), at(0.26, 0.4));
                painter.rect_stroke(body, size * 0.05, pen, egui::StrokeKind::Middle);
                for y in [0.06, 0.28] {
                    line(vec![at(-0.44, y), at(-0.26, y)]);
                    line(vec![at(0.26, y), at(0.44, y)]);
                }
                line(vec![at(0.0, -0.46), at(0.0, -0.16)]);
                line(vec![at(-0.13, -0.29), at(0.0, -0.15), at(0.13, -0.29)]);
            }
            // A drawer with its handle, and sheets standing in it.
            Self::Records => {
                let drawer = Rect::from_min_max(at(-0.42, -0.04), at(0.42, 0.42));
                painter.rect_stroke(drawer, size * 0.06, pen, egui::StrokeKind::Middle);
                line(vec![at(-0.12, 0.2), at(0.12, 0.2)]);
                for (y, half) in [(-0.4, 0.22), (-0.22, 0.32)] {
                    line(vec![at(-half, y), at(half, y)]);
                }
            }
            // A sheet with lines.
            Self::Profiles => {
                let sheet = Rect::from_min_max(at(-0.34, -0.44), at(0.34, 0.44));
                painter.rect_stroke(sheet, size * 0.08, pen, egui::StrokeKind::Middle);
                for y in [-0.2, 0.0, 0.2] {
                    line(vec![at(-0.18, y), at(0.18, y)]);
                }
            }
            // Three sliders.
            Self::Settings => {
                for (y, x) in [(-0.28, 0.16), (0.0, -0.18), (0.28, 0.06)] {
                    line(vec![at(-0.42, y), at(0.42, y)]);
                    painter.circle_filled(pos2(at(x, y).x, at(x, y).y), size * 0.12, colour);
                }
            }
            // An i in a circle.
            Self::About => {
                painter.circle_stroke(square.center(), size * 0.42, pen);
                painter.circle_filled(at(0.0, -0.2), size * 0.065, colour);
                line(vec![at(0.0, -0.04), at(0.0, 0.22)]);
            }
        }
    }
}
