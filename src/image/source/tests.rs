//! Sources of the stock firmware's shape, written for these tests, with what real ones contain and worse.

use proptest::prelude::*;

use super::*;

const PLAIN: &str = "\
void Chip::setUp() {
  // AFECHIP(0, Ugain, 0x1111); the old board
  AFECHIP(0, CalStart, 0x5678);
  AFECHIP(0, PLconstH, 0x001E);  // high word
  AFECHIP(0,
          Lgain, /* gain, was 0x2222 */
          0x1D39);
  AFECHIP( 0 ,\tUgain\t, 0x71d8 ) ; // mt50, 0x7152//0x6720
  AFECHIP(0, IgainN, 3926);
  AFECHIP(0, Lphi, 0X0000U);
  show(AFECHIP(1, CSOne, 0x0000), HEX);
  print(\"AFECHIP(0, CSOne, 0x3333)\");
  AFECHIP(
      0, CSOne,
      0x327C);  // AFECHIP(0, CSOne, 0x4444)
}
";

fn patched(source: &str, wanted: &[(Register, u16)]) -> String {
    String::from_utf8(patch(source.as_bytes(), wanted).expect("patched").0).expect("text")
}

fn refused(source: &str, register: Register) -> SourceError {
    patch(source.as_bytes(), &[(register, 1)]).expect_err("refused")
}

#[test]
fn only_the_literals_change() {
    let wanted = [
        (Register::Cs1, 0xABCD),
        (Register::Ugain, 0xBEEF),
        (Register::Lgain, 7),
        (Register::IgainN, 0x0FFF),
        (Register::Lphi, 9),
    ];
    let expected = PLAIN
        .replace("0x1D39", "0x0007")
        .replace("0x71d8", "0xbeef")
        .replace("3926", "4095")
        .replace("0X0000U", "0X0009U")
        .replace("0x327C", "0xABCD");
    assert_eq!(patched(PLAIN, &wanted), expected);
}

#[test]
fn what_was_replaced_is_told() {
    let (_, replaced) = patch(PLAIN.as_bytes(), &[(Register::Lgain, 7)]).expect("patched");
    let [only] = replaced.as_slice() else { panic!("{replaced:?}") };
    assert_eq!((only.name.as_str(), only.line, only.old.as_str(), only.new.as_str()), ("Lgain", 7, "0x1D39", "0x0007"));
}

#[test]
fn line_ends_and_foreign_bytes_stay() {
    let mut source = PLAIN.replace('\n', "\r\n").into_bytes();
    // A comment in Latin-1, which is no UTF-8, and no line end at the end.
    source.extend(b"// \xB5V \xFF");
    let (result, _) = patch(&source, &[(Register::Ugain, 0x71D9)]).expect("patched");
    assert_eq!(result.len(), source.len());
    let changed: Vec<usize> = (0..source.len()).filter(|&at| source[at] != result[at]).collect();
    assert_eq!(changed.len(), 1, "only the last digit");
}

#[test]
fn the_values_of_a_source() {
    let values = values(PLAIN.as_bytes());
    assert!(values.contains(&(Register::Cs1, 0x327C)));
    assert!(values.contains(&(Register::IgainN, 3926)));
    assert_eq!(values.len(), 7, "{values:?}");
}

#[test]
fn the_definition_and_reads_are_no_writes() {
    let source = "unsigned short Chip::AFECHIP(unsigned char RW, unsigned char address,\n unsigned short val) {}\n\
                  int v = AFECHIP(1, Ugain, 0xFFFF);\n";
    assert_eq!(refused(source, Register::Ugain), SourceError::Missing { name: "Ugain".to_owned() });
}

#[test]
fn missing_and_twice() {
    assert_eq!(refused(PLAIN, Register::Ngain), SourceError::Missing { name: "Ngain".to_owned() });
    let twice = format!("{PLAIN}\nvoid again() {{ AFECHIP(0,Ugain,1); }}\n");
    assert_eq!(refused(&twice, Register::Ugain), SourceError::Twice { name: "Ugain".to_owned(), first: 8, second: 18 });
    assert_eq!(
        patch(PLAIN.as_bytes(), &[(Register::Ugain, 1), (Register::Ugain, 2)]).expect_err("refused"),
        SourceError::WantedTwice { name: "Ugain".to_owned() }
    );
}

#[test]
fn values_that_are_no_literals() {
    for found in ["UGAIN_MT50", "0x7000 + 1", "(0x71D8)", "-1", "0x71D8 /* or */ | 1", "071", "1.5", "0b11", "'A'"] {
        let error = refused(&format!("AFECHIP(0, Ugain, {found});"), Register::Ugain);
        assert_eq!(error, SourceError::NotLiteral { name: "Ugain".to_owned(), line: 1, found: found.to_owned() });
    }
}

#[test]
fn a_direction_that_is_no_number() {
    let error = refused("AFECHIP(WRITE, Ugain, 0x71D8);", Register::Ugain);
    assert!(matches!(error, SourceError::Unclear { line: 1, .. }), "{error}");
}

#[test]
fn the_preprocessor_is_not_guessed() {
    for (source, condition) in [
        ("#ifdef MT50\nAFECHIP(0, Ugain, 1);\n#endif\n", "#ifdef MT50"),
        ("#if MT == 50\n#else\nAFECHIP(0, Ugain, 1);\n#endif\n", "#else of #if MT == 50"),
        ("#if 0\n#elif MT50\nAFECHIP(0, Ugain, 1);\n#endif\n", "#elif MT50 of #if 0"),
    ] {
        match refused(source, Register::Ugain) {
            SourceError::Conditional { condition: found, .. } => assert_eq!(found, condition),
            other => panic!("{other}"),
        }
    }
    let both = "#ifdef MT50\nAFECHIP(0, Ugain, 1);\n#else\nAFECHIP(0, Ugain, 2);\n#endif\n";
    assert!(matches!(refused(both, Register::Ugain), SourceError::Conditional { .. } | SourceError::Twice { .. }));
}

#[test]
fn code_that_is_switched_off_for_certain_is_a_comment() {
    let source = "#if 0\nAFECHIP(0, Ugain, 1);\n#endif\nAFECHIP(0, Ugain, 2);\n";
    assert_eq!(patched(source, &[(Register::Ugain, 3)]), source.replace("2)", "3)"));
    assert!(matches!(refused("#if 0\nAFECHIP(0, Ugain, 1);\n#endif\n", Register::Ugain), SourceError::Missing { .. }));
}

#[test]
fn a_call_in_a_macro_is_refused() {
    let source = "#define SET_GAIN(x) \\\n  AFECHIP(0, Ugain, x)\nAFECHIP(0, Ugain, 0x1);\n";
    assert_eq!(refused(source, Register::Ugain), SourceError::InMacro { name: "Ugain".to_owned(), line: 1 });
    let other = "#define AFE_SET(name, x) AFECHIP(0, name, x)\nAFECHIP(0, Ugain, 0x1);\n";
    assert_eq!(patched(other, &[(Register::Ugain, 2)]), other.replace("0x1", "0x0002"));
}

#[test]
fn a_call_over_a_continued_line() {
    let source = "AFECHIP(0, \\\r\n  Ugain, \\\n 0x0001);";
    assert_eq!(patched(source, &[(Register::Ugain, 2)]), source.replace("0x0001", "0x0002"));
}

#[test]
fn a_longer_name_is_another_function() {
    let source = "MY_AFECHIP(0, Ugain, 1); AFECHIP2(0, Ugain, 2); AFECHIP(0, Ugain, 3); AFECHIP(0, UgainX, 4);";
    assert_eq!(patched(source, &[(Register::Ugain, 9)]), source.replace("Ugain, 3", "Ugain, 9"));
}

proptest! {
    #[test]
    fn a_patched_source_has_the_values_asked_for(ugain: u16, cs1: u16) {
        let result = patched(PLAIN, &[(Register::Ugain, ugain), (Register::Cs1, cs1)]);
        let values = values(result.as_bytes());
        prop_assert!(values.contains(&(Register::Ugain, ugain)));
        prop_assert!(values.contains(&(Register::Cs1, cs1)));
    }

    #[test]
    fn any_bytes_are_survived(source: Vec<u8>) {
        patch(&source, &[(Register::Ugain, 1)]).ok();
    }

    #[test]
    fn any_shape_is_survived(source in "(AFECHIP|Ugain|0x1|0|\\(|\\)|,|;|#if 0\n|#endif\n|#define |\n| |/\\*|\\*/|\"){0,24}") {
        if let Ok((result, _)) = patch(source.as_bytes(), &[(Register::Ugain, 0xBEEF)]) {
            prop_assert!(String::from_utf8(result).expect("text").contains("0xBEEF") || source.contains("0"));
        }
    }
}
