//! Integer literals of C++, and new ones written as the old ones were.

/// The parts of an integer literal: prefix, digits, suffix.
fn split(literal: &str) -> Option<(&str, &str, &str)> {
    let hexadecimal = literal.starts_with("0x") || literal.starts_with("0X");
    let (prefix, rest) = literal.split_at_checked(if hexadecimal { 2 } else { 0 })?;
    let is_digit = |letter: char| if hexadecimal { letter.is_ascii_hexdigit() } else { letter.is_ascii_digit() };
    let length = rest.find(|letter| !is_digit(letter)).unwrap_or(rest.len());
    let (digits, suffix) = rest.split_at_checked(length)?;
    let octal = !hexadecimal && digits.len() > 1 && digits.starts_with('0');
    let known = suffix.chars().all(|letter| "uUlL".contains(letter));
    (!digits.is_empty() && known && !octal).then_some((prefix, digits, suffix))
}

/// The value of a decimal or hexadecimal integer literal.
pub(super) fn number(literal: &str) -> Option<u32> {
    let (prefix, digits, _) = split(literal)?;
    u32::from_str_radix(digits, if prefix.is_empty() { 10 } else { 16 }).ok()
}

/// `value` as the old literal was written: its base, prefix, case and suffix; hexadecimal ones have `width` digits at least.
pub(super) fn literal_like(old: &str, value: u32, width: usize) -> String {
    let (prefix, digits, suffix) = split(old).unwrap_or(("0x", "", ""));
    let lower = digits.chars().any(|digit| digit.is_ascii_lowercase());
    match (prefix, lower) {
        ("", _) => format!("{value}{suffix}"),
        (_, true) => format!("{prefix}{value:0width$x}{suffix}"),
        (_, false) => format!("{prefix}{value:0width$X}{suffix}"),
    }
}
