//! Every `make` and `callbot` command in the documents exists, with its options and variables.

use std::fs::read_to_string;
use std::path::Path;
use std::process::Command;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use task_callback_test_support::project;

#[test]
fn every_command_of_make_and_callbot_exists_with_its_options() {
    let mut checked = 0;
    for folder in ["", "docs"] {
        for file in project().join(folder).read_dir().expect("a folder") {
            checked += check(&file.expect("a file").path());
        }
    }
    assert!(checked > 30, "only {checked} commands were found");
}

/// Checks the commands of a file, if it is a document, and counts them.
fn check(file: &Path) -> usize {
    let mut checked = 0;
    for command in commands(file) {
        // An ellipsis stands for words that are left out.
        let words = shlex::split(&command).unwrap_or_default().into_iter();
        let words = words.take_while(|word| !["|", ">", "&&", "&"].contains(&&**word));
        let words: Vec<String> = words.filter(|word| word != "…").collect();
        let mut program = match words.split_first() {
            Some((program, arguments)) if program == "callbot" => callbot(arguments),
            Some((program, arguments)) if program == "make" => make(arguments),
            _ => continue,
        };
        let output = program.output().expect("the program starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{file:?}: {command}: {errors}");
        checked += 1;
    }
    checked
}

/// The lines of a document's shell blocks, and its inline code.
fn commands(file: &Path) -> Vec<String> {
    let mut commands = Vec::new();
    if file.extension().is_none_or(|end| end != "md") {
        return commands;
    }
    let text = read_to_string(file).expect("a document");
    let mut block = None;
    for event in Parser::new(&text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                block = (&*language == "sh").then(String::new);
            }
            Event::Text(text) => block.iter_mut().for_each(|block| *block += &text),
            Event::End(TagEnd::CodeBlock) => {
                let block = block.take().unwrap_or_default().replace("\\\n", " ");
                commands.extend(block.lines().map(str::to_owned));
            }
            Event::Code(code) => commands.push(code.into_string()),
            _ => {}
        }
    }
    commands
}

/// callbot parses the arguments, refuses an unknown option, and then only prints its help.
fn callbot(arguments: &[String]) -> Command {
    let arguments = arguments.iter().take_while(|word| *word != "--");
    let arguments = arguments.map(|word| match word.ends_with("_URL") {
        true => "https://placeholder.example/1/name",
        false => word,
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_callbot"));
    command.args(arguments).arg("--help");
    command
}

/// A dry run of make. The variables must be in the Makefile, and the parameters in the template.
fn make(arguments: &[String]) -> Command {
    let read = |file| read_to_string(project().join(file)).expect("a file");
    let (makefile, template) = (read("Makefile"), read("template.yaml"));
    for (name, value) in arguments.iter().filter_map(|word| word.split_once('=')) {
        assert!(makefile.contains(&format!("$({name})")), "unknown {name}");
        // Only PARAMETERS has such a value.
        for (parameter, _) in value.split(' ').filter_map(|word| word.split_once('=')) {
            let defined = template.contains(&format!("\n  {parameter}:\n"));
            assert!(defined, "unknown {parameter}");
        }
    }
    let mut command = Command::new("make");
    command.current_dir(project());
    command.arg("--dry-run").args(arguments);
    command
}
