//! What a cell can hold: inputs as they were typed, results as the spreadsheet shows them.

use std::fmt;

/// The errors this sheet can show, as Excel and the file format spell them.
///
/// LibreOffice shows `Err:502` where the others show `#NUM!`; both are [`CellError::Num`] here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellError {
    /// A function got a number or digits outside its range.
    Num,
    /// A division by zero or by an empty cell.
    DivisionByZero,
    /// Text where a number is needed, or an option text without a colon.
    Value,
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Num => "#NUM!",
            Self::DivisionByZero => "#DIV/0!",
            Self::Value => "#VALUE!",
        })
    }
}

impl std::error::Error for CellError {}

/// The result of a formula cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number; integers are integral floats, as in the spreadsheet itself.
    Number(f64),
    /// Bits, hex digits, or a constant that was typed as text.
    Text(String),
    /// The error shown instead.
    Error(CellError),
}

impl Value {
    /// The number as an integer when it is one, the number, the text, or the error's text.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Number(number) => json_number(*number),
            Self::Text(text) => text.clone().into(),
            Self::Error(error) => error.to_string().into(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{}", json_number(*number)),
            Self::Text(text) => f.write_str(text),
            Self::Error(error) => error.fmt(f),
        }
    }
}

impl From<Result<f64, CellError>> for Value {
    fn from(result: Result<f64, CellError>) -> Self {
        result.map_or_else(Self::Error, Self::Number)
    }
}

impl From<Result<String, CellError>> for Value {
    fn from(result: Result<String, CellError>) -> Self {
        result.map_or_else(Self::Error, Self::Text)
    }
}

/// An integral number without a decimal point, as long as each integer below it has its own float.
fn json_number(number: f64) -> serde_json::Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    #[expect(clippy::cast_possible_truncation, reason = "integral and within 2^53")]
    if number.fract() == 0.0 && number.abs() <= EXACT { (number as i64).into() } else { number.into() }
}

/// The content of an input cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Input {
    /// Nothing; counts as 0 in arithmetic and as the empty text in text functions.
    #[default]
    Empty,
    /// A finite number.
    Number(f64),
    /// A text; one that spells a number works as that number.
    Text(String),
}

impl Input {
    /// The cell as an operand of arithmetic.
    ///
    /// # Errors
    /// [`CellError::Value`] for a text that spells no number.
    pub fn number(&self) -> Result<f64, CellError> {
        match self {
            Self::Empty => Ok(0.0),
            Self::Number(number) => Ok(*number),
            Self::Text(text) => number_from_text(text).ok_or(CellError::Value),
        }
    }

    /// The cell as an operand of a text function.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Number(number) => json_number(*number).to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// The cell as another cell would show it: an empty one counts as 0.
    #[must_use]
    pub fn shown(&self) -> Value {
        match self {
            Self::Empty => Value::Number(0.0),
            Self::Number(number) => Value::Number(*number),
            Self::Text(text) => Value::Text(text.clone()),
        }
    }

    /// From JSON: a number, a text, or null for an empty cell. None for anything else.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Option<Self> {
        match json {
            serde_json::Value::Null => Some(Self::Empty),
            serde_json::Value::Number(number) => number.as_f64().filter(|number| number.is_finite()).map(Self::Number),
            serde_json::Value::String(text) => Some(Self::Text(text.clone())),
            serde_json::Value::Bool(_) | serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
        }
    }
}

/// A constant, or the workbook's own formula left in the cell (B25 and B26).
#[derive(Clone, Debug, PartialEq)]
pub enum Sampling {
    /// The original formula: the voltage follows from UN or IB and the impedances.
    Formula,
    /// A typed value in mV.
    Constant(Input),
}

impl Default for Sampling {
    fn default() -> Self {
        Self::Constant(Input::Empty)
    }
}

impl Sampling {
    /// From JSON: null is the formula, anything else a constant. None for what no cell can hold.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Option<Self> {
        if json.is_null() { Some(Self::Formula) } else { Input::from_json(json).map(Self::Constant) }
    }
}

/// A text that spells a plain decimal number; blanks around it do no harm. Words such as "inf" are no numbers.
fn number_from_text(text: &str) -> Option<f64> {
    let text = text.trim();
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_typed_as_text_is_a_number() {
        assert_eq!(Input::Text("0.219".into()).number(), Ok(0.219));
        assert_eq!(Input::Text(" 1e3 ".into()).number(), Ok(1000.0));
        for text in ["abc", "", "1,5", "inf", "nan", "12 V", "1e999", "0x10"] {
            assert_eq!(Input::Text(text.into()).number(), Err(CellError::Value), "{text}");
        }
    }

    #[test]
    fn integers_are_printed_as_integers() {
        assert_eq!(Value::Number(-0.0).to_json().to_string(), "0");
        assert_eq!(Value::Number(549_755_813_888_000.0).to_json().to_string(), "549755813888000");
        assert_eq!(Value::Number(-18.587_360_594_795_545).to_json().to_string(), "-18.587360594795545");
        assert_eq!(Value::Error(CellError::DivisionByZero).to_json(), "#DIV/0!");
    }
}
