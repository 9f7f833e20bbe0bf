//! A window as text: what a screen reader would meet, in order.

use egui::accesskit::{Role, Toggled};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT as _;

/// One line for each named or interactive node. Texts longer than `longest` characters are cut.
pub fn outline<S>(window: &Harness<'_, S>, longest: usize) -> String {
    let mut lines = Vec::new();
    for node in window.root().children_recursive() {
        let node = node.accesskit_node();
        let (label, value) = (node.label(), node.value());
        // `TextRun` repeats its parent's text.
        if node.role() == Role::TextRun || (label.is_none() && value.is_none()) {
            continue;
        }
        let mut line = format!("{:?}", node.role());
        for text in [label, value].into_iter().flatten() {
            let short: String = text.chars().take(longest).collect();
            line.push_str(&format!(" {short:?}"));
        }
        if node.toggled() == Some(Toggled::True) {
            line.push_str(" chosen");
        }
        if node.is_disabled() {
            line.push_str(" disabled");
        }
        lines.push(line);
    }
    lines.join("\n")
}
