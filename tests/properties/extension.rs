//! Length extension: MD5 and SHA-256 can be resumed from a digest. An attacker who has intercepted
//! one signed message can append bytes to it and sign the result without the secret. Only the
//! secret's length must be guessed.

use md5::Md5;
use proptest::prelude::*;
use serde_json::json;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};
use task_callback::contract::account::Algorithm;
use task_callback::contract::signature::Unverified::Extended;

use super::cases;
use super::message::{ALGORITHMS, Account, Message, configured, messages};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{NOW, Request, SECRET, UUID, body};

/// The forgery and its signature. The intercepted text and the hash's padding become the body, and
/// a new suffix makes it a message of the same account.
fn forgery(account: &Account, intercepted: &Message, create_ts: u64) -> (Message, Vec<u8>) {
    // The attacker knows no more of the account than this.
    let (algorithm, secret_length) = (account.algorithm, account.secret.len());
    let sign = account.sign(intercepted);
    let mut forged = Message {
        body: Vec::new(),
        create_ts: create_ts.to_string(),
        request_id: "forged".to_owned(),
        uuid: intercepted.uuid.clone(),
    };
    let suffix = forged.text();
    forged.body = intercepted.text();
    let hashed = |body: &[u8]| secret_length + "&body=".len() + body.len();
    let bits = 8 * hashed(&forged.body) as u64;
    forged.body.push(0x80);
    while hashed(&forged.body) % 64 != 56 {
        forged.body.push(0);
    }
    forged.body.extend(match algorithm {
        Algorithm::Md5 => bits.to_le_bytes(),
        _ => bits.to_be_bytes(),
    });
    let blocks = (hashed(&forged.body) / 64) as u64;
    let sign = match algorithm {
        Algorithm::Md5 => resumed::<Md5>(&sign, blocks, &suffix),
        _ => {
            // SHA-256 writes its words in the opposite byte order to the crate's serialized state.
            let words = sign.chunks(4).flat_map(|word| word.iter().rev());
            let words: Vec<u8> = words.copied().collect();
            resumed::<Sha256>(&words, blocks, &suffix)
        }
    };
    (forged, sign)
}

/// Resumes hashing after a digest, whose words are the state of the hash.
fn resumed<D: Digest + SerializableState>(words: &[u8], blocks: u64, suffix: &[u8]) -> Vec<u8> {
    let mut state = SerializedState::<D>::default();
    state[..words.len()].copy_from_slice(words);
    state[words.len()..][..8].copy_from_slice(&blocks.to_le_bytes());
    let hash = D::deserialize(&state).expect("a state between two blocks");
    hash.chain_update(suffix).finalize().to_vec()
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn an_intercepted_message_does_not_verify_as_the_body_of_another((account, message) in messages()) {
        let (forged, sign) = forgery(&account, &message, NOW);
        let is_extendable = account.algorithm != Algorithm::HmacSha256;
        // HMAC hashes the inner digest again, so the attacker has no state to resume from.
        prop_assert_eq!(account.sign(&forged) == sign, is_extendable);
        let credentials = configured(std::slice::from_ref(&account));
        prop_assert_eq!(forged.received(&credentials, &hex::encode(&sign)), None);
        if is_extendable {
            prop_assert_eq!(forged.verified(&credentials, &sign), Err(Extended));
        } else {
            let sign = account.sign(&forged);
            prop_assert!(forged.verified(&credentials, &sign).is_ok(), "the account signed it");
        }
    }
}

#[tokio::test]
async fn a_forgery_of_an_intercepted_callback_is_rejected_like_any_other() {
    for algorithm in ALGORITHMS {
        let account = Account {
            uuid: UUID.to_owned(),
            secret: SECRET.to_owned(),
            algorithm,
        };
        let name = algorithm.name();
        let credentials = json!([{"uuid": UUID, "secretKey": SECRET, "algorithm": name}]);
        let variables = [("CALLBOT_CREDENTIALS", &*credentials.to_string())];
        let app = TestApp::embedded_with(&variables).await;
        let message = Message {
            body: body().to_string().into_bytes(),
            create_ts: NOW.to_string(),
            request_id: "req-1".to_owned(),
            uuid: UUID.to_owned(),
        };
        let genuine = Request::signed(&message.body, NOW, algorithm, SECRET);
        assert_eq!(app.send(&genuine).await.ret_code, 0, "{name}");
        let (forged, sign) = forgery(&account, &message, NOW + 1);
        let body = forged.body;
        let forged = Request { body, ..genuine }
            .with_header("requestID", &forged.request_id)
            .with_header("createTs", &forged.create_ts)
            .with_header("sign", &hex::encode_upper(sign));
        app.assert_refused(name, &forged, 401, 4010).await;
    }
}
