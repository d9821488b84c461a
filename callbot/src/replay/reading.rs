//! Reading the logs beside the sending: a pipe may give a line now and the next one in an hour.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, stdin};
use std::path::PathBuf;
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::log::Log;
use super::refused::{Entry, Refused};

/// How many callbacks are read ahead.
const AHEAD: usize = 64;

/// What stood in the logs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) lines: u64,
    /// Lines of something else than callbacks.
    pub(super) other: u64,
    pub(super) stored: u64,
    pub(super) not_authentic: u64,
    /// Reports that stood there before.
    pub(super) again: u64,
    pub(super) broken: u64,
}

/// What is read beside.
pub(super) struct Reading {
    pub(super) refused: mpsc::Receiver<Box<Refused>>,
    reader: JoinHandle<Result<Counts, String>>,
}

impl Reading {
    /// Starts to read these files, or standard input where there are none; `-` is standard input, too.
    pub(super) fn start(files: Vec<PathBuf>) -> Result<Self, String> {
        let from_stdin = files.is_empty() || files.iter().any(|file| file.as_os_str() == "-");
        if from_stdin && stdin().is_terminal() {
            return Err("name a file with the function's log, or pipe one in: \
                 aws logs tail LOG_GROUP --since 1d | callbot replay"
                .to_owned());
        }
        let (sender, refused) = mpsc::channel(AHEAD);
        // Not one of the runtime's threads: those are waited for, and standard input may never end.
        let reader = std::thread::spawn(move || read_all(&files, &sender));
        Ok(Self { refused, reader })
    }

    /// What stood in all of them, once that is read.
    pub(super) fn counts(self) -> Result<Counts, String> {
        drop(self.refused);
        self.reader
            .join()
            .unwrap_or_else(|_| Err("the log's reader has failed".to_owned()))
    }
}

fn read_all(files: &[PathBuf], sender: &mpsc::Sender<Box<Refused>>) -> Result<Counts, String> {
    let mut counts = Counts::default();
    let mut seen = HashSet::new();
    let stdin_alone = [PathBuf::from("-")];
    let files = if files.is_empty() {
        &stdin_alone
    } else {
        files
    };
    for file in files {
        let wrong = |error: io::Error| format!("{}: {error}", file.display());
        let reader: Box<dyn BufRead> = match file.as_os_str() == "-" {
            true => Box::new(BufReader::new(stdin())),
            false => Box::new(BufReader::new(File::open(file).map_err(wrong)?)),
        };
        read(reader, sender, &mut seen, &mut counts).map_err(wrong)?;
    }
    Ok(counts)
}

fn read(
    reader: impl BufRead,
    sender: &mpsc::Sender<Box<Refused>>,
    seen: &mut HashSet<[u8; 32]>,
    counts: &mut Counts,
) -> io::Result<()> {
    let mut log = Log::new(reader);
    let mut callback_lines = 0;
    while let Some(object) = log.next()? {
        let entry = Entry::of(&object);
        if !matches!(entry, Entry::Other) {
            callback_lines += object.lines;
        }
        match entry {
            Entry::Other => {}
            Entry::Stored => counts.stored += 1,
            Entry::NotAuthentic => counts.not_authentic += 1,
            Entry::Broken(why) => {
                counts.broken += 1;
                eprintln!("line {}: a callback's, but {why}", object.line);
            }
            // A digest is kept of each, not the body: a day's outage fits into memory.
            Entry::Refused(refused) if !seen.insert(refused.identity()) => counts.again += 1,
            Entry::Refused(refused) => {
                if sender.blocking_send(refused).is_err() {
                    break;
                }
            }
        }
    }
    counts.lines += log.lines;
    counts.other += log.lines - callback_lines;
    Ok(())
}
