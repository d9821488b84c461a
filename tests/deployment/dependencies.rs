//! Consistency of Cargo and the section of docs/security.md on the function's crates.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");
const TITLE: &str = "\n## Dependencies\n";
/// Generous: Cargo takes less than a second.
const CARGO_ENDS_WITHIN: Duration = Duration::from_secs(60);

fn section() -> String {
    let page = std::fs::read_to_string(format!("{PROJECT}/docs/security.md")).expect("the page");
    let (_, rest) = page.split_once(TITLE).expect("the section");
    let (section, _) = rest.split_once("\n## ").unwrap_or((rest, ""));
    section.to_owned()
}

/// Runs Cargo offline and returns its output. The function's crates are already downloaded if a test runs.
async fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(arguments)
        .args(["--locked", "--offline"])
        .current_dir(PROJECT)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(CARGO_ENDS_WITHIN, command.output()).await;
    let output = output
        .expect("cargo ends in time")
        .expect("cargo can be started");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    assert!(output.status.success(), "{}", text(output.stderr));
    text(output.stdout)
}

#[tokio::test]
async fn each_crate_the_function_names_has_a_reason_in_the_page() {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]).await;
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages
        .iter()
        .find(|package| package["name"] == env!("CARGO_PKG_NAME"));
    let dependencies = package.expect("this package")["dependencies"].as_array();
    let dependencies = dependencies.expect("dependencies").iter();
    let named: BTreeSet<&str> = dependencies
        .filter(|dependency| dependency["kind"].is_null() && dependency["optional"] == false)
        .map(|dependency| dependency["name"].as_str().expect("a name"))
        .collect();

    let section = section();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows: Vec<(&str, &str)> = rows
        .map(|row| row.split_once("` | ").expect("a crate and a reason"))
        .collect();
    let explained: BTreeSet<&str> = rows.iter().map(|(name, _)| *name).collect();
    assert_eq!(explained, named);
    assert_eq!(rows.len(), explained.len(), "one row each");
    for (name, reason) in rows {
        assert!(
            !reason.trim_matches([' ', '|']).is_empty(),
            "{name} has no reason"
        );
    }
}

#[tokio::test]
async fn the_page_counts_the_functions_crates_as_cargo_does() {
    let section = section();
    let command = section
        .lines()
        .find_map(|line| line.trim().strip_prefix("cargo "));
    let (command, _) = command
        .and_then(|line| line.split_once(" | sort -u | wc -l"))
        .expect("the command that counts");
    let tree = cargo(&command.split_whitespace().collect::<Vec<_>>()).await;
    let crates: BTreeSet<&str> = tree.lines().collect();

    let printed = section
        .split_once("prints ")
        .and_then(|(_, rest)| rest.split(|next: char| !next.is_ascii_digit()).next());
    assert_eq!(printed, Some(crates.len().to_string().as_str()));
}
