//! Every text of the window goes through `t!` or `mark!`, its values have their names, and the template lists it. The template also lists
//! what the window shows of other rooms word for word: constant sentences of advice, and what the registers are for. Those rooms know
//! nothing of translations; the window looks their sentences up where it draws them.
//!
//! `UPDATE_TEXTS=1 cargo test --test texts` writes the template anew.

#![allow(clippy::expect_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use meterbench::gui::texts::catalog::{Catalog, placeholders};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

const TEMPLATE: &str = "assets/texts/template.toml";
const HEAD: &str = "\
# All texts of the window, in the order of the sources. To translate them, copy this file as texts/NAME.toml into the folder
# of the settings, fill in what is empty, keep what stands in braces; an empty text stays English. Made by tests/texts.rs.

name = \"\"

[texts]
";

/// Texts that are two words and nobody reads as such: names of files, sources of code, words that identify.
const NO_TEXTS: [&str; 15] = [
    "live meter",
    "live reference",
    "connection panel",
    "file dialog",
    "SIL Open Font License",
    "serial number",
    "#define AFE_{name} 0x{word:04X}\n",
    "calculator inputs",
    "calculator problem",
    "calculator warnings",
    "profile dialog",
    "profile faults",
    "profile text",
    "palette field",
    "Ugain = 0x71D8",
];

/// Macros whose texts are for others: the log, tests, the compiler.
const OTHER_MACROS: [&str; 8] = ["trace", "debug", "info", "warn", "error", "concat", "include_str", "include_bytes"];

/// Files whose texts are none of the window's: colours, the table for other programs, the sheet's words as the sheet spells
/// them, what is said before there is a window, the core's own words.
const OTHER_FILES: [&str; 7] = [
    "src/gui/mod.rs",
    "src/gui/fonts.rs",
    "src/gui/history_csv.rs",
    "src/gui/pages/calculator/mode.rs",
    "src/gui/tokens.rs",
    "src/gui/texts/mod.rs",
    "src/gui/texts/words.rs",
];

/// What a file says.
#[derive(Default)]
struct Said {
    texts: Vec<String>,
    faults: Vec<String>,
    bare: Vec<String>,
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut paths: Vec<_> = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Everything the window says, by file.
fn said() -> BTreeMap<String, Said> {
    let mut paths = Vec::new();
    files(&root().join("src/gui"), &mut paths);
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("text");
        let code = text.split_once("\n#[cfg(test)]\nmod ").map_or(text.as_str(), |(code, _)| code);
        let mut said = Said::default();
        collect(&code.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display())), &mut said);
        let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
        (name, said)
    };
    paths.into_iter().filter(|path| !path.ends_with("tests.rs")).map(read).collect()
}

fn collect(tokens: &TokenStream, said: &mut Said) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut number = 0;
    while let Some(token) = tokens.get(number) {
        number += 1;
        let punct = |at: usize, wanted: char| matches!(tokens.get(at), Some(TokenTree::Punct(sign)) if sign.as_char() == wanted);
        match token {
            TokenTree::Ident(name) if punct(number, '!') => {
                let Some(TokenTree::Group(group)) = tokens.get(number + 1) else { continue };
                let name = name.to_string();
                if name == "t" || name == "mark" {
                    number += 2;
                    text(&group.stream(), said);
                } else if OTHER_MACROS.contains(&name.as_str()) || name == "macro_rules" {
                    number += 2;
                }
            }
            // An attribute.
            TokenTree::Punct(sign) if sign.as_char() == '#' => {
                let inner = usize::from(punct(number, '!'));
                if matches!(tokens.get(number + inner), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket)
                {
                    number += inner + 1;
                }
            }
            TokenTree::Group(group) => collect(&group.stream(), said),
            TokenTree::Literal(literal) => {
                if let Some(text) = string(&literal.to_string()).filter(|text| is_prose(text)) {
                    said.bare.push(text);
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// Adds what other rooms say that the window shows.
fn add_others(said: &mut BTreeMap<String, Said>) {
    let meanings = m90e26::Register::ALL.map(|register| register.meaning().to_owned()).to_vec();
    said.insert("firmware/m90e26/src/register.rs".to_owned(), Said { texts: meanings, ..Said::default() });
    let mut paths = Vec::new();
    files(&root().join("src"), &mut paths);
    for path in paths {
        let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&path).expect("text");
        if !name.starts_with("src/gui/") && text.contains("Advice::new") {
            let code = text.split_once("\n#[cfg(test)]\nmod ").map_or(text.as_str(), |(code, _)| code);
            let mut texts = Vec::new();
            advised(&code.parse().unwrap_or_else(|error| panic!("{name}: {error}")), &mut texts);
            said.insert(name, Said { texts, ..Said::default() });
        }
    }
}

/// The constant sentences of functions that give advice.
fn advised(stream: &TokenStream, texts: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    let mut gives = false;
    for (number, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(name) if name == "Advice" => {
                let before: Vec<_> =
                    tokens.iter().take(number).skip(number.saturating_sub(4)).map(ToString::to_string).collect();
                gives |= before.windows(2).any(|two| two == ["-", ">"]);
            }
            TokenTree::Ident(name) if name == "fn" => gives = false,
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace && gives => {
                let mut said = Said::default();
                collect(&body.stream(), &mut said);
                texts.extend(said.bare.into_iter().filter(|text| !text.contains('{')));
                gives = false;
            }
            TokenTree::Group(group) => advised(&group.stream(), texts),
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// What stands in `t!` or `mark!`: a text, then values by name.
fn text(stream: &TokenStream, said: &mut Said) {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    let Some(TokenTree::Literal(literal)) = tokens.first() else { return };
    let Some(text) = string(&literal.to_string()) else { return };
    let mut given = BTreeSet::new();
    let behind = tokens.get(1..).unwrap_or_default();
    for part in behind.split(|token| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ',')) {
        if let Some(TokenTree::Ident(name)) = part.first() {
            given.insert(name.to_string());
        }
        // Values may hold texts of their own.
        collect(&part.iter().skip(1).cloned().collect(), said);
    }
    let given: BTreeSet<&str> = given.iter().map(String::as_str).collect();
    if placeholders(&text) != Some(given.clone()) {
        said.faults.push(format!("{text:?} has the values {given:?}"));
    }
    said.texts.push(text);
}

fn string(literal: &str) -> Option<String> {
    syn::parse_str::<syn::LitStr>(literal).ok().map(|text| text.value())
}

/// Two words beside each other, or a sentence with a blank at its side.
fn is_prose(text: &str) -> bool {
    let mut bare = String::new();
    let mut depth = 0_u32;
    for letter in text.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => bare.push(letter),
            _ => {}
        }
    }
    let words = bare.split(' ').filter(|word| word.chars().filter(|letter| letter.is_alphabetic()).count() > 1);
    words.count() > 1 && !NO_TEXTS.contains(&text)
}

fn template(said: &BTreeMap<String, Said>) -> String {
    let mut file = HEAD.to_owned();
    let mut known = BTreeSet::new();
    for (name, said) in said {
        // A text of a multi-line key would be no TOML; JSON's strings are TOML's, too.
        let fresh: Vec<_> = said.texts.iter().filter(|text| known.insert((*text).clone())).collect();
        if !fresh.is_empty() {
            write!(file, "\n# {name}\n").expect("memory");
        }
        for text in fresh {
            writeln!(file, "{} = \"\"", serde_json::to_string(text).expect("a string")).expect("memory");
        }
    }
    file
}

#[test]
fn values_have_the_names_their_texts_have() {
    let faults: Vec<_> = said()
        .into_iter()
        .flat_map(|(name, said)| said.faults.into_iter().map(move |fault| format!("{name}: {fault}")))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_text_bypasses_the_catalog() {
    let said = said().into_iter().filter(|(name, _)| !OTHER_FILES.contains(&name.as_str()));
    let bare: Vec<_> =
        said.flat_map(|(name, said)| said.bare.into_iter().map(move |text| format!("{name}: {text:?}"))).collect();
    assert!(bare.is_empty(), "write these as t!(…) or, where they are constant, mark!(…):\n{}", bare.join("\n"));
}

#[test]
fn the_template_lists_every_text() {
    let mut said = said();
    add_others(&mut said);
    let wanted = template(&said);
    let path = root().join(TEMPLATE);
    if std::env::var_os("UPDATE_TEXTS").is_some() {
        fs::write(&path, &wanted).expect("written");
    }
    let found = fs::read_to_string(&path).expect("template").replace("\r\n", "\n");
    let lines = |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
    let (old, new) = (lines(&found), lines(&wanted));
    let changed: Vec<_> = old.symmetric_difference(&new).collect();
    assert!(found == wanted, "{TEMPLATE} is out of date, UPDATE_TEXTS=1 writes it anew: {changed:#?}");
}

#[test]
fn the_template_is_a_catalog_with_nothing_in_it() {
    let mut said = said();
    add_others(&mut said);
    let read = Catalog::read(&template(&said));
    assert!(read.catalog.is_empty() && read.faults.is_empty(), "{:?}", read.faults);
}
