//! The modules of the two crates in `src/`, and which file defines what a path names.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Names, Source};

/// The text of each file, by its path below `src/`.
pub(crate) type Files = BTreeMap<String, String>;

/// A file that uses a name which another file defines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dependency {
    pub(crate) from: String,
    pub(crate) to: String,
    /// The path as it is written.
    pub(crate) path: String,
}

/// A module, in a file of its own or inline.
struct Module {
    file: String,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    source: Source,
}

/// What a path names.
enum Target {
    /// A module itself, which says nothing of what is used of it.
    Module,
    /// What this module's text defines.
    Definition(usize),
}

/// Names that are being looked up, by module: an import that leads back to itself stands for a child module.
type Seen = BTreeSet<(usize, String)>;

/// All modules that are reached from `lib.rs` and `main.rs`.
pub(crate) struct Modules {
    all: Vec<Module>,
}

impl Modules {
    /// Reads the crates.
    ///
    /// # Panics
    /// On a module without a file.
    pub(crate) fn read(files: &Files) -> Self {
        let mut modules = Self { all: Vec::new() };
        for root in ["lib.rs", "main.rs"].into_iter().filter(|root| files.contains_key(*root)) {
            modules.add(root, None, Source::read(&files[root]), files);
        }
        modules
    }

    /// The files of all modules.
    pub(crate) fn files(&self) -> BTreeSet<&str> {
        self.all.iter().map(|module| module.file.as_str()).collect()
    }

    fn add(&mut self, file: &str, parent: Option<usize>, mut source: Source, files: &Files) -> usize {
        let (declared, inline) = (std::mem::take(&mut source.declared), std::mem::take(&mut source.inline));
        let id = self.all.len();
        self.all.push(Module { file: file.to_owned(), parent, children: BTreeMap::new(), source });
        for name in declared {
            let path = child_file(file, &name, files);
            let child = self.add(&path, Some(id), Source::read(&files[&path]), files);
            self.all[id].children.insert(name, child);
        }
        for (name, source) in inline {
            let child = self.add(file, Some(id), source, files);
            self.all[id].children.insert(name, child);
        }
        id
    }

    /// Every use of a name that another file defines.
    ///
    /// # Panics
    /// On `use module::*`, which names nothing.
    pub(crate) fn dependencies(&self) -> BTreeSet<Dependency> {
        (0..self.all.len()).flat_map(|id| self.dependencies_of(id)).collect()
    }

    fn dependencies_of(&self, id: usize) -> Vec<Dependency> {
        let Module { file, source, .. } = &self.all[id];
        let glob = source.globs.iter().find(|glob| self.resolve(id, glob, &mut Seen::new()).is_some());
        assert_eq!(glob, None, "{file} imports by *: import by name");
        let imports = source.imports.iter().filter_map(|import| {
            let dependency = self.dependency(id, &import.path)?;
            let is_used = !import.is_public || source.words.contains(&import.name);
            (is_used || !is_below(&dependency.to, file)).then_some(dependency)
        });
        let paths = source.paths.iter().filter_map(|path| self.dependency(id, path));
        imports.chain(paths).collect()
    }

    fn dependency(&self, id: usize, path: &Names) -> Option<Dependency> {
        let Target::Definition(target) = self.resolve(id, path, &mut Seen::new())? else { return None };
        let (from, to) = (&self.all[id].file, &self.all[target].file);
        (from != to).then(|| Dependency { from: from.clone(), to: to.clone(), path: path.join("::") })
    }

    /// What `path` names where it is written, in module `id`. None for what is not ours.
    fn resolve(&self, id: usize, path: &[String], seen: &mut Seen) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => Some(self.root(id)),
            "self" => Some(id),
            "super" => self.all[id].parent,
            "cairn" => self.library(id),
            _ => None,
        };
        match start {
            Some(_) if rest.is_empty() => Some(Target::Module),
            Some(start) if rest[0] == "super" => self.resolve(start, rest, seen),
            Some(start) => self.member(start, rest, seen),
            None => self.in_scope(id, path, seen)?,
        }
    }

    /// What `path` names in module `id`. A name that the text lacks is made there by a macro.
    fn member(&self, id: usize, path: &[String], seen: &mut Seen) -> Option<Target> {
        self.in_scope(id, path, seen).unwrap_or(Some(Target::Definition(id)))
    }

    /// What `path` names in the scope of module `id`: `None` where the scope lacks its first name, `Some(None)`
    /// where that is not ours.
    fn in_scope(&self, id: usize, path: &[String], seen: &mut Seen) -> Option<Option<Target>> {
        let (name, rest) = path.split_first()?;
        let Module { children, source, .. } = &self.all[id];
        let child = children.get(name).copied();
        if let Some(child) = child.filter(|_| !rest.is_empty()) {
            return Some(self.member(child, rest, seen));
        }
        if source.defined.contains(name) {
            return Some(Some(Target::Definition(id)));
        }
        let import = source.imports.iter().find(|import| import.name == *name);
        if let Some(import) = import.filter(|_| seen.insert((id, name.clone()))) {
            return Some(self.resolve(id, &[&import.path, rest].concat(), seen));
        }
        child.map(|_| Some(Target::Module))
    }

    fn root(&self, id: usize) -> usize {
        self.all[id].parent.map_or(id, |parent| self.root(parent))
    }

    /// The library's root, for modules of the command.
    fn library(&self, id: usize) -> Option<usize> {
        let library = self.all.iter().position(|module| module.file == "lib.rs")?;
        (self.root(id) != library).then_some(library)
    }
}

/// The folder of the modules that `file` declares, with a slash at its end.
fn folder(file: &str) -> String {
    match file.rsplit_once('/') {
        None if ["lib.rs", "main.rs"].contains(&file) => String::new(),
        Some((folder, "mod.rs")) => format!("{folder}/"),
        _ => format!("{}/", file.trim_end_matches(".rs")),
    }
}

/// Whether a file lies in the folder of the modules that `file` declares.
fn is_below(other: &str, file: &str) -> bool {
    other.starts_with(&folder(file))
}

/// The file of the module `name` that `file` declares.
fn child_file(file: &str, name: &str, files: &Files) -> String {
    let folder = folder(file);
    let candidates = [format!("{folder}{name}.rs"), format!("{folder}{name}/mod.rs")];
    let found = candidates.into_iter().find(|candidate| files.contains_key(candidate));
    found.unwrap_or_else(|| panic!("{file} declares the module {name}, which has no file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependencies(files: &[(&str, &str)]) -> Vec<String> {
        let files = files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
        let dependencies = Modules::read(&files).dependencies();
        dependencies.iter().map(|Dependency { from, to, path }| format!("{from} -> {to}: {path}")).collect()
    }

    #[test]
    fn a_reexport_is_followed_to_the_definition() {
        let files = [
            ("lib.rs", "pub mod a; pub mod d;"),
            ("a/mod.rs", "mod b; mod c; pub use b::B;"),
            ("a/b.rs", "pub struct B;"),
            ("a/c.rs", "use super::B;"),
            ("d.rs", "use super::a; fn d() -> a::B { unimplemented!() }"),
        ];
        assert_eq!(dependencies(&files), ["a/c.rs -> a/b.rs: super::B", "d.rs -> a/b.rs: a::B"]);
    }

    #[test]
    fn a_reexport_counts_where_the_name_is_used_or_comes_from_elsewhere() {
        let files = [
            ("lib.rs", "mod a; mod d;"),
            ("a/mod.rs", "mod b; pub use b::B; pub use super::d::D; struct C(B);"),
            ("a/b.rs", "pub struct B;"),
            ("d.rs", "pub enum D { E } pub use D::E;"),
        ];
        assert_eq!(dependencies(&files), ["a/mod.rs -> a/b.rs: b::B", "a/mod.rs -> d.rs: super::d::D"]);
    }

    #[test]
    fn the_command_is_tied_to_the_library_by_its_name() {
        let files = [
            ("lib.rs", "pub mod a;"),
            ("a.rs", "pub fn b() {}"),
            ("main.rs", "mod c; fn main() { c::d() }"),
            ("c.rs", "use cairn::a; mod e { pub fn f() { super::d() } } pub fn d() { a::b() }"),
        ];
        assert_eq!(dependencies(&files), ["c.rs -> a.rs: a::b", "main.rs -> c.rs: c::d"]);
    }

    #[test]
    fn what_a_macro_makes_belongs_to_the_module_it_is_taken_from() {
        let files =
            [("lib.rs", "mod a; mod b;"), ("a.rs", "make!(c);"), ("b.rs", "fn d() { super::a::c() }")];
        assert_eq!(dependencies(&files), ["b.rs -> a.rs: super::a::c"]);
    }
}
