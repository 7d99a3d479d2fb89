//! The names that a Rust file defines, imports and uses.

use std::collections::BTreeSet;

use super::tokens::tokens;

/// A path as it is written: `super`, `foo`, `Bar`.
pub(crate) type Names = Vec<String>;

/// A name that a `use` brings in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) name: String,
    pub(crate) path: Names,
    pub(crate) is_public: bool,
}

/// A module's text, tests left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// Modules that have a file of their own.
    pub(crate) declared: Vec<String>,
    /// Modules within the text.
    pub(crate) inline: Vec<(String, Source)>,
    pub(crate) defined: BTreeSet<String>,
    /// Those of functions too.
    pub(crate) imports: Vec<Import>,
    /// What is imported by `*`.
    pub(crate) globs: Vec<Names>,
    /// Paths of two names or more outside of `use`.
    pub(crate) paths: BTreeSet<Names>,
    /// All names outside of `use`.
    pub(crate) words: BTreeSet<String>,
}

impl Source {
    /// Reads the text of a file.
    pub(crate) fn read(text: &str) -> Self {
        Reader { tokens: &tokens(text), at: 0 }.module()
    }
}

/// Reads tokens from `at` on.
struct Reader<'a> {
    tokens: &'a [&'a str],
    at: usize,
}

impl<'a> Reader<'a> {
    /// The module whose text starts here, up to the brace that ends it.
    fn module(&mut self) -> Source {
        let mut source = Source::default();
        let mut depth = 0_usize;
        while let Some(token) = self.next() {
            match token {
                "#" => self.attribute(),
                "mod" => self.child(&mut source),
                "use" if self.peek() != "<" => self.import(&mut source),
                "{" => depth += 1,
                "}" if depth == 0 => break,
                "}" => depth -= 1,
                "macro_rules" => {
                    self.next();
                    source.defined.insert(self.peek().to_owned());
                }
                _ if depth == 0 && is_definition(token, self.peek()) => {
                    source.defined.insert(self.peek().to_owned());
                }
                _ if is_name(token) => self.path(token, &mut source),
                _ => {}
            }
        }
        source
    }

    fn next(&mut self) -> Option<&'a str> {
        self.at += 1;
        self.tokens.get(self.at - 1).copied()
    }

    /// The next token, empty at the end.
    fn peek(&self) -> &'a str {
        self.tokens.get(self.at).copied().unwrap_or_default()
    }

    /// Skips an attribute, and after `#[cfg(test)]` the item that follows.
    fn attribute(&mut self) {
        if self.peek() == "!" {
            self.next();
        }
        let start = self.at;
        self.skip_group("[", "]");
        if self.tokens[start..self.at].concat() != "[cfg(test)]" {
            return;
        }
        loop {
            match self.peek() {
                "(" => self.skip_group("(", ")"),
                "[" => self.skip_group("[", "]"),
                "{" | ";" | "" => return self.skip_group("{", "}"),
                _ => self.at += 1,
            }
        }
    }

    /// Skips what `open` and `close` enclose, or one token.
    fn skip_group(&mut self, open: &str, close: &str) {
        let mut depth = 0_usize;
        while let Some(token) = self.next() {
            depth += usize::from(token == open);
            depth = depth.saturating_sub(usize::from(token == close));
            if depth == 0 {
                return;
            }
        }
    }

    /// After `mod`.
    fn child(&mut self, source: &mut Source) {
        let name = self.next().unwrap_or_default().to_owned();
        match self.next() {
            Some("{") => source.inline.push((name, self.module())),
            _ => source.declared.push(name),
        }
    }

    /// After `use`, up to the semicolon.
    fn import(&mut self, source: &mut Source) {
        let before = self.at.checked_sub(2).map(|at| self.tokens[at]);
        let is_public = matches!(before, Some("pub" | ")"));
        self.tree(Vec::new(), is_public, source);
        self.next();
    }

    /// One path of a `use` or a group of them, after `path`.
    fn tree(&mut self, mut path: Names, is_public: bool, source: &mut Source) {
        while let Some(token) = self.next() {
            match token {
                "::" => continue,
                "{" => return self.group(&path, is_public, source),
                "*" => return source.globs.push(path),
                "self" if !path.is_empty() => {}
                name => path.push(name.to_owned()),
            }
            if self.peek() != "::" {
                break;
            }
        }
        let name = self.alias().or_else(|| path.last().cloned()).unwrap_or_default();
        source.imports.push(Import { name, path, is_public });
    }

    /// The paths between braces.
    fn group(&mut self, prefix: &Names, is_public: bool, source: &mut Source) {
        while self.peek() != "}" {
            self.tree(prefix.clone(), is_public, source);
            if self.peek() == "," {
                self.next();
            }
        }
        self.next();
    }

    /// The name after `as`, if there is one; a macro's `$` is no part of it.
    fn alias(&mut self) -> Option<String> {
        if self.peek() != "as" {
            return None;
        }
        self.next();
        if self.peek() == "$" {
            self.next();
        }
        self.next().map(str::to_owned)
    }

    /// The path that starts with `first`.
    fn path(&mut self, first: &str, source: &mut Source) {
        source.words.insert(first.to_owned());
        let is_rest = self.at >= 2 && self.tokens[self.at - 2] == "::";
        let mut path = vec![first.to_owned()];
        while self.peek() == "::" && self.tokens.get(self.at + 1).is_some_and(|next| is_name(next)) {
            self.next();
            path.extend(self.next().map(str::to_owned));
        }
        if path.len() > 1 && !is_rest {
            source.paths.insert(path);
        }
    }
}

/// Whether `keyword` defines the name `next`.
fn is_definition(keyword: &str, next: &str) -> bool {
    const KEYWORDS: [&str; 8] = ["const", "enum", "fn", "static", "struct", "trait", "type", "union"];
    const QUALIFIERS: [&str; 4] = ["async", "extern", "fn", "unsafe"];
    KEYWORDS.contains(&keyword) && is_name(next) && !QUALIFIERS.contains(&next)
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Names {
        text.split("::").map(str::to_owned).collect()
    }

    fn import(name: &str, of: &str, is_public: bool) -> Import {
        Import { name: name.to_owned(), path: path(of), is_public }
    }

    #[test]
    fn imports_are_read_whole() {
        let source = Source::read(
            "use a::{self, b::{C as D, e}, f::*,}; pub(super) use super::super::G; fn h() { use i::j as $k; }",
        );
        let expected = [
            import("a", "a", false),
            import("D", "a::b::C", false),
            import("e", "a::b::e", false),
            import("G", "super::super::G", true),
            import("k", "i::j", false),
        ];
        assert_eq!(source.imports, expected);
        assert_eq!(source.globs, [path("a::f")]);
        assert!(source.paths.is_empty());
    }

    #[test]
    fn definitions_paths_and_modules_are_told_apart() {
        let source = Source::read(
            "mod a; mod b { struct C; } pub const unsafe fn d(e: f::g::H) -> crate::I { j::<k::L>(); const M: u8 = 0; }
             #[cfg(test)] mod tests { use super::*; fn n() { o::p(); } }
             #[cfg(test)] fn w() -> [x::Y; 3] { x::z() } macro_rules! q { () => { r::s!() } }
             impl<T> t::U for V where T: use<'a> {}",
        );
        assert_eq!(source.declared, ["a"]);
        assert_eq!(source.inline[0].1.defined, BTreeSet::from(["C".to_owned()]));
        assert_eq!(source.defined, BTreeSet::from(["d".to_owned(), "q".to_owned()]));
        let expected = ["f::g::H", "crate::I", "k::L", "r::s", "t::U"].map(path);
        assert_eq!(source.paths, BTreeSet::from(expected));
        assert!(source.imports.is_empty() && source.globs.is_empty());
    }
}
