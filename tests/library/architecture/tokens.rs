//! The tokens of a Rust file that matter for imports.

/// Identifiers, `::` and single signs, in order. Comments, strings, characters, lifetimes and numbers are left out.
pub(crate) fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest).unwrap_or_else(|| {
            let length = token_length(rest, first);
            let token = &rest[..length];
            if !first.is_whitespace() && !first.is_ascii_digit() {
                found.push(token);
            }
            length
        });
        rest = &rest[length..];
    }
    found
}

fn token_length(rest: &str, first: char) -> usize {
    if is_word(first) {
        return rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    }
    if rest.starts_with("::") { 2 } else { first.len_utf8() }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Length of the comment, literal or lifetime that `rest` starts with.
fn skipped(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    let prefix = ["", "b", "c", "r", "br", "cr"].into_iter().rev().find(|prefix| {
        let quoted = rest.strip_prefix(prefix).unwrap_or_default();
        quoted.starts_with('"') || prefix.ends_with('r') && quoted.trim_start_matches('#').starts_with('"')
    });
    match prefix {
        Some(prefix) if prefix.ends_with('r') => Some(prefix.len() + raw_string(&rest[prefix.len()..])),
        Some(prefix) => Some(prefix.len() + quoted(&rest[prefix.len()..], '"')),
        None if rest.starts_with('\'') => Some(character_or_lifetime(rest)),
        None if rest.starts_with("b'") => Some(1 + quoted(&rest[1..], '\'')),
        None => None,
    }
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    for (at, _) in rest.char_indices() {
        if rest[at..].starts_with("/*") {
            depth += 1;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> usize {
    let hashes = rest.find('"').unwrap_or(0);
    let end = format!("\"{}", &rest[..hashes]);
    let body = hashes + 1;
    rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len())
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn character_or_lifetime(rest: &str) -> usize {
    let mut after = rest.chars().skip(1);
    let (first, second) = (after.next(), after.next());
    if first == Some('\\') || second == Some('\'') {
        return quoted(rest, '\'');
    }
    1 + rest[1..].find(|c| !is_word(c)).unwrap_or(rest.len() - 1)
}

#[test]
fn only_identifiers_and_signs_are_tokens() {
    let text = r###"use a::b; // use c;
        /* use /* d */ e; */ fn f<'g>(h: &'g str) -> char { let i = ["use \" j;", b"k", r#"l"m"#]; 'n'; b'\''; 10_u8; '\u{41}' }"###;
    let expected = "use a :: b ; fn f < > ( h : & str ) - > char { let i = [ , , ] ; ; ; ; }";
    assert_eq!(tokens(text).join(" "), expected);
}
