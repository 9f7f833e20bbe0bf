//! Definitions of the stock sources' shapes and worse, written for these tests.

use proptest::prelude::*;

use super::*;

const PLAIN: &str = "\
#pragma once
#define TOKEN \"AAAAAAAAAAAAAAAAAAAA\"  //\"YOUR_TOKEN\"
#define TB_SERVER \"demo.example.org\"
#  define TB_PORT \\
     80 /* usual */
// const char apn[] = \"commented out\";
/* const char apn[] = \"this too\"; */
const char apn[] = \"internet\";
const char user[] = \"\";
const char\tserver[] =
    \"shop.example.org\";  // domain name: example.com,
                         // maker.example.com
const int port = 80;   // server port number
String apiKeyValue = \"a\\\"b\\\\\"; String other = \"TOKEN\";
uint32_t StartingCode = 123456789;
unsigned char SECRET_KEY[16] = {0xa2, 0x9a, 0xb8, 0x2e, 0xdc, 0x5f, 0xbb, 0xc4,
                                0x1e, 0xc9, 0x53, 0xf,  0x6d, 0xac, 0x86, 0xb1};
// unsigned char SECRET_KEY[16] = {...};
unsigned long meter_no = 100;
int main() { connect(TB_SERVER, TOKEN); if (port == 81 || my.port > 1) send(apn, user); my.port = 7; self->port = 9; }
";

fn patched(source: &str, wanted: &[(&str, &str)]) -> String {
    String::from_utf8(patch_variables(source.as_bytes(), wanted).expect("patched").0).expect("text")
}

fn refused(source: &str, name: &str, value: &str) -> VariableError {
    patch_variables(source.as_bytes(), &[(name, value)]).expect_err("refused")
}

#[test]
fn only_the_literals_change() {
    let wanted = [
        ("meter_no", "99990"),
        ("TOKEN", "BBBB"),
        ("TB_SERVER", "tb.example.net"),
        ("TB_PORT", "1883"),
        ("apn", "web"),
        ("user", "me"),
        ("server", "s"),
        ("port", "8080"),
        ("apiKeyValue", "k\"e\\y"),
        ("StartingCode", "987654321"),
        ("SECRET_KEY", "000102030405060708090a0b0c0d0e0f"),
    ];
    let expected = PLAIN
        .replace("AAAAAAAAAAAAAAAAAAAA", "BBBB")
        .replace("demo.example.org", "tb.example.net")
        .replace("     80 /*", "     1883 /*")
        .replace("\"internet\"", "\"web\"")
        .replace("user[] = \"\"", "user[] = \"me\"")
        .replace("shop.example.org", "s")
        .replace("port = 80;", "port = 8080;")
        .replace("a\\\"b\\\\", "k\\\"e\\\\y")
        .replace("123456789", "987654321")
        .replace("0xa2, 0x9a, 0xb8, 0x2e, 0xdc, 0x5f, 0xbb, 0xc4", "0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07")
        .replace("0x1e, 0xc9, 0x53, 0xf,  0x6d, 0xac, 0x86, 0xb1", "0x08, 0x09, 0x0a, 0x0B,  0x0c, 0x0d, 0x0e, 0x0f")
        .replace("meter_no = 100", "meter_no = 99990");
    let result = patched(PLAIN, &wanted);
    // Hexadecimal digits keep the case the old literal had, and 0x53 had none.
    assert_eq!(result.to_lowercase(), expected.to_lowercase());
    let crlf = PLAIN.replace('\n', "\r\n");
    assert_eq!(patched(&crlf, &wanted), result.replace('\n', "\r\n"));
    let lines: Vec<usize> =
        patch_variables(PLAIN.as_bytes(), &wanted).expect("patched").1.iter().map(|placed| placed.line).collect();
    assert_eq!(lines, [19, 2, 3, 4, 8, 9, 10, 13, 14, 15, 16]);
}

#[test]
fn foreign_bytes_stay() {
    let mut source = b"// \xB5V \xFF\r\n".to_vec();
    source.extend(b"const int port = 0x50; // \xE4");
    let (result, _) = patch_variables(&source, &[("port", "255")]).expect("patched");
    assert_eq!(result, [&b"// \xB5V \xFF\r\n"[..], b"const int port = 0xFF; // \xE4"].concat());
}

#[test]
fn other_ways_to_write_a_definition() {
    for (source, expected) in [
        ("const char* const x = \"a\";", "const char* const x = \"b\";"),
        ("static const char x[] PROGMEM = \"a\";", "static const char x[] PROGMEM = \"b\";"),
        ("String x(\"a\");", "String x(\"b\");"),
        ("String x{\"a\"};", "String x{\"b\"};"),
        ("String x = F(\"a\"), y = \"c\";", "String x = F(\"b\"), y = \"c\";"),
        ("String x = R\"q(a \" ; // )q\";", "String x = \"b\";"),
        ("int a = 1, x[] = \"a\";", "int a = 1, x[] = \"b\";"),
        ("#define x (\"a\")", "#define x (\"b\")"),
        ("void f() { x = \"a\"; }", "void f() { x = \"b\"; }"),
        (
            "#ifndef H\n#define H\nString x = \"a\";\n#endif // H\n",
            "#ifndef H\n#define H\nString x = \"b\";\n#endif // H\n",
        ),
        (
            "#if 0\nString x = \"q\";\n#else\nString x = \"a\";\n#endif\n",
            "#if 0\nString x = \"q\";\n#else\nString x = \"b\";\n#endif\n",
        ),
    ] {
        // A String in braces is a list of one, which is no list of bytes.
        if source.contains('{') && source.starts_with("String x{") {
            assert_eq!(refused(source, "x", "b"), VariableError::NotLiteral { name: "x".to_owned(), line: 1 });
            continue;
        }
        assert_eq!(patched(source, &[("x", "b")]), expected);
    }
}

#[test]
fn missing_and_twice() {
    for source in [
        "",
        "// String x = \"a\";",
        "extern String x;",
        "f(x); if (x == \"a\") {}",
        "x += 1;",
        "p.x = 1;",
        "#define f(x) 1",
        "#define x(a) \"a\"",
        "void x(int a);",
        "/* x = 1; */ y = x;",
        "p->x = 1;",
        "\"x = 1;\"",
    ] {
        assert_eq!(refused(source, "x", "1"), VariableError::Missing { name: "x".to_owned() }, "{source}");
    }
    for source in [
        "int x = 1;\nint x = 2;",
        "#define x 1\nint x = 2;",
        "int x = 1;\nvoid f() { x = 2; }",
        "#ifdef A\n#define x 1\n#else\n#define x 2\n#endif",
        "int x = 1;\nfor (int x = 0;;) {}",
    ] {
        assert!(matches!(refused(source, "x", "1"), VariableError::Twice { .. }), "{source}");
    }
    let twice = patch_variables(b"int x = 1;", &[("x", "1"), ("x", "2")]).expect_err("refused");
    assert_eq!(twice, VariableError::WantedTwice { name: "x".to_owned() });
}

#[test]
fn what_is_no_literal_or_not_certain() {
    for source in [
        "int x = y;",
        "int x = 1 + 2;",
        "char x[] = \"a\" \"b\";",
        "char x = 'a';",
        "int x = -1;",
        "int x = 017;",
        "#define x",
        "#define x y",
        "wchar_t x[] = L\"a\";",
        "char x[] = u8\"a\";",
        "int x[] = {1, y};",
        "int x[] = {1 2};",
        "int x[] = {256};",
        "String x = \"open\n;",
        "float x = 1.5;",
    ] {
        assert_eq!(refused(source, "x", "1"), VariableError::NotLiteral { name: "x".to_owned(), line: 1 }, "{source}");
    }
    match refused("#ifdef MT50\nint x = 1;\n#endif\n", "x", "1") {
        VariableError::Conditional { line: 2, condition, .. } => assert_eq!(condition, "#ifdef MT50"),
        other => panic!("{other}"),
    }
    // No include guard: something stands behind its end.
    let open = "#ifndef H\n#define H\nint x = 1;\n#endif\nint y;\n";
    assert!(matches!(refused(open, "x", "1"), VariableError::Conditional { .. }));
}

#[test]
fn values_that_do_not_fit_and_are_not_quoted() {
    for (source, value) in [
        ("char x[5] = \"abcd\";", "SECRET"),
        ("char x[] = \"\";", "SECR\u{e9}T"),
        ("char x[] = \"\";", "SECRET\n"),
        ("int x = 1;", "SECRET"),
        ("int x = 1;", "4294967296"),
        ("int x = 1;", "+1"),
        ("int x = 1;", ""),
        ("unsigned char x[2] = {1, 2};", "00"),
        ("unsigned char x[2] = {1, 2};", "000"),
        ("unsigned char x[2] = {1, 2};", "SECR"),
    ] {
        let error = refused(source, "x", value);
        assert!(matches!(error, VariableError::Misfit { line: 1, .. }), "{error}");
        assert!(value.is_empty() || !error.to_string().contains(value), "{error}");
    }
    assert_eq!(patched("char x[5] = \"\";", &[("x", "abcd")]), "char x[5] = \"abcd\";");
    assert_eq!(patched("char x[] = \"\";", &[("x", "a??=b")]), "char x[] = \"a?\\?=b\";");
}

proptest! {
    #[test]
    fn a_text_goes_round(value in "[ -~]{0,30}") {
        let result = patched("const char x[] = \"old\"; // end", &[("x", &value)]);
        // What was written is again one literal between what stood around it.
        let again = patched(&result, &[("x", "old")]);
        prop_assert_eq!(again, "const char x[] = \"old\"; // end");
    }

    #[test]
    fn any_bytes_are_survived(source: Vec<u8>) {
        patch_variables(&source, &[("x", "1")]).ok();
    }

    #[test]
    fn any_shape_is_survived(source in "(x|int |=|\\[|\\]|\\{|\\}|1|,|\"a\"|;|\\(|\\)|#if 0\n|#endif\n|#define |\n| |/\\*|\\*/|\"|R\"){0,24}") {
        if let Ok((result, _)) = patch_variables(source.as_bytes(), &[("x", "7")]) {
            prop_assert!(String::from_utf8(result).expect("text").contains('7'));
        }
    }
}
