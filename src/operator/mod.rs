//! The person at the bench: what is asked, how the answer is read, who asks.
//!
//! A [`Prompt`] is one instruction or question with the answers it takes. Reading what was typed is [`Prompt::read`], so that
//! window and command line take the same answers and refuse the same nonsense. Not here: how a prompt is drawn or printed.

pub mod number;
mod sketch;

pub use sketch::Sketch;

/// What was typed is read so many times before nonsense counts as no answer.
pub const TRIES: usize = 5;

/// One question or instruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// What is asked, or what is to be done; one sentence.
    pub question: String,
    /// Which answers it takes.
    pub kind: Kind,
    /// A picture of what hands have to do.
    pub sketch: Option<Sketch>,
    /// Why the answer before this one was not taken, where the same is asked again.
    pub problem: Option<String>,
}

/// Which answers a prompt takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A number.
    Number {
        /// The unit it is meant in; typed with `m` or `k` before it, it is converted.
        unit: &'static str,
        /// The least that is taken.
        least: f64,
        /// The most that is taken.
        most: f64,
    },
    /// One of several, by its number.
    Choice {
        /// The words, counted from 1 for people.
        options: Vec<String>,
        /// What Enter alone chooses, counted from 0; without one a number has to be given.
        default: Option<usize>,
    },
    /// Done.
    Confirm,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A text, trimmed.
    Text(String),
    /// A number in the prompt's unit.
    Number(f64),
    /// The option of that number, counted from 0.
    Choice(usize),
    /// It is done.
    Confirmed,
}

/// The person at the bench.
pub trait Operator: Send + Sync {
    /// Says something that needs no answer.
    fn tell(&self, message: &str);

    /// Asks, and waits for an answer of the prompt's kind.
    ///
    /// # Errors
    /// Nobody is there to answer, the run was cancelled meanwhile, or nothing that came could be read.
    fn ask(&self, prompt: &Prompt) -> Result<Answer, OperatorError>;
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperatorError {
    /// No terminal, or the input ended.
    #[error("nobody is there to answer")]
    Absent,
    /// The run was cancelled while the question stood.
    #[error("cancelled at a question")]
    Cancelled,
    /// What was answered is no answer.
    #[error("no answer could be read")]
    Unreadable,
}

impl Prompt {
    /// A question for any text.
    pub fn text(question: impl Into<String>) -> Self {
        Self { question: question.into(), kind: Kind::Text, sketch: None, problem: None }
    }

    /// A question for a number between two, in a unit.
    pub fn number(question: impl Into<String>, unit: &'static str, [least, most]: [f64; 2]) -> Self {
        Self { question: question.into(), kind: Kind::Number { unit, least, most }, sketch: None, problem: None }
    }

    /// A question for one of several.
    pub fn choice(question: impl Into<String>, options: &[&str], default: Option<usize>) -> Self {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        Self { question: question.into(), kind: Kind::Choice { options, default }, sketch: None, problem: None }
    }

    /// An instruction that is confirmed when it is done.
    pub fn confirm(instruction: impl Into<String>) -> Self {
        Self { question: instruction.into(), kind: Kind::Confirm, sketch: None, problem: None }
    }

    /// With a picture.
    #[must_use]
    pub fn with(mut self, sketch: Sketch) -> Self {
        self.sketch = Some(sketch);
        self
    }

    /// The same again, with what was wrong with the answer before.
    #[must_use]
    pub fn after(mut self, problem: Option<String>) -> Self {
        self.problem = problem;
        self
    }

    /// Reads what was typed.
    ///
    /// # Errors
    /// Says what is wrong with it, for the one who typed it.
    pub fn read(&self, typed: &str) -> Result<Answer, String> {
        let typed = typed.trim();
        match &self.kind {
            Kind::Text => Ok(Answer::Text(typed.to_owned())),
            Kind::Number { unit, least, most } => {
                let value = number::with_unit(typed, unit)?;
                if (*least..=*most).contains(&value) {
                    Ok(Answer::Number(value))
                } else {
                    let [value, least, most] = [value, *least, *most].map(number::short);
                    Err(format!("{value} {unit} is outside of {least} to {most} {unit}"))
                }
            }
            Kind::Choice { options, default } => {
                let chosen = match (typed.is_empty(), default) {
                    (true, Some(default)) => Some(*default),
                    _ => typed.parse::<usize>().ok().and_then(|number| number.checked_sub(1)),
                };
                match chosen.filter(|&chosen| chosen < options.len()) {
                    Some(chosen) => Ok(Answer::Choice(chosen)),
                    None => Err(format!("{typed:?} is none of the numbers 1 to {}", options.len())),
                }
            }
            Kind::Confirm if ["", "y", "yes", "ok"].contains(&typed.to_ascii_lowercase().as_str()) => {
                Ok(Answer::Confirmed)
            }
            Kind::Confirm => Err(format!("{typed:?} is no confirmation, Enter alone is")),
        }
    }

    /// Takes answers from `next` until one can be read, and tells what is wrong with the others.
    ///
    /// # Errors
    /// There is no next one, or [`TRIES`] of them were nonsense.
    pub fn read_until(
        &self,
        tell: impl Fn(&str),
        mut next: impl FnMut() -> Result<String, OperatorError>,
    ) -> Result<Answer, OperatorError> {
        for _ in 0..TRIES {
            match self.read(&next()?) {
                Ok(answer) => return Ok(answer),
                Err(problem) => tell(&problem),
            }
        }
        Err(OperatorError::Unreadable)
    }
}

/// Asks for a number.
///
/// # Errors
/// Nobody answers, or only nonsense comes back.
pub fn ask_number(operator: &dyn Operator, prompt: &Prompt) -> Result<f64, OperatorError> {
    match operator.ask(prompt)? {
        Answer::Number(value) => Ok(value),
        _ => Err(OperatorError::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_units_and_keep_to_their_range() {
        let prompt = Prompt::number("U", "V", [120.0, 360.0]);
        for (typed, value) in [("240,1", 240.1), (" 0.2401 kV ", 240.1), ("240100mV", 240.1), ("120", 120.0)] {
            match prompt.read(typed) {
                Ok(Answer::Number(read)) => assert!((read - value).abs() < 1e-9, "{typed}: {read}"),
                other => panic!("{typed}: {other:?}"),
            }
        }
        assert_eq!(prompt.read("24").unwrap_err(), "24 V is outside of 120 to 360 V");
        for nonsense in ["", "V", "nan", "inf", "1e3", "2,400.1"] {
            assert!(prompt.read(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn choices_are_numbers_and_enter_is_the_default() {
        let prompt = Prompt::choice("Which lamp", &["red", "green"], Some(1));
        assert_eq!(prompt.read("1"), Ok(Answer::Choice(0)));
        assert_eq!(prompt.read(""), Ok(Answer::Choice(1)));
        for nonsense in ["0", "3", "red", "-1", "99999999999999999999"] {
            assert!(prompt.read(nonsense).is_err(), "{nonsense}");
        }
        assert!(Prompt::choice("Which lamp", &["red"], None).read("").is_err());
    }

    #[test]
    fn a_confirmation_is_no_accident() {
        let prompt = Prompt::confirm("Connect the unit");
        assert_eq!(prompt.read(" "), Ok(Answer::Confirmed));
        assert!(prompt.read("no").is_err());
    }

    #[test]
    fn nonsense_is_read_again_but_not_for_ever() {
        let prompt = Prompt::choice("Which", &["one"], None);
        let mut typed = ["x", "1"].into_iter();
        let mut next = || typed.next().map(str::to_owned).ok_or(OperatorError::Absent);
        assert_eq!(prompt.read_until(|_| {}, &mut next), Ok(Answer::Choice(0)));
        assert_eq!(prompt.read_until(|_| {}, next), Err(OperatorError::Absent));
        assert_eq!(prompt.read_until(|_| {}, || Ok("x".to_owned())), Err(OperatorError::Unreadable));
    }
}
