//! The objects in a log, whatever stands around them: one a line, behind the time and the stream that a command
//! prints first, or spread over lines by one that prints JSON prettily.

use std::io::{self, BufRead, Read};

/// A line of the function's has a body of 256 KB at the most, which escapes and another layer of JSON may swell.
const MAX_BYTES: usize = 8 << 20;
/// Printed prettily, it has a dozen lines.
const MAX_LINES: u64 = 100;

/// A flat object of JSON, or what was to be one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) text: Vec<u8>,
    /// The number of its first line, from 1.
    pub(crate) line: u64,
    /// Over how many lines it goes.
    pub(crate) lines: u64,
    /// Whether its end is there.
    pub(crate) whole: bool,
}

/// Reads a log line by line; it never holds more than one object.
///
/// An object counts only where nothing but plain text shares its lines. What stands in the middle of other JSON may
/// be what a stranger has sent and somebody has logged, such as a user agent in the access log.
pub(crate) struct Log<R> {
    reader: R,
    /// How many lines were read so far.
    pub(crate) lines: u64,
    /// The object whose end is still to come.
    open: Option<Object>,
}

impl<R: BufRead> Log<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            lines: 0,
            open: None,
        }
    }

    /// The next object; `None` at the end of the log.
    pub(crate) fn next(&mut self) -> io::Result<Option<Object>> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let limit = MAX_BYTES as u64;
            if self
                .reader
                .by_ref()
                .take(limit)
                .read_until(b'\n', &mut line)?
                == 0
            {
                return Ok(self.open.take());
            }
            if line.len() == MAX_BYTES && line.last() != Some(&b'\n') {
                self.reader.skip_until(b'\n')?;
                line.clear();
            }
            self.lines += 1;
            if let Some(object) = self.read(&line) {
                return Ok(Some(object));
            }
        }
    }

    /// Takes one line; gives the object that ends with it.
    fn read(&mut self, line: &[u8]) -> Option<Object> {
        let first = line.iter().position(|byte| b"{}\"".contains(byte));
        let begins = first.filter(|&first| line[first] == b'{');
        let mut object = match (begins, self.open.take()) {
            // An object within another: the outer one is not flat, and none that we look for.
            (Some(first), _) => Object {
                text: line[first..].to_vec(),
                line: self.lines,
                lines: 1,
                whole: false,
            },
            (None, Some(open)) if open.lines < MAX_LINES => Object {
                text: [&open.text, line].concat(),
                lines: open.lines + 1,
                ..open
            },
            (None, _) => return None,
        };
        match end_of(&object.text) {
            End::At(end) => {
                object.text.truncate(end);
                object.whole = true;
                Some(object)
            }
            End::ToCome => {
                self.open = Some(object);
                None
            }
            End::CutOff => Some(object),
            End::None => None,
        }
    }
}

/// Where an object ends.
enum End {
    /// Before this byte.
    At(usize),
    /// On a further line.
    ToCome,
    /// Nowhere: its last line ends within a string, in which no line can end.
    CutOff,
    /// Nowhere, as it is not flat, or shares its lines.
    None,
}

fn end_of(text: &[u8]) -> End {
    let mut in_string = false;
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate().skip(1) {
        match byte {
            b'\n' if in_string => return End::CutOff,
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => return End::None,
            b'}' if !in_string => {
                let rest = &text[at + 1..];
                let shared = rest.iter().any(|byte| b"{}\"".contains(byte));
                return if shared { End::None } else { End::At(at + 1) };
            }
            _ => {}
        }
    }
    if in_string { End::CutOff } else { End::ToCome }
}
