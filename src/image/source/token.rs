//! Just enough of C++ to tell code from what only looks like it: comments, strings, preprocessor lines.
//!
//! Follows the phases of translation of ISO C++17 [lex.phases] as far as they matter here: a backslash at the end of a line
//! joins it to the next, comments are spaces, a directive ends with its line. Trigraphs are not known. Works on bytes, so that a
//! source in any encoding keeps its comments.

use std::ops::Range;

/// A piece of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or keyword.
    Name,
    /// A preprocessing number: digits, letters, quotes and points.
    Number,
    /// A string or character literal.
    Text,
    /// A whole preprocessor line, continuations included.
    Directive,
    /// Any other single byte.
    Mark(u8),
}

/// A piece of code and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    /// Bytes of the source.
    pub span: Range<usize>,
}

/// All tokens of a source, in order.
pub(super) fn tokens(source: &[u8]) -> Vec<Token> {
    let mut scanner = Scanner { source, at: 0, line_is_blank: true };
    std::iter::from_fn(|| scanner.next()).collect()
}

struct Scanner<'a> {
    source: &'a [u8],
    at: usize,
    /// Only blanks and comments so far on this line: a `#` starts a directive.
    line_is_blank: bool,
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            let start = self.at;
            let byte = self.peek(0)?;
            if let Some(length) = self.continuation(0) {
                self.at += length;
            } else if byte == b'\n' {
                self.at += 1;
                self.line_is_blank = true;
            } else if byte.is_ascii_whitespace() {
                self.at += 1;
            } else if self.starts_with(b"//") {
                self.skip_line_comment();
            } else if self.starts_with(b"/*") {
                self.skip_block_comment();
            } else {
                let kind = self.code(byte);
                self.line_is_blank = false;
                return Some(Token { kind, span: start..self.at });
            }
        }
    }

    fn code(&mut self, byte: u8) -> Kind {
        match byte {
            b'#' if self.line_is_blank => {
                self.skip_directive();
                Kind::Directive
            }
            b'"' | b'\'' => {
                self.skip_text(byte);
                Kind::Text
            }
            b'0'..=b'9' => {
                // An exponent's sign would belong to the number; no integer has one.
                self.skip_while(|byte| is_word(byte) || byte == b'.' || byte == b'\'');
                Kind::Number
            }
            _ if is_word(byte) => {
                let start = self.at;
                self.skip_while(is_word);
                let raw = matches!(self.source.get(start..self.at), Some(b"R" | b"LR" | b"uR" | b"UR" | b"u8R"));
                if raw && self.peek(0) == Some(b'"') {
                    self.skip_raw_text();
                    return Kind::Text;
                }
                Kind::Name
            }
            _ => {
                self.at += 1;
                Kind::Mark(byte)
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.source.get(self.at + ahead).copied()
    }

    fn starts_with(&self, text: &[u8]) -> bool {
        self.source.get(self.at..).is_some_and(|rest| rest.starts_with(text))
    }

    /// Length of a backslash with the line end after it.
    fn continuation(&self, ahead: usize) -> Option<usize> {
        match (self.peek(ahead), self.peek(ahead + 1), self.peek(ahead + 2)) {
            (Some(b'\\'), Some(b'\n'), _) => Some(2),
            (Some(b'\\'), Some(b'\r'), Some(b'\n')) => Some(3),
            _ => None,
        }
    }

    /// Does not look through continuations: a name cut by one stays two names, so a call of it is not found, and that is said.
    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&wanted) {
            self.at += 1;
        }
    }

    /// Up to the end of the line, which a continuation puts off.
    fn skip_line_comment(&mut self) {
        while let Some(byte) = self.peek(0) {
            match self.continuation(0) {
                Some(length) => self.at += length,
                None if byte == b'\n' => break,
                None => self.at += 1,
            }
        }
    }

    fn skip_block_comment(&mut self) {
        self.at += 2;
        while self.peek(0).is_some() && !self.starts_with(b"*/") {
            self.at += 1;
        }
        self.at = (self.at + 2).min(self.source.len());
    }

    fn skip_directive(&mut self) {
        while let Some(byte) = self.peek(0) {
            if let Some(length) = self.continuation(0) {
                self.at += length;
            } else if byte == b'\n' || self.starts_with(b"//") {
                break;
            } else if self.starts_with(b"/*") {
                // A comment may carry a directive over the end of its line.
                self.skip_block_comment();
            } else if byte == b'"' {
                self.skip_text(byte);
            } else {
                self.at += 1;
            }
        }
    }

    /// A literal ends at its quote, or at the end of the line when it has none.
    fn skip_text(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match self.continuation(0) {
                Some(length) => self.at += length,
                None if byte == b'\n' => return,
                None if byte == b'\\' => self.at = (self.at + 2).min(self.source.len()),
                None => {
                    self.at += 1;
                    if byte == quote {
                        return;
                    }
                }
            }
        }
    }

    /// `"name( ... )name"`, in which nothing has a meaning.
    fn skip_raw_text(&mut self) {
        let rest = self.source.get(self.at + 1..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'(').unwrap_or(rest.len());
        let end = [b")", rest.get(..length).unwrap_or_default(), b"\""].concat();
        while self.peek(0).is_some() && !self.starts_with(&end) {
            self.at += 1;
        }
        self.at = (self.at + end.len()).min(self.source.len());
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(source: &str) -> Vec<&str> {
        tokens(source.as_bytes()).into_iter().map(|token| &source[token.span]).collect()
    }

    #[test]
    fn code_between_comments() {
        assert_eq!(pieces("a/*b*/(0, // c\n0x1F )"), ["a", "(", "0", ",", "0x1F", ")"]);
        assert_eq!(pieces("a // b \\\n c\nd"), ["a", "d"]);
        assert_eq!(pieces("a \\\r\n b"), ["a", "b"]);
        assert_eq!(pieces("a /* never closed"), ["a"]);
    }

    #[test]
    fn texts_hide_what_is_in_them() {
        assert_eq!(pieces(r#"f("/* ( \" )", '"') // x"#), ["f", "(", r#""/* ( \" )""#, ",", "'\"'", ")"]);
        assert_eq!(pieces("R\"x(a\")\" // )x\" b"), ["R\"x(a\")\" // )x\"", "b"]);
        assert_eq!(pieces("\"open\nb"), ["\"open", "b"]);
        assert_eq!(pieces("1'000"), ["1'000"]);
    }

    #[test]
    fn a_directive_is_one_piece() {
        assert_eq!(
            pieces("  # define F(x) \\\n  g(x) /* h\n */ i // j\nk # l"),
            ["# define F(x) \\\n  g(x) /* h\n */ i ", "k", "#", "l"]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(source: Vec<u8>) {
            let found = tokens(&source);
            prop_assert!(found.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
        }

        #[test]
        fn any_text_is_survived(source in "[a(\"'/*\\\\\n\r#R)]{0,40}") {
            tokens(source.as_bytes());
        }
    }
}
