//! The documents of the project: their links lead somewhere, and their commands exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use task_callback_test_support::project;

/// A document, parsed.
struct Document {
    file: PathBuf,
    links: Vec<String>,
    /// The anchors of its headings, as GitHub makes them.
    anchors: BTreeSet<String>,
    /// The lines of its shell blocks, and what it has in code within sentences.
    commands: Vec<String>,
}

fn read(file: &Path) -> Document {
    let text =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut document = Document {
        file: file.to_owned(),
        links: Vec::new(),
        anchors: BTreeSet::new(),
        commands: Vec::new(),
    };
    let mut heading: Option<String> = None;
    let mut block: Option<String> = None;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                document.links.push(dest_url.into_string());
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => document
                .anchors
                .extend(heading.take().map(|text| anchor(&text))),
            Event::Start(Tag::CodeBlock(kind)) => {
                let is_shell =
                    matches!(&kind, CodeBlockKind::Fenced(language) if &**language == "sh");
                block = is_shell.then(String::new);
            }
            Event::End(TagEnd::CodeBlock) => {
                let block = block.take().unwrap_or_default().replace("\\\n", " ");
                document.commands.extend(block.lines().map(str::to_owned));
            }
            Event::Text(text) => {
                for open in [&mut heading, &mut block].into_iter().flatten() {
                    *open += &text;
                }
            }
            Event::Code(code) => {
                if let Some(heading) = &mut heading {
                    *heading += &code;
                }
                document.commands.push(code.into_string());
            }
            _ => {}
        }
    }
    document
}

/// The anchor that GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let kept = |character: &char| character.is_alphanumeric() || "-_ ".contains(*character);
    let anchor = heading
        .to_lowercase()
        .chars()
        .filter(kept)
        .collect::<String>();
    anchor.replace(' ', "-")
}

fn documents() -> Vec<Document> {
    let in_folder = |folder: &str| std::fs::read_dir(project().join(folder)).expect("a folder");
    let files = ["", "docs", "callbot"].into_iter().flat_map(in_folder);
    let files = files.map(|entry| entry.expect("a file").path());
    let documents: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|end| end == "md"))
        .map(|file| read(&file))
        .collect();
    assert!(documents.len() >= 3, "the documents are elsewhere");
    documents
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_of_the_project() {
    let mut broken = Vec::new();
    for document in documents() {
        let folder = document.file.parent().expect("a folder");
        for link in document
            .links
            .iter()
            .filter(|link| !link.starts_with("https://"))
        {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                document.file.clone()
            } else {
                folder.join(path)
            };
            let leads = match heading {
                "" => target.exists(),
                heading => target.exists() && read(&target).anchors.contains(heading),
            };
            if !leads {
                broken.push(format!("{}: {link}", document.file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn every_command_of_make_and_callbot_exists_with_its_options() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for document in documents() {
        for command in &document.commands {
            let Some(words) = words(command) else {
                continue;
            };
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let result = match words[..] {
                ["callbot", ref arguments @ ..]
                | [
                    "cargo",
                    "run",
                    "--package",
                    "callbot",
                    "--",
                    ref arguments @ ..,
                ] => callbot(arguments),
                ["make", ref arguments @ ..] => make(arguments),
                _ => continue,
            };
            checked += 1;
            if let Err(error) = result {
                wrong.push(format!("{}: {command}\n  {error}", document.file.display()));
            }
        }
    }
    assert!(checked > 50, "only {checked} commands were found");
    assert!(
        wrong.is_empty(),
        "commands that do not exist:\n{}",
        wrong.join("\n")
    );
}

/// The words of a command, up to a comment or an operator of the shell. An ellipsis stands for words that are left out.
fn words(command: &str) -> Option<Vec<String>> {
    let words = shlex::split(command)?.into_iter();
    let words = words.take_while(|word| !["|", ">", ">>", "&&", ";", "&"].contains(&&**word));
    Some(words.filter(|word| word != "…").collect())
}

/// Has callbot parse the arguments: `--help` ends it before it does anything, but after an option that it does not know.
fn callbot(arguments: &[&str]) -> Result<(), String> {
    let own = arguments.iter().take_while(|word| **word != "--");
    let arguments = own.map(|word| match word.ends_with("_URL") {
        true => "https://placeholder.example",
        false => word,
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_callbot"));
    outcome(command.args(arguments).arg("--help"))
}

/// Has make find the target, and looks for the variables in the Makefile and the parameters in the template.
fn make(arguments: &[&str]) -> Result<(), String> {
    let read = |file| std::fs::read_to_string(project().join(file)).expect("a file");
    let (makefile, template) = (read("Makefile"), read("template.yaml"));
    for (name, value) in arguments.iter().filter_map(|word| word.split_once('=')) {
        if !makefile.contains(&format!("$({name})")) {
            return Err(format!("the Makefile does not use the variable {name}"));
        }
        let parameters = value.split(' ').filter(|_| name == "PARAMETERS");
        for (parameter, _) in parameters.filter_map(|word| word.split_once('=')) {
            if !template.contains(&format!("\n  {parameter}:\n")) {
                return Err(format!("the template has no parameter {parameter}"));
            }
        }
    }
    let mut command = Command::new("make");
    outcome(
        command
            .current_dir(project())
            .arg("--dry-run")
            .args(arguments),
    )
}

fn outcome(command: &mut Command) -> Result<(), String> {
    let Output { status, stderr, .. } = command.output().expect("the program starts");
    match status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&stderr)
            .trim()
            .replace('\n', "\n  ")),
    }
}
