//! `callbot secret`: the credentials are written into Secrets Manager.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::{Arc, Mutex};

use local_stack::{Fault, Proxy};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use task_callback_test_support::moto::{self, TestSecret};

use crate::runner::{CREDENTIALS, Ran, callbot, fail, succeed};

/// `callbot secret` with a terminal as its standard input, on which nobody types.
#[track_caller]
fn fail_at_the_prompt(command: &mut Command) -> Ran {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("granted");
    unlockpt(&terminal).expect("unlocked");
    let name = ptsname(&terminal, Vec::new()).expect("a name");
    let name = name.to_str().expect("text");
    let input = File::options().read(true).write(true).open(name);
    fail(2, command.stdin(OwnedFd::from(input.expect("opened"))))
}

#[tokio::test]
async fn a_secret_is_written_from_a_file_and_never_printed() {
    let secret = TestSecret::create("nothing yet").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("credentials.json");
    let file = file.to_str().expect("text");
    let mut write = callbot(&["secret", &secret.id, "--file", file]);
    write.args(["--endpoint-url", moto::url()]);

    std::fs::write(file, CREDENTIALS).expect("written");
    let text = succeed(&mut write);
    assert!(text.contains("1 credential"), "{text}");
    assert!(!text.contains("local-secret"), "{text}");
    assert_eq!(secret.value().await, CREDENTIALS);

    std::fs::write(file, r#"[{"uuid":"u","secretKey":""}]"#).expect("written");
    let error = fail(2, &mut write).stderr;
    assert!(error.contains("Nothing was written"), "{error}");
    assert_eq!(secret.value().await, CREDENTIALS, "the secret is unchanged");
}

/// One credential of the prompt would replace all of the secret's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_prompt_does_not_replace_what_it_cannot_read() {
    let secret = TestSecret::create(CREDENTIALS).await;
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = requests.clone();
    let proxy = Proxy::start(moto::url(), move |request| {
        kept.lock().expect("no panic").push(request.to_owned());
        Fault::Answer(400, "AccessDeniedException")
    });
    let proxy = proxy.await.expect("a proxy");
    let mut command = callbot(&["secret", &secret.id, "--endpoint-url", proxy.url()]);
    let ran = fail_at_the_prompt(&mut command);
    for words in [
        "cannot be read",
        "may not use secret",
        "Use --file with all of them",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {ran:?}");
    }
    for request in requests.lock().expect("no panic").iter() {
        let request = String::from_utf8_lossy(request);
        assert!(request.contains("GetSecretValue"), "{request}");
    }
    assert_eq!(secret.value().await, CREDENTIALS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_prompt_does_not_replace_several_credentials() {
    let two = r#"[{"uuid":"u","secretKey":"old"},{"uuid":"u","secretKey":"new"}]"#;
    let secret = TestSecret::create(two).await;
    let mut command = callbot(&["secret", &secret.id, "--endpoint-url", moto::url()]);
    let ran = fail_at_the_prompt(&mut command);
    assert!(ran.stderr.contains("holds 2 credentials"), "{ran:?}");
    assert_eq!(secret.value().await, two);
}
