//! Imports go one way. The sources are read as text: a path that begins with `crate::` or with a crate's name counts,
//! wherever it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use task_callback_test_support::project;

/// Each top-level module of a package, with the text of its files.
type Modules = BTreeMap<String, String>;

#[test]
fn no_package_has_a_cycle_of_modules() {
    for package in [".", "callbot", "callbot/local", "tests/support"] {
        let modules = modules(&project().join(package).join("src"));
        assert!(modules.len() > 3, "{package} has modules");
        let mut imports: BTreeMap<&String, BTreeSet<&str>> = BTreeMap::new();
        for (name, text) in &modules {
            imports.insert(name, imported(text).filter(|other| other != name).collect());
        }
        // Whatever imports nothing that is left takes part in no cycle.
        let mut left = usize::MAX;
        while imports.len() < left {
            let names: BTreeSet<String> = imports.keys().map(|name| name.to_string()).collect();
            left = names.len();
            imports.retain(|_, others| others.iter().any(|other| names.contains(*other)));
        }
        assert!(imports.is_empty(), "a cycle in {package}: {imports:#?}");
    }
}

/// `src/lib.rs` lists the modules of the function from top to bottom.
#[test]
fn each_module_imports_only_from_modules_below_it() {
    let source = project().join("src");
    let page = std::fs::read_to_string(source.join("lib.rs")).expect("the library's root");
    let rows = page.lines().filter_map(|line| line.strip_prefix("//! | "));
    let order: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert!(order.len() > 5, "{order:?}");
    let height = |name: &str| order.iter().position(|module| *module == name);
    for (module, text) in modules(&source) {
        for other in imported(&text) {
            if let (Some(above), Some(below)) = (height(&module), height(other)) {
                assert!(above <= below, "{module} imports from {other}");
            }
        }
    }
}

#[test]
fn only_some_modules_know_aws_lambda_and_tokio() {
    let allowed = [
        ("aws_sdk_dynamodb", "aws store"),
        ("aws_sdk_secretsmanager", "aws credentials"),
        ("aws_sdk_sqs", "aws parking"),
        ("lambda_http", "http"),
        ("lambda_runtime", "handler http"),
        ("tokio", "credentials http parking queue receive store"),
    ];
    let mut modules = modules(&project().join("src"));
    for io in ["aws_", "std::env", "std::fs", "std::net"] {
        assert!(!modules["contract"].contains(io), "contract uses {io}");
    }
    modules.remove("main");
    for (name, allowed) in allowed {
        let users = modules
            .iter()
            .filter(|(_, text)| text.contains(&format!("{name}::")));
        for (user, _) in users {
            assert!(
                allowed.split(' ').any(|module| module == user),
                "{user} uses {name}"
            );
        }
    }
}

/// The modules below a source folder, without comments. The crate's root is `lib` or `main`.
fn modules(source: &Path) -> Modules {
    let mut modules = Modules::new();
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a source folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(source).expect("below").with_extension("");
                let top = below.iter().next().expect("a name").to_string_lossy();
                let text = std::fs::read_to_string(&path).expect("a source file");
                let code = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                let module = modules.entry(top.into_owned()).or_default();
                module.extend(code.flat_map(|line| [line, "\n"]));
            }
        }
    }
    modules
}

/// The modules that a text's `crate::` paths name, and items of the crate's root.
fn imported(text: &str) -> impl Iterator<Item = &str> {
    let ends_a_name = |letter: char| !letter.is_alphanumeric() && letter != '_';
    text.split("crate::").skip(1).flat_map(move |path| {
        let paths = match path.strip_prefix('{') {
            Some(group) => group.split('}').next(),
            None => path.split(',').next(),
        };
        let paths = paths.unwrap_or_default().split(',');
        paths.filter_map(move |path| path.trim().split(ends_a_name).next())
    })
}
