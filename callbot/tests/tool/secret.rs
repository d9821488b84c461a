//! `callbot secret`: the credentials are written into Secrets Manager.

use task_callback_test_support::moto::{self, TestSecret};

use crate::runner::{CREDENTIALS, callbot, fail, succeed};

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
