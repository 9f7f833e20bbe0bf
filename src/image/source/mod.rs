//! The stock OpenSmartMeter's calibration: literals in its C++ source, changed in place.
//!
//! Its firmware writes the metering chip's registers at boot by calls of the shape `AFECHIP(0, Ugain, 0x71D8);` in SAM_UART.cpp.
//! [`patch`] replaces the literals of the registers wanted and leaves every other byte as it is: spacing, comments, line ends,
//! encoding; [`patch_variables`] does the same with what servers and network know a unit by. Both refuse a source in which it is not
//! certain which literal the compiler will use.
//!
//! Not here: what the values ought to be (`calibration`), and compiling.

use std::ops::Range;

use m90e26::Register;

mod condition;
mod literal;
mod token;
mod variable;

use condition::{Condition, directive, follow, is_guarded};
use literal::{literal_like, number};
use token::{Kind, Token, tokens};

pub use variable::{Placed, VariableError, patch_variables};

/// The function of the stock firmware that writes and reads a register.
const CALL: &str = "AFECHIP";

/// A literal that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Replaced {
    /// The register's name as the source spells it.
    pub name: String,
    /// Line of the literal, from 1.
    pub line: usize,
    /// The literal as it was.
    pub old: String,
    /// The literal as it is.
    pub new: String,
}

/// Why a source is not touched.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No call writes this register.
    #[error("no {CALL}(0, {name}, ...) in this source")]
    Missing {
        /// The register, as C sources spell it.
        name: String,
    },
    /// More than one call does, and the last one at run time would count.
    #[error("{CALL}(0, {name}, ...) stands there twice, in lines {first} and {second}")]
    Twice {
        /// The register.
        name: String,
        /// Line of the first call.
        first: usize,
        /// Line of the second.
        second: usize,
    },
    /// The value is an expression or a name.
    #[error("line {line}: the value of {name} is {found:?} and not a number to be replaced")]
    NotLiteral {
        /// The register.
        name: String,
        /// Line of the call.
        line: usize,
        /// What stands in its place.
        found: String,
    },
    /// Whether the call reads or writes depends on something else.
    #[error("line {line}: whether this call with {name} writes cannot be told: its first argument is {found:?}")]
    Unclear {
        /// The register.
        name: String,
        /// Line of the call.
        line: usize,
        /// The first argument.
        found: String,
    },
    /// The preprocessor decides whether the call is compiled.
    #[error("line {line}: the call with {name} is compiled only under {condition:?}")]
    Conditional {
        /// The register.
        name: String,
        /// Line of the call.
        line: usize,
        /// The innermost open directive.
        condition: String,
    },
    /// A macro contains such a call.
    #[error("line {line}: a macro contains a call of {CALL} with {name}")]
    InMacro {
        /// The register.
        name: String,
        /// Line of the macro.
        line: usize,
    },
    /// Asked for twice.
    #[error("two values are given for {name}")]
    WantedTwice {
        /// The register.
        name: String,
    },
}

/// Replaces the values of `wanted` registers, given in the order of the source or any other.
///
/// # Errors
/// A call is missing, there twice, or not certain to be what is compiled; then nothing is replaced at all.
pub fn patch(source: &[u8], wanted: &[(Register, u16)]) -> Result<(Vec<u8>, Vec<Replaced>), SourceError> {
    let reading = Reading { source, tokens: tokens(source) };
    let calls = reading.calls();
    let mut places = Vec::new();
    for (position, &(register, value)) in wanted.iter().enumerate() {
        if wanted.iter().take(position).any(|(earlier, _)| *earlier == register) {
            return Err(SourceError::WantedTwice { name: c_name(register).to_owned() });
        }
        places.push((reading.find(&calls, c_name(register))?, register, value));
    }
    places.sort_by_key(|(span, ..)| span.start);
    let mut patched = Vec::with_capacity(source.len());
    let mut replaced = Vec::new();
    let mut done = 0;
    for (span, register, value) in places {
        patched.extend_from_slice(source.get(done..span.start).unwrap_or_default());
        let old = reading.text(&span);
        let new = literal_like(&old, value.into(), 4);
        patched.extend_from_slice(new.as_bytes());
        replaced.push(Replaced { name: c_name(register).to_owned(), line: reading.line(span.start), old, new });
        done = span.end;
    }
    patched.extend_from_slice(source.get(done..).unwrap_or_default());
    Ok((patched, replaced))
}

/// The registers that a source writes with a literal, with their values, by address; those that [`patch`] would refuse are left out.
#[must_use]
pub fn values(source: &[u8]) -> Vec<(Register, u16)> {
    let reading = Reading { source, tokens: tokens(source) };
    let calls = reading.calls();
    let value = |register| {
        let span = reading.find(&calls, c_name(register)).ok()?;
        Some((register, u16::try_from(number(&reading.text(&span))?).ok()?))
    };
    Register::ALL.into_iter().filter_map(value).collect()
}

/// A register's name in the stock sources: CS1 and CS2 are spelled out there.
fn c_name(register: Register) -> &'static str {
    match register {
        Register::Cs1 => "CSOne",
        Register::Cs2 => "CSTwo",
        other => other.name(),
    }
}

/// A call with three arguments of which the second is a single name.
struct Call {
    name: String,
    start: usize,
    direction: Range<usize>,
    value: Range<usize>,
    /// The innermost `#if` around it.
    condition: Option<String>,
    in_macro: bool,
}

struct Reading<'a> {
    source: &'a [u8],
    tokens: Vec<Token>,
}

impl Reading<'_> {
    /// Every call; arguments as spans of tokens would lose their place, so they are spans of the source.
    fn calls(&self) -> Vec<Call> {
        let mut calls = Vec::new();
        let mut conditions: Vec<Condition> = Vec::new();
        let guarded = is_guarded(self);
        for (position, token) in self.tokens.iter().enumerate() {
            let text = self.text(&token.span);
            if token.kind == Kind::Directive {
                if directive(&text) == "define" {
                    calls.extend(self.calls_in_macro(token));
                } else {
                    follow(&mut conditions, &text);
                    if position == 0 && guarded {
                        conditions.iter_mut().for_each(Condition::certainly_true);
                    }
                }
            } else if token.kind == Kind::Name && text == CALL && !conditions.iter().any(Condition::is_dead) {
                let after = self.tokens.get(position + 1..).unwrap_or_default();
                let condition = Condition::innermost(&conditions);
                calls.extend(self.call(token.span.start, after, condition));
            }
        }
        calls
    }

    /// The call whose parenthesis is the first of `tokens`, if it has the shape.
    fn call(&self, start: usize, tokens: &[Token], condition: Option<String>) -> Option<Call> {
        let mut depth = 0_usize;
        let mut arguments: Vec<Vec<&Token>> = vec![Vec::new()];
        for token in tokens {
            match token.kind {
                Kind::Mark(b'(') => depth += 1,
                Kind::Mark(b')') => depth = depth.checked_sub(1)?,
                _ if depth == 0 => return None,
                _ => {}
            }
            match token.kind {
                Kind::Mark(b')') if depth == 0 => break,
                Kind::Mark(b'(') if depth == 1 && arguments.iter().all(Vec::is_empty) => {}
                Kind::Mark(b',') if depth == 1 => arguments.push(Vec::new()),
                _ => arguments.last_mut()?.push(token),
            }
        }
        let [direction, name, value] = arguments.as_slice() else { return None };
        let [name] = name.as_slice() else { return None };
        let span = |argument: &[&Token]| Some(argument.first()?.span.start..argument.last()?.span.end);
        Some(Call {
            name: self.text(&name.span),
            start,
            direction: span(direction)?,
            value: span(value)?,
            condition,
            in_macro: false,
        })
    }

    /// Calls in a macro's body count as found, so that nobody believes the one outside to be the only one.
    fn calls_in_macro(&self, define: &Token) -> Vec<Call> {
        let body = self.source.get(define.span.clone()).unwrap_or_default();
        // Without its `#` the line reads as code.
        let code = [b" ", body.get(1..).unwrap_or_default()].concat();
        let inner = Reading { source: &code, tokens: tokens(&code) };
        let mut calls = inner.calls();
        for call in &mut calls {
            call.in_macro = true;
            call.start = define.span.start;
        }
        calls
    }

    /// The span of the one literal that sets `name`.
    fn find(&self, calls: &[Call], name: &str) -> Result<Range<usize>, SourceError> {
        let mut found: Option<&Call> = None;
        for call in calls.iter().filter(|call| call.name == name) {
            let line = self.line(call.start);
            let name = || name.to_owned();
            if call.in_macro {
                return Err(SourceError::InMacro { name: name(), line });
            }
            match number(&self.text(&call.direction)) {
                Some(0) => {}
                Some(_) => continue,
                None => return Err(SourceError::Unclear { name: name(), line, found: self.text(&call.direction) }),
            }
            if let Some(first) = found {
                return Err(SourceError::Twice { name: name(), first: self.line(first.start), second: line });
            }
            if let Some(condition) = &call.condition {
                return Err(SourceError::Conditional { name: name(), line, condition: condition.clone() });
            }
            if number(&self.text(&call.value)).is_none() {
                return Err(SourceError::NotLiteral { name: name(), line, found: self.text(&call.value) });
            }
            found = Some(call);
        }
        found.map(|call| call.value.clone()).ok_or_else(|| SourceError::Missing { name: name.to_owned() })
    }

    fn text(&self, span: &Range<usize>) -> String {
        String::from_utf8_lossy(self.source.get(span.clone()).unwrap_or_default()).into_owned()
    }

    fn line(&self, position: usize) -> usize {
        self.source.iter().take(position).filter(|byte| **byte == b'\n').count() + 1
    }
}

#[cfg(test)]
mod tests;
