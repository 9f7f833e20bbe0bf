//! Variables and macros of the stock sources whose values differ from unit to unit: tokens, servers, keys, numbers.
//!
//! A place is a definition with a literal: `#define TOKEN "..."`, `const char apn[] = "...";`, `int port = 80;`,
//! `unsigned char KEY[16] = {0xa2, ...};`. Each name must have exactly one, and the literal's kind says what the value may be.
//! Messages name lines and never quote what stands there, for most of it is secret.

use std::ops::Range;

use super::Reading;
use super::condition::{Condition, directive, follow, is_guarded};
use super::literal::{literal_like, number};
use super::token::{Kind, Token, tokens};

/// Why a source is not touched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// Nothing defines it.
    #[error("nothing defines {name} with a value in this source")]
    Missing {
        /// The variable or macro.
        name: String,
    },
    /// More than one place gives it a value.
    #[error("{name} is given a value twice, in lines {first} and {second}")]
    Twice {
        /// The variable or macro.
        name: String,
        /// Line of the first place.
        first: usize,
        /// Line of the second.
        second: usize,
    },
    /// The value is an expression or a name.
    #[error("line {line}: the value of {name} is not a single literal")]
    NotLiteral {
        /// The variable or macro.
        name: String,
        /// Its line.
        line: usize,
    },
    /// The preprocessor decides whether it is compiled.
    #[error("line {line}: {name} is compiled only under {condition:?}")]
    Conditional {
        /// The variable or macro.
        name: String,
        /// Its line.
        line: usize,
        /// The innermost open directive.
        condition: String,
    },
    /// The new value cannot stand there.
    #[error("line {line}: {name} {problem}")]
    Misfit {
        /// The variable or macro.
        name: String,
        /// Its line.
        line: usize,
        /// Why not, without the value.
        problem: String,
    },
    /// Asked for twice.
    #[error("two values are given for {name}")]
    WantedTwice {
        /// The variable or macro.
        name: String,
    },
}

/// A value that was put into its place.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Placed {
    /// The variable or macro.
    pub name: String,
    /// Its line, from 1.
    pub line: usize,
}

/// Replaces the values of variables and macros: text as it is, numbers in decimal, bytes as hexadecimal digits. Every other byte of
/// the source stays.
///
/// # Errors
/// A place is missing, there twice or not certain, or a value does not fit; then nothing is replaced at all.
pub fn patch_variables(source: &[u8], wanted: &[(&str, &str)]) -> Result<(Vec<u8>, Vec<Placed>), VariableError> {
    let reading = Reading { source, tokens: tokens(source) };
    let names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
    let places = reading.places(&names);
    let mut changes = Vec::new();
    let mut placed = Vec::new();
    for (position, &(name, value)) in wanted.iter().enumerate() {
        if names.iter().take(position).any(|earlier| *earlier == name) {
            return Err(VariableError::WantedTwice { name: name.to_owned() });
        }
        let place = reading.only(&places, name)?;
        let line = reading.line(place.start);
        let misfit = |problem| VariableError::Misfit { name: name.to_owned(), line, problem };
        changes.extend(reading.literals(place, value).map_err(misfit)?);
        placed.push(Placed { name: name.to_owned(), line });
    }
    changes.sort_by_key(|(span, _)| span.start);
    let mut patched = Vec::with_capacity(source.len());
    let mut done = 0;
    for (span, literal) in changes {
        patched.extend_from_slice(source.get(done..span.start).unwrap_or_default());
        patched.extend_from_slice(literal.as_bytes());
        done = span.end;
    }
    patched.extend_from_slice(source.get(done..).unwrap_or_default());
    Ok((patched, placed))
}

/// Where something wanted gets a value.
struct Place {
    name: String,
    start: usize,
    /// Elements of its array, where they are counted.
    capacity: Option<usize>,
    literal: Literal,
    /// The innermost `#if` that decides about it.
    condition: Option<String>,
}

/// What stands behind the equals sign.
enum Literal {
    Text(Range<usize>),
    Number(Range<usize>),
    Bytes(Vec<Range<usize>>),
    Other,
}

impl Reading<'_> {
    fn places(&self, names: &[&str]) -> Vec<Place> {
        let mut places = Vec::new();
        let mut conditions: Vec<Condition> = Vec::new();
        let guarded = is_guarded(self);
        for (position, token) in self.tokens.iter().enumerate() {
            let text = self.text(&token.span);
            let dead = conditions.iter().any(Condition::is_dead);
            let place = match token.kind {
                Kind::Directive if directive(&text) != "define" => {
                    follow(&mut conditions, &text);
                    if position == 0 && guarded {
                        conditions.iter_mut().for_each(Condition::certainly_true);
                    }
                    None
                }
                _ if dead => None,
                Kind::Directive => self.place_in_macro(token, names),
                Kind::Name if names.contains(&text.as_str()) => self.place_at(position, text),
                _ => None,
            };
            if let Some(mut place) = place {
                place.condition = Condition::innermost(&conditions);
                places.push(place);
            }
        }
        places
    }

    /// `#define NAME literal`; a macro with parameters is another thing.
    fn place_in_macro(&self, define: &Token, names: &[&str]) -> Option<Place> {
        let body = self.source.get(define.span.clone())?;
        // Without its `#` the line reads as code, in the same places.
        let code = [b" ", body.get(1..)?].concat();
        let inner = Reading { source: &code, tokens: tokens(&code) };
        let (_, rest) = inner.tokens.split_first()?;
        let (name, value) = rest.split_first()?;
        let text = inner.text(&name.span);
        let has_parameters = code.get(name.span.end) == Some(&b'(');
        if has_parameters || !names.contains(&text.as_str()) {
            return None;
        }
        let offset = define.span.start;
        let literal = inner.literal(value).moved(offset);
        Some(Place { name: text, start: offset + name.span.start, capacity: None, literal, condition: None })
    }

    /// `name = literal`, `name[16] = {...}`, `name("...")`, `name{...}`.
    fn place_at(&self, position: usize, name: String) -> Option<Place> {
        let before = position.checked_sub(1).and_then(|before| self.tokens.get(before));
        let token = self.tokens.get(position)?;
        let mut after = self.tokens.get(position + 1..)?;
        let mut capacity = None;
        while let Some((Token { kind: Kind::Mark(b'['), .. }, rest)) = after.split_first() {
            let end = rest.iter().position(|token| token.kind == Kind::Mark(b']'))?;
            if let [Token { kind: Kind::Number, span }] = rest.get(..end)? {
                capacity = number(&self.text(span)).and_then(|count| usize::try_from(count).ok());
            }
            after = rest.get(end + 1..)?;
        }
        // Where microcontrollers are told to keep a constant in flash.
        if let Some((Token { kind: Kind::Name, span }, rest)) = after.split_first()
            && self.text(span) == "PROGMEM"
        {
            after = rest;
        }
        let marks = |token: &Token, mark| token.kind == Kind::Mark(mark);
        // A member of something, or a type's name in a pointer's way, is another variable.
        if before.is_some_and(|before| marks(before, b'.') || marks(before, b'>') && self.is_arrow(before)) {
            return None;
        }
        let declared = before.is_some_and(|before| {
            before.kind == Kind::Name && !["return", "else", "case", "goto"].contains(&self.text(&before.span).as_str())
                || [b'*', b'&', b'>', b','].iter().any(|mark| marks(before, *mark))
        });
        let (first, rest) = after.split_first()?;
        let place = |literal| Place { name, start: token.span.start, capacity, literal, condition: None };
        match first.kind {
            Kind::Mark(b'=') if rest.first().is_none_or(|next| !marks(next, b'=')) => {
                let literal = self.literal(self.expression(rest));
                // What the program computes into it later is the program's affair.
                (declared || !matches!(literal, Literal::Other)).then(|| place(literal))
            }
            Kind::Mark(b'{') if declared => Some(place(self.literal(self.expression(after)))),
            Kind::Mark(b'(') if declared => {
                let literal = self.literal(self.expression(after));
                // Otherwise it is a function with parameters.
                (!matches!(literal, Literal::Other)).then(|| place(literal))
            }
            _ => None,
        }
    }

    fn is_arrow(&self, mark: &Token) -> bool {
        mark.span.start.checked_sub(1).and_then(|before| self.source.get(before)) == Some(&b'-')
    }

    /// The tokens up to the end of an initialiser.
    fn expression<'a>(&self, tokens: &'a [Token]) -> &'a [Token] {
        let mut depth = 0_i32;
        let end = tokens.iter().position(|token| {
            match token.kind {
                Kind::Mark(b'(' | b'{' | b'[') => depth += 1,
                Kind::Mark(b')' | b'}' | b']') => depth -= 1,
                Kind::Mark(b';' | b',') if depth == 0 => return true,
                Kind::Directive => return true,
                _ => {}
            }
            depth < 0
        });
        tokens.get(..end.unwrap_or(tokens.len())).unwrap_or_default()
    }

    fn literal(&self, tokens: &[Token]) -> Literal {
        match tokens {
            [Token { kind: Kind::Text, span }] => {
                let text = self.text(span);
                // Wide and other literals are not text for this firmware, and one without its end is none at all.
                let whole = text.len() > 1 && text.ends_with('"');
                if whole && (text.starts_with('"') || text.starts_with("R\"")) {
                    Literal::Text(span.clone())
                } else {
                    Literal::Other
                }
            }
            [Token { kind: Kind::Number, span }] if number(&self.text(span)).is_some() => Literal::Number(span.clone()),
            [Token { kind: Kind::Mark(b'('), .. }, inner @ .., Token { kind: Kind::Mark(b')'), .. }] => {
                self.literal(inner)
            }
            // Arduino's ways to say that a text stays in flash, or becomes a String.
            [
                Token { kind: Kind::Name, span },
                Token { kind: Kind::Mark(b'('), .. },
                inner @ ..,
                Token { kind: Kind::Mark(b')'), .. },
            ] if ["F", "PSTR", "String"].contains(&self.text(span).as_str()) => self.literal(inner),
            [Token { kind: Kind::Mark(b'{'), .. }, inner @ .., Token { kind: Kind::Mark(b'}'), .. }] => {
                self.bytes(inner).map_or(Literal::Other, Literal::Bytes)
            }
            _ => Literal::Other,
        }
    }

    /// Numbers with commas between them, and perhaps one behind them.
    fn bytes(&self, tokens: &[Token]) -> Option<Vec<Range<usize>>> {
        let mut spans = Vec::new();
        for (place, token) in tokens.iter().enumerate() {
            match token.kind {
                Kind::Number if place % 2 == 0 && number(&self.text(&token.span))? <= 0xFF => {
                    spans.push(token.span.clone());
                }
                Kind::Mark(b',') if place % 2 == 1 => {}
                _ => return None,
            }
        }
        Some(spans)
    }

    fn only<'a>(&self, places: &'a [Place], name: &str) -> Result<&'a Place, VariableError> {
        let owned = || name.to_owned();
        let mut found = places.iter().filter(|place| place.name == name);
        let place = found.next().ok_or_else(|| VariableError::Missing { name: owned() })?;
        let line = self.line(place.start);
        if let Some(second) = found.next() {
            return Err(VariableError::Twice { name: owned(), first: line, second: self.line(second.start) });
        }
        if let Some(condition) = &place.condition {
            return Err(VariableError::Conditional { name: owned(), line, condition: condition.clone() });
        }
        if matches!(place.literal, Literal::Other) {
            return Err(VariableError::NotLiteral { name: owned(), line });
        }
        Ok(place)
    }

    /// The literals that take the places of the old ones.
    fn literals(&self, place: &Place, value: &str) -> Result<Vec<(Range<usize>, String)>, String> {
        match &place.literal {
            Literal::Text(span) => {
                if let Some(most) = place.capacity.filter(|capacity| value.len() >= *capacity) {
                    return Err(format!("has room for {} characters only", most.saturating_sub(1)));
                }
                let text = quoted(value).ok_or("takes printable ASCII only")?;
                Ok(vec![(span.clone(), text)])
            }
            Literal::Number(span) => {
                let digits = !value.is_empty() && value.chars().all(|letter| letter.is_ascii_digit());
                let value = value.parse::<u32>().ok().filter(|_| digits);
                let value = value.ok_or("is a whole number in this source, and the value is none")?;
                Ok(vec![(span.clone(), literal_like(&self.text(span), value, 1))])
            }
            Literal::Bytes(spans) => {
                let values = bytes_of(value).ok_or("takes bytes as hexadecimal digits, two for each")?;
                if values.len() != spans.len() {
                    return Err(format!(
                        "has {} bytes in this source, and the value has {}",
                        spans.len(),
                        values.len()
                    ));
                }
                let literals = spans.iter().zip(values);
                Ok(literals
                    .map(|(span, value)| (span.clone(), literal_like(&self.text(span), value.into(), 2)))
                    .collect())
            }
            Literal::Other => Err("is not a single literal".to_owned()),
        }
    }
}

impl Literal {
    fn moved(self, by: usize) -> Self {
        let shift = |span: Range<usize>| span.start + by..span.end + by;
        match self {
            Self::Text(span) => Self::Text(shift(span)),
            Self::Number(span) => Self::Number(shift(span)),
            Self::Bytes(spans) => Self::Bytes(spans.into_iter().map(shift).collect()),
            Self::Other => Self::Other,
        }
    }
}

/// A C string literal; a second question mark is escaped, or `??=` were a trigraph to old compilers.
fn quoted(value: &str) -> Option<String> {
    let mut text = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            '?' if text.ends_with('?') => text.push_str("\\?"),
            ' '..='~' => text.push(letter),
            _ => return None,
        }
    }
    text.push('"');
    Some(text)
}

fn bytes_of(value: &str) -> Option<Vec<u8>> {
    let digits: Vec<char> = value.chars().filter(|letter| *letter != ' ').collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |[high, low]: &[char; 2]| u8::try_from(high.to_digit(16)? << 4 | low.to_digit(16)?).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

#[cfg(test)]
#[path = "tests/variable.rs"]
mod tests;
