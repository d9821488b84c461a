//! The tool's documentation: help texts, the reference made of them, and shell completions.

use std::io::Write;
use std::process::Stdio;

use crate::runner::{callbot, fail, program, succeed};

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

fn reference() -> String {
    succeed(&mut callbot(&["reference"]))
}

#[test]
fn the_reference_is_what_the_tool_says() {
    let written = std::fs::read_to_string(REFERENCE).expect("the reference");
    assert!(
        written == reference(),
        "callbot/README.md is out of date; `cargo run --locked --package callbot -- reference > \
         callbot/README.md` writes it anew"
    );
}

#[test]
fn every_command_has_an_example_in_the_reference_and_in_its_help() {
    let help = succeed(&mut callbot(&["--help"]));
    let (_, commands) = help.split_once("Commands:\n").expect("commands");
    let (commands, _) = commands.split_once("\n\n").expect("an end");
    // A description goes on in lines that are indented further.
    let commands = commands.lines().filter_map(|line| line.strip_prefix("  "));
    let commands = commands.filter_map(|line| line.split(' ').next());
    let commands: Vec<&str> = commands
        .filter(|name| !["", "help"].contains(name))
        .collect();
    assert!(commands.contains(&"parked"), "{help}");

    let reference = reference();
    let sections: Vec<&str> = reference.split("\n## callbot ").skip(1).collect();
    assert_eq!(sections.len(), commands.len(), "{commands:?}");
    for (section, command) in sections.into_iter().zip(commands) {
        assert!(section.starts_with(command), "{command}: {section}");
        for part in ["\n    callbot", "```sh\ncallbot"] {
            let usage_or_example = format!("{part} {command}");
            assert!(section.contains(&usage_or_example), "{section}");
        }
        let help = succeed(&mut callbot(&[command, "--help"]));
        let example = format!("\n  callbot {command}");
        assert!(
            help.contains("\nExample") && help.contains(&example),
            "{help}"
        );
    }
}

/// Whether a shell, if it is installed, can parse a script.
fn parses(shell: &str, script: &str) -> Option<bool> {
    let mut child = program(shell)
        .arg("-n")
        .stdin(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(script.as_bytes()).expect("written");
    drop(stdin);
    Some(child.wait().expect("it ends").success())
}

#[test]
fn shells_can_parse_their_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = succeed(&mut callbot(&["completions", shell]));
        for word in ["parked", "scenario", "redrive", "version"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        assert!(!script.contains("reference"), "{shell}: a hidden command");
        if ["bash", "fish", "zsh"].contains(&shell) {
            let parsed = parses(shell, &script);
            assert_ne!(parsed, Some(false), "{shell}: {script}");
        }
    }
    assert_eq!(
        parses("bash", "if"),
        Some(false),
        "a syntax error is detected"
    );
    let error = fail(2, &mut callbot(&["completions", "tcsh"])).stderr;
    assert!(error.contains("[possible values: bash"), "{error}");
}

#[test]
fn bash_completes_the_names_of_scenarios() {
    let script = succeed(&mut callbot(&["completions", "bash"]));
    let ask = r#"
        COMP_WORDS=(callbot send --scenario pa); COMP_CWORD=3
        _callbot callbot pa --scenario
        echo "${COMPREPLY[@]}"
    "#;
    let script = format!("{script}\n{ask}");
    let text = succeed(program("bash").args(["--norc", "-c", &script]));
    assert_eq!(text.trim(), "pauses");
}
