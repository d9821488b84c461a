//! Imports go one way: there are no cycles between modules, and the function's modules import only from modules below
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::Visit;
use task_callback_test_support::project;

/// A module's path within its crate. Empty for the crate root.
type Module = Vec<String>;
/// Imports as (from, to) pairs, between the children of the closest common ancestor of both modules.
type Edges = BTreeSet<(Module, Module)>;

const PACKAGES: [&str; 4] = [".", "callbot", "callbot/local", "tests/support"];

#[test]
fn modules_do_not_import_from_each_other_in_a_cycle() {
    for package in PACKAGES {
        let modules = modules(&project().join(package).join("src"));
        assert!(modules.len() > 3, "{package} has modules");
        let circle = circle(imports(&modules));
        let circle: Vec<String> = circle
            .iter()
            .map(|(from, to)| format!("{} imports from {}", from.join("::"), to.join("::")))
            .collect();
        assert!(circle.is_empty(), "a cycle in {package}: {circle:#?}");
    }
}

#[test]
fn cycles_of_any_length_are_found_and_parents_are_not_cycles() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text);
    let files = [
        ("lib.rs", "mod a; mod b; mod c; pub use a::A;"),
        ("a.rs", "use crate::b::{self, B}; use crate::A;"),
        ("b.rs", "pub fn f() { super::c::g() }"),
        ("c.rs", "pub fn g() {}"),
    ];
    for (file, text) in files {
        write(file, text).expect("written");
    }
    assert!(circle(imports(&modules(folder.path()))).is_empty());
    write("c.rs", "use crate::a::A; pub fn g() {}").expect("written");
    assert_eq!(circle(imports(&modules(folder.path()))).len(), 3);
}

/// `src/lib.rs` lists the top-level modules ("rooms") from top to bottom.
#[test]
fn each_module_imports_only_from_modules_below_it() {
    let source = project().join("src");
    let page = std::fs::read_to_string(source.join("lib.rs")).expect("the library's root");
    let rows = page.lines().filter_map(|line| line.strip_prefix("//! | "));
    let rooms: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert!(rooms.len() > 5, "{rooms:?}");
    let height = |module: &Module| rooms.iter().position(|room| *room == module[0]);
    for (from, to) in imports(&modules(&source)) {
        if let (Some(from_height), Some(to_height)) = (height(&from), height(&to)) {
            assert!(from_height <= to_height, "{from:?} imports from {to:?}");
        }
    }
}

#[test]
fn only_some_modules_know_aws_lambda_and_tokio() {
    let allowed: [(&str, &[&str]); 6] = [
        ("aws_sdk_dynamodb", &["aws", "store"]),
        ("aws_sdk_secretsmanager", &["aws", "credentials"]),
        ("aws_sdk_sqs", &["aws", "parking"]),
        ("lambda_http", &["http"]),
        ("lambda_runtime", &["handler", "http"]),
        (
            "tokio",
            &[
                "credentials",
                "http",
                "parking",
                "queue",
                "receive",
                "store",
            ],
        ),
    ];
    let modules = modules(&project().join("src"));
    for (module, file) in modules.iter().filter(|(module, _)| !module.is_empty()) {
        for path in paths(file) {
            let rooms = allowed.iter().find(|(name, _)| *name == path[0]);
            let room = module[0].as_str();
            if let Some((name, rooms)) = rooms {
                assert!(rooms.contains(&room), "{module:?} uses {name}");
            }
            let is_io = path[0].starts_with("aws_")
                || ["env", "fs", "net"]
                    .map(|part| vec!["std".to_owned(), part.to_owned()])
                    .iter()
                    .any(|io| path.starts_with(io));
            assert!(room != "contract" || !is_io, "{module:?} uses {path:?}");
        }
    }
}

/// The modules below a source folder, with their files.
fn modules(source: &Path) -> BTreeMap<Module, PathBuf> {
    let mut modules = BTreeMap::new();
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a source folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(source).expect("below").with_extension("");
                let parts = name.iter().map(|part| part.to_string_lossy().into_owned());
                let parts = parts.filter(|part| !["lib", "main", "mod"].contains(&part.as_str()));
                modules.insert(parts.collect(), path);
            }
        }
    }
    modules
}

fn imports(modules: &BTreeMap<Module, PathBuf>) -> Edges {
    let mut edges = Edges::new();
    for (module, file) in modules {
        for path in paths(file) {
            let Some(target) = resolve(module, &path, modules) else {
                continue;
            };
            let common = module.iter().zip(&target).take_while(|(a, b)| a == b);
            let common = common.count();
            if common < module.len() && common < target.len() {
                edges.insert((module[..=common].to_vec(), target[..=common].to_vec()));
            }
        }
    }
    edges
}

/// The module of this crate that a path refers to.
fn resolve(
    module: &Module,
    path: &[String],
    modules: &BTreeMap<Module, PathBuf>,
) -> Option<Module> {
    let mut target = match path[0].as_str() {
        "crate" => Vec::new(),
        "self" | "super" => module.clone(),
        _ => return None,
    };
    for part in path {
        match part.as_str() {
            "crate" | "self" => {}
            "super" => drop(target.pop()),
            name => {
                target.push(name.to_owned());
                if !modules.contains_key(&target) {
                    target.pop();
                    break;
                }
            }
        }
    }
    Some(target)
}

/// The edges that remain after repeatedly removing those from modules that nobody imports and those to modules that
/// import nothing. Empty unless there is a cycle.
fn circle(mut edges: Edges) -> Edges {
    loop {
        let (importers, imported): (BTreeSet<_>, BTreeSet<_>) = edges.iter().cloned().unzip();
        let before = edges.len();
        edges.retain(|(from, to)| imported.contains(from) && importers.contains(to));
        if edges.len() == before {
            return edges;
        }
    }
}

/// All paths in a file, with those of its `use` declarations expanded.
fn paths(file: &Path) -> Vec<Vec<String>> {
    #[derive(Default)]
    struct Paths(Vec<Vec<String>>);

    impl Paths {
        fn add_tree(&mut self, prefix: &[String], tree: &syn::UseTree) {
            let with = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
            match tree {
                syn::UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
                syn::UseTree::Name(name) => self.0.push(with(&name.ident)),
                syn::UseTree::Rename(name) => self.0.push(with(&name.ident)),
                syn::UseTree::Glob(_) => self.0.push(prefix.to_vec()),
                syn::UseTree::Group(group) => {
                    for tree in &group.items {
                        self.add_tree(prefix, tree);
                    }
                }
            }
        }
    }

    impl<'ast> Visit<'ast> for Paths {
        fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
            self.add_tree(&[], &item.tree);
        }

        fn visit_path(&mut self, path: &'ast syn::Path) {
            let segments = path.segments.iter();
            self.0
                .push(segments.map(|segment| segment.ident.to_string()).collect());
            syn::visit::visit_path(self, path);
        }
    }

    let text = std::fs::read_to_string(file).expect("a source file");
    let mut paths = Paths::default();
    paths.visit_file(&syn::parse_file(&text).expect("Rust"));
    paths.0
}
