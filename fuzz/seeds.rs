//! Writes the seeds of the targets `headers` and `body`: the headers and bodies of the sample events. (The seeds of
//! `event` are the events themselves.)
//!
//! Its only argument is the output folder.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("which folder?")?;
    let folder = PathBuf::from(folder);
    let (headers, body) = (folder.join("headers"), folder.join("body"));
    fs::create_dir_all(&headers)?;
    fs::create_dir_all(&body)?;

    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../events"))? {
        let path = file?.path();
        let name = path.file_stem().ok_or("an event has a name")?;
        let event: Value = serde_json::from_slice(&fs::read(&path)?)?;
        fs::write(headers.join(name), headers_of(&event))?;
        fs::write(body.join(name), body_of(&event)?)?;
    }
    Ok(())
}

/// The headers in the form that the target `headers` reads.
fn headers_of(event: &Value) -> Vec<u8> {
    let headers = event["headers"].as_object().into_iter().flatten();
    let values = headers.filter_map(|(name, value)| Some((name, value.as_str()?)));
    values
        .flat_map(|(name, value)| [&[0xFE], name.as_bytes(), &[0xFF], value.as_bytes()].concat())
        .collect()
}

fn body_of(event: &Value) -> Result<Vec<u8>, base64::DecodeError> {
    let body = event["body"].as_str().unwrap_or_default();
    match event["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(body),
        _ => Ok(body.as_bytes().to_owned()),
    }
}
