//! `callbot secret`: the credentials are written into Secrets Manager.

use std::fs::File;

use task_callback_test_support::moto::{self, TestSecret};

use crate::runner::{CREDENTIALS, callbot, ends, succeed};

#[tokio::test]
async fn a_secret_is_written_from_a_file_or_the_standard_input_and_never_printed() {
    let secret = TestSecret::create("nothing yet").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("credentials.json");
    let mut by_file = callbot(&["secret", &secret.id, "--endpoint-url", moto::url()]);
    by_file.arg("--file").arg(&file);
    let mut by_input = callbot(&["secret", &secret.id, "--endpoint-url", moto::url()]);

    let two = r#"[{"uuid":"u","secretKey":"s1"},{"uuid":"u","secretKey":"s2"}]"#;
    std::fs::write(&file, CREDENTIALS).expect("written");
    let input = File::open(&file).expect("the file");
    for (write, value, before) in [
        (&mut by_file, "nothing yet", "none"),
        (by_input.stdin(input), two, "u (2 secrets)"),
    ] {
        secret.put(value).await;
        let text = succeed(write);
        let now = "local-account (1 secret)";
        let accounts = format!("Accounts before: {before}\nAccounts now: {now}\n");
        assert!(text.starts_with(&accounts), "{text}");
        assert!(!text.contains("local-secret"), "{text}");
        assert_eq!(secret.value().await, CREDENTIALS);
    }

    // The function's check, which has its own tests.
    let placeholder = CREDENTIALS.replace("local-secret", "…");
    std::fs::write(&file, placeholder).expect("written");
    let error = ends(2, &mut by_file).stderr;
    for words in [
        "secretKey is a placeholder",
        "platform's Developer",
        "Nothing was written",
    ] {
        assert!(error.contains(words), "{words}: {error}");
    }
    assert_eq!(secret.value().await, CREDENTIALS, "the secret is unchanged");
}
