//! The page's inputs, and the same as a case: the JSON line `meterbench calculate` reads.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use thiserror::Error;

use super::fields::{CONVERTER, FIELDS, Field, Kind};
use super::mode::{self, MODE_FIELDS};
use super::typed::{self, Typed};
use crate::calibration::registers::RegisterSet;

/// Which arithmetic computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arithmetic {
    /// The bench's: rounded to nearest, range-checked, all registers.
    #[default]
    Nearest,
    /// The Excel sheet's, its errors included.
    Sheet,
}

/// A text that is no case.
#[derive(Debug, Error)]
pub enum CaseError {
    /// No JSON.
    #[error("this is no case: {0}")]
    Syntax(#[from] serde_json::Error),
    /// No object of inputs.
    #[error("this is no case: it has no object called \"in\"")]
    NoInput,
    /// Something nobody asks for.
    #[error("the case has an input called \"{name}\", which this calculator does not know")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// An input that no field can show.
    #[error("the case's input \"{name}\" is {found}, which no field here can hold")]
    Content {
        /// Its name.
        name: String,
        /// The JSON found.
        found: String,
    },
}

/// Everything typed and chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// Texts by the input's name, of all inputs.
    texts: BTreeMap<&'static str, String>,
    /// VL is computed from K1.
    pub vl_computed: bool,
    /// VU is computed from K2.
    pub vu_computed: bool,
    /// What stands in MMode's hex field while it is no word.
    pub mmode_typed: Option<String>,
    /// Which arithmetic computes.
    pub arithmetic: Arithmetic,
}

impl Default for Form {
    /// Nothing typed, MMode as after power-on.
    fn default() -> Self {
        let mut form = Self::empty();
        form.set_mmode(m90e26::field::MMode::POWER_ON.bits());
        form
    }
}

impl Form {
    fn empty() -> Self {
        Self {
            texts: FIELDS.into_iter().chain([CONVERTER]).map(|field| (field.name, String::new())).collect(),
            vl_computed: false,
            vu_computed: false,
            mmode_typed: None,
            arithmetic: Arithmetic::Nearest,
        }
    }

    /// The text of an input.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    /// The text of an input, to edit.
    pub fn text_mut(&mut self, name: &'static str) -> &mut String {
        self.texts.entry(name).or_default()
    }

    /// The word of MMode's options; none while one is none.
    #[must_use]
    pub fn mmode(&self) -> Option<u16> {
        mode::word(|name| self.text(name))
    }

    /// Chooses MMode's options by the word.
    pub fn set_mmode(&mut self, word: u16) {
        for field in MODE_FIELDS {
            *self.text_mut(field.name) = field.of(word);
        }
        self.mmode_typed = None;
    }

    /// VL or VU is computed.
    #[must_use]
    pub fn computed(&self, name: &str) -> bool {
        name == "vl_mv" && self.vl_computed || name == "vu_mv" && self.vu_computed
    }

    /// What is wrong with an input, in words; none when nothing is.
    #[must_use]
    pub fn fault(&self, field: Field) -> Option<String> {
        let text = self.text(field.name);
        let fault = |typed| if let Typed::Bad(words) = typed { Some(words) } else { None };
        match field.kind {
            Kind::Sampling if self.computed(field.name) => None,
            Kind::Number | Kind::Sampling => fault(keep_fault(typed::number(text))),
            Kind::Readings => fault(keep_fault(typed::readings(text))),
            Kind::Registers => fault(keep_fault(typed::registers(text))),
            Kind::Bits(_) => {
                let known = MODE_FIELDS.into_iter().find(|mode| mode.name == field.name);
                let code = known.and_then(|mode| mode.code(text));
                if text.is_empty() || code.is_some() { None } else { Some(t!("no option of MMode").to_owned()) }
            }
            Kind::Kept => None,
        }
    }

    /// An input as JSON; none when it is empty. One with a fault is its text.
    fn json(&self, field: Field) -> Option<Json> {
        let text = self.text(field.name);
        match field.kind {
            Kind::Sampling if self.computed(field.name) => Some(Json::Null),
            Kind::Number | Kind::Sampling | Kind::Kept => match typed::number(text) {
                Typed::Empty => None,
                Typed::Value(number) => Some(number_json(number)),
                Typed::Bad(_) => Some(text.into()),
            },
            Kind::Bits(_) => Some(text).filter(|text| !text.is_empty()).map(Json::from),
            Kind::Readings => match typed::readings(text) {
                Typed::Empty => None,
                Typed::Value(list) => Some(list.into()),
                Typed::Bad(_) => Some(text.into()),
            },
            Kind::Registers => match typed::registers(text) {
                Typed::Empty => None,
                Typed::Value(list) => {
                    let words =
                        list.into_iter().map(|(name, word)| (name.name().to_owned(), json!(format!("0x{word:04X}"))));
                    Some(Json::Object(words.collect()))
                }
                Typed::Bad(_) => Some(text.into()),
            },
        }
    }

    /// The inputs that have no fault, as `meterbench calculate` takes them.
    #[must_use]
    pub fn sound_fields(&self) -> Map<String, Json> {
        let sound = FIELDS.into_iter().filter(|field| self.fault(*field).is_none());
        sound.filter_map(|field| Some((field.name.to_owned(), self.json(field)?))).collect()
    }

    /// The inputs the sheet knows, faults included: the sheet has its own words for them.
    #[must_use]
    pub fn sheet_fields(&self) -> Map<String, Json> {
        let known = FIELDS.into_iter().filter(|field| field.cell().is_some());
        let mut fields: Map<String, Json> =
            known.filter_map(|field| Some((field.name.to_owned(), self.json(field)?))).collect();
        if let Some(typed) = &self.mmode_typed {
            // No word, so no options either.
            fields.insert("mm_lgain".to_owned(), typed.replace(':', "").into());
        }
        fields
    }

    /// The case as one line of JSON, for a file or `meterbench calculate`.
    #[must_use]
    pub fn to_case(&self) -> String {
        let all = FIELDS.into_iter().chain([CONVERTER]);
        let fields: Map<String, Json> =
            all.filter_map(|field| Some((field.name.to_owned(), self.json(field)?))).collect();
        let arithmetic = match self.arithmetic {
            Arithmetic::Nearest => "nearest",
            Arithmetic::Sheet => "sheet",
        };
        json!({ "in": fields, "arithmetic": arithmetic }).to_string()
    }

    /// The inputs of a case.
    ///
    /// # Errors
    /// A text that is no case, or one with inputs this page does not have.
    pub fn from_case(text: &str) -> Result<Self, CaseError> {
        let json: Json = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
        let fields = json.get("in").and_then(Json::as_object).ok_or(CaseError::NoInput)?;
        let mut form = Self::from_fields(fields)?;
        if json.get("arithmetic").and_then(Json::as_str) == Some("sheet") {
            form.arithmetic = Arithmetic::Sheet;
        }
        Ok(form)
    }

    /// The inputs of an object of fields.
    ///
    /// # Errors
    /// A field this page does not have, or one it cannot show.
    pub fn from_fields(fields: &Map<String, Json>) -> Result<Self, CaseError> {
        let mut form = Self::empty();
        for (name, json) in fields {
            let field = Field::of(name).ok_or_else(|| CaseError::Unknown { name: name.clone() })?;
            if json.is_null() {
                form.vl_computed |= name == "vl_mv";
                form.vu_computed |= name == "vu_mv";
                continue;
            }
            let text = shown(json).filter(|_| match field.kind {
                Kind::Readings => !json.is_object(),
                Kind::Registers => !json.is_array(),
                _ => !json.is_array() && !json.is_object(),
            });
            let found = || CaseError::Content { name: name.clone(), found: json.to_string() };
            *form.text_mut(field.name) = text.ok_or_else(found)?;
        }
        Ok(form)
    }

    /// The registers held during the readings.
    #[must_use]
    pub fn registers(&self) -> RegisterSet {
        let mut set = RegisterSet::power_on();
        if let Typed::Value(list) = typed::registers(self.text("registers")) {
            for (register, word) in list {
                // Only registers of a set are read.
                let _ = set.set(register, word);
            }
        }
        set
    }
}

fn keep_fault<T>(typed: Typed<T>) -> Typed<()> {
    match typed {
        Typed::Bad(words) => Typed::Bad(words),
        Typed::Empty | Typed::Value(_) => Typed::Empty,
    }
}

/// An integral number without a decimal point.
fn number_json(number: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    let negative_zero = number == 0.0 && number.is_sign_negative();
    #[expect(clippy::cast_possible_truncation, reason = "integral and within 2^53")]
    if number.fract() == 0.0 && number.abs() <= EXACT && !negative_zero {
        (number as i64).into()
    } else {
        number.into()
    }
}

/// The text a field shows for a JSON value; none for one that has none.
fn shown(json: &Json) -> Option<String> {
    match json {
        Json::Number(number) => Some(number.to_string()),
        Json::String(text) => Some(text.clone()),
        Json::Array(list) => {
            let part = |item: &Json| match item {
                // With its sign, as four digits without one are hex.
                Json::Number(number) => {
                    Some(number.as_i64().map_or_else(|| number.to_string(), |number| format!("{number:+}")))
                }
                Json::String(text) => Some(text.clone()),
                _ => None,
            };
            let parts: Option<Vec<String>> = list.iter().map(part).collect();
            parts.map(|parts| parts.join(" "))
        }
        Json::Object(words) => {
            let line = |(name, word): (&String, &Json)| {
                let word = match word {
                    Json::Number(number) => format!("{:04X}", u16::try_from(number.as_i64()?).ok()?),
                    Json::String(text) => text.trim_start_matches("0x").to_owned(),
                    _ => return None,
                };
                Some(format!("{name} {word}"))
            };
            let lines: Option<Vec<String>> = words.iter().map(line).collect();
            lines.map(|lines| lines.join("\n"))
        }
        Json::Null | Json::Bool(_) => None,
    }
}
