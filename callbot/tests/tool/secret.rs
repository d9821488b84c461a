//! `callbot secret`: the credentials are written into Secrets Manager.

use std::fs::File;

use task_callback_test_support::moto::{self, TestSecret};

use crate::runner::{CREDENTIALS, callbot, fail, succeed};

#[tokio::test]
async fn a_secret_is_written_from_a_file_or_the_standard_input_and_never_printed() {
    let secret = TestSecret::create("nothing yet").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("credentials.json");
    let mut by_file = callbot(&["secret", &secret.id, "--endpoint-url", moto::url()]);
    by_file.arg("--file").arg(&file);
    let mut by_input = callbot(&["secret", &secret.id, "--endpoint-url", moto::url()]);

    std::fs::write(&file, CREDENTIALS).expect("written");
    let input = File::open(&file).expect("the file");
    for write in [&mut by_file, by_input.stdin(input)] {
        secret.put("nothing yet").await;
        let text = succeed(write);
        assert!(text.starts_with("1 credential written."), "{text}");
        assert!(!text.contains("local-secret"), "{text}");
        assert_eq!(secret.value().await, CREDENTIALS);
    }

    std::fs::write(&file, r#"[{"uuid":"u","secretKey":""}]"#).expect("written");
    let error = fail(2, &mut by_file).stderr;
    assert!(error.contains("Nothing was written"), "{error}");
    assert_eq!(secret.value().await, CREDENTIALS, "the secret is unchanged");
}
