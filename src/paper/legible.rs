//! What the fonts cannot print. A serial number or a name may hold any sign of any script; one that no font has is replaced by a
//! box, so that the rest is printed, and the remark says where. The record itself keeps it.

use std::collections::BTreeSet;

use serde_json::Value;
use typst::text::Font;

/// What stands for a sign that cannot be printed, the first of them that can.
const BOXES: [char; 2] = ['\u{FFFD}', '□'];
/// Remarks at most; the rest is counted.
const REMARKS: usize = 20;

/// Replaces what no font has in all texts of a paper.
pub(super) struct Replacer<'a> {
    fonts: &'a [Font],
    mark: char,
    remarks: Vec<String>,
    more: usize,
}

impl<'a> Replacer<'a> {
    pub(super) fn new(fonts: &'a [Font]) -> Self {
        let mark = BOXES.into_iter().find(|mark| has(fonts, *mark)).unwrap_or('?');
        Self { fonts, mark, remarks: Vec::new(), more: 0 }
    }

    /// Goes through `data`; what was replaced is remarked by record and field.
    pub(super) fn replace(mut self, data: &mut Value) -> Vec<String> {
        self.walk(data, &Place::default());
        if self.more > 0 {
            self.remarks.push(format!("{} more texts have signs that no font has", self.more));
        }
        self.remarks
    }

    fn walk(&mut self, value: &mut Value, place: &Place) {
        match value {
            Value::String(text) => self.text(text, place),
            Value::Array(values) => values.iter_mut().for_each(|value| self.walk(value, place)),
            Value::Object(fields) => {
                let number = fields.get("record").and_then(|record| record.get("number").unwrap_or(record).as_u64());
                let record = number.or(place.record);
                for (name, value) in fields {
                    let field = if place.field.is_empty() { name.clone() } else { format!("{}.{name}", place.field) };
                    self.walk(value, &Place { record, field });
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &mut String, place: &Place) {
        let missing: BTreeSet<char> = text.chars().filter(|sign| !has(self.fonts, *sign)).collect();
        if missing.is_empty() {
            return;
        }
        let replaced = |sign: char| if missing.contains(&sign) { self.mark } else { sign };
        let printed: String = text.chars().map(replaced).collect();
        let of = place.record.map_or_else(String::new, |number| format!("record {number}, "));
        let signs: Vec<String> = missing.iter().map(|sign| format!("{sign} U+{:04X}", u32::from(*sign))).collect();
        let remark = format!(
            "{of}{}: no font has {}; it is printed as {printed:?}. A font that has it may be put beside the templates",
            place.field,
            signs.join(", ")
        );
        // The code is drawn of the text as it is.
        let told = place.field.starts_with("qr.") || self.remarks.contains(&remark);
        if !told && self.remarks.len() < REMARKS {
            self.remarks.push(remark);
        } else if !told {
            self.more += 1;
        }
        *text = printed;
    }
}

/// Where a text stands.
#[derive(Default)]
struct Place {
    record: Option<u64>,
    field: String,
}

fn has(fonts: &[Font], sign: char) -> bool {
    fonts.iter().any(|font| font.info().coverage.contains(u32::from(sign)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fonts;
    use super::*;

    #[test]
    fn what_no_font_has_becomes_a_box_and_is_remarked_once() {
        let fonts = fonts::all(None).expect("compiled in");
        let mut data =
            json!({ "record": { "number": 3 }, "operator": "Ω漢字 😀", "qr": { "text": "漢" }, "serial": "é" });
        let remarks = Replacer::new(&fonts).replace(&mut data);
        assert_eq!((&data["operator"], &data["qr"]["text"]), (&json!("Ω□□ □"), &json!("□")), "{data}");
        assert_eq!(remarks.len(), 1, "{remarks:?}");
    }
}
