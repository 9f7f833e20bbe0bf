//! What the preprocessor decides: which lines are compiled for certain, which for certain not, and which nobody here can tell.

use super::Reading;
use super::token::Kind;

/// An open `#if` and which of its branches is being read.
pub(super) struct Condition {
    text: String,
    /// What `#if 0`, `#if 1` and an include guard say for certain about the branch.
    certain: Option<bool>,
}

impl Condition {
    pub(super) fn is_dead(&self) -> bool {
        self.certain == Some(false)
    }

    pub(super) fn certainly_true(&mut self) {
        self.certain = Some(true);
    }

    /// The innermost one that leaves it open whether a line is compiled.
    pub(super) fn innermost(open: &[Self]) -> Option<String> {
        open.iter().rev().find(|condition| condition.certain != Some(true)).map(|condition| condition.text.clone())
    }
}

/// The word after `#`.
pub(super) fn directive(text: &str) -> &str {
    let rest = text.trim_start_matches('#').trim_start();
    rest.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default()
}

/// What stands after that word.
fn argument(text: &str) -> &str {
    text.trim_start_matches('#').trim_start().trim_start_matches(directive(text)).trim()
}

pub(super) fn follow(conditions: &mut Vec<Condition>, text: &str) {
    let word = directive(text);
    match word {
        "if" | "ifdef" | "ifndef" => {
            let certain = match (word, argument(text)) {
                ("if", "0") => Some(false),
                ("if", "1") => Some(true),
                _ => None,
            };
            conditions.push(Condition { text: text.trim().to_owned(), certain });
        }
        "else" | "elif" | "elifdef" | "elifndef" => {
            if let Some(last) = conditions.last_mut() {
                last.text = format!("{} of {}", text.trim(), last.text);
                last.certain = match last.certain {
                    Some(true) => Some(false),
                    Some(false) if word == "else" => Some(true),
                    _ => None,
                };
            }
        }
        "endif" => {
            conditions.pop();
        }
        _ => {}
    }
}

/// The whole source stands in an include guard: `#ifndef X`, `#define X`, and the `#endif` of it at the very end.
pub(super) fn is_guarded(reading: &Reading<'_>) -> bool {
    let [first, second, rest @ ..] = reading.tokens.as_slice() else { return false };
    let Some((last, between)) = rest.split_last() else { return false };
    let text = |token: &super::Token| reading.text(&token.span);
    let all_directives = [first, second, last].iter().all(|token| token.kind == Kind::Directive);
    let (ifndef, define) = (text(first), text(second));
    let guard = all_directives
        && directive(&ifndef) == "ifndef"
        && directive(&define) == "define"
        && directive(&text(last)) == "endif"
        && argument(&ifndef) == argument(&define);
    let mut depth = 1_usize;
    for token in between.iter().filter(|token| token.kind == Kind::Directive) {
        match directive(&text(token)) {
            "if" | "ifdef" | "ifndef" => depth += 1,
            "endif" => depth = depth.saturating_sub(1),
            "else" | "elif" | "elifdef" | "elifndef" if depth == 1 => return false,
            _ => {}
        }
        if depth == 0 {
            return false;
        }
    }
    guard && depth == 1
}
