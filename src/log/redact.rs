//! No secret gets into a log: what follows a name that says so is replaced, whoever wrote it there.
//!
//! Rooms that know secrets do not speak of them in the first place; this is the net below.

/// Names whose values are nobody's affair, also as the end of a longer name: `api_key`, `access-token`.
const NAMES: [&str; 9] =
    ["password", "passwd", "passphrase", "secret", "token", "apikey", "key", "credential", "authorization"];

/// Instead of a value.
const HIDDEN: &str = "***";

/// The text with `name=value`, `name: value`, `"name":"value"` and `//user:password@host` freed of their values.
#[must_use]
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        // A sign of one byte.
        let (sign, after) = from.split_at(1);
        if is_secret(before) {
            let gap = after.len() - after.trim_start_matches([' ', '"', '\'']).len();
            let (gap, value) = after.split_at(gap);
            out.push_str(sign);
            out.push_str(gap);
            let quote = gap.chars().next_back().filter(|letter| "\"'".contains(*letter));
            rest = value.split_at(secret_length(value, quote)).1;
            if rest.len() < value.len() {
                out.push_str(HIDDEN);
            }
        } else if let Some(length) = user_length(after) {
            out.push_str(sign);
            out.push_str("//");
            out.push_str(HIDDEN);
            rest = after.split_at(length).1;
        } else {
            out.push_str(sign);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// The text ends in a secret's name, with or without a quote behind it.
fn is_secret(text: &str) -> bool {
    let text = text.trim_end_matches([' ', '"', '\'']);
    let start = text.rfind(|letter: char| !letter.is_alphanumeric() && !"_-.".contains(letter)).map_or(0, |at| at + 1);
    let name = text.get(start..).unwrap_or(text).to_lowercase();
    NAMES
        .iter()
        .any(|known| name.strip_suffix(known).is_some_and(|front| front.is_empty() || front.ends_with(['_', '-', '.'])))
}

/// How far a value goes: to its closing quote, or to what ends a word. `Bearer` and the like belong to what follows them.
fn secret_length(value: &str, quote: Option<char>) -> usize {
    if let Some(quote) = quote {
        return value.find(quote).unwrap_or(value.len());
    }
    let end = |text: &str| {
        text.find(|letter: char| letter.is_whitespace() || "\"'&,;)]}".contains(letter)).unwrap_or(text.len())
    };
    let first = end(value);
    let scheme = value.get(..first).unwrap_or_default();
    if ["bearer", "basic"].contains(&scheme.to_lowercase().as_str()) {
        let behind = value.get(first..).unwrap_or_default();
        let gap = behind.len() - behind.trim_start().len();
        return first + gap + end(behind.trim_start());
    }
    first
}

/// Length of `//user:password` before an `@`.
fn user_length(after: &str) -> Option<usize> {
    let rest = after.strip_prefix("//")?;
    let host_part = rest.split(['/', '?', '#', ' ']).next().unwrap_or(rest);
    host_part.rfind('@').map(|at| at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secrets_are_hidden() {
        for (text, shown) in [
            ("opening json+http://host/path?token=abc123&unit=7", "opening json+http://host/path?token=***&unit=7"),
            ("password: hunter2, user: anna", "password: ***, user: anna"),
            (r#"{"api_key":"s3cr3t","seed":7}"#, r#"{"api_key":"***","seed":7}"#),
            ("http://anna:hunter2@host:80/x", "http://***@host:80/x"),
            ("Authorization: Bearer abc.def ok", "Authorization: *** ok"),
            ("PASSWORD=hünter2", "PASSWORD=***"),
            ("aes.key = 00112233", "aes.key = ***"),
            ("token='a b' secret=x", "token='***' secret=***"),
        ] {
            assert_eq!(redact(text), shown);
        }
    }

    #[test]
    fn everything_else_stays() {
        for text in [
            "afe+serial:/dev/ttyUSB0?baud=9600 opened",
            "Source to 230.0 V, 5.000 A, PF 0.5L",
            "monkey=7 keyboard: yes turkey: no",
            "what: silence; next: check the wires",
            "token",
            "token=",
            "größe: 5 µA = viel",
            "",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
