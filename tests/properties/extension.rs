//! Length extension: hashing with MD5 and SHA-256 can be resumed from a digest. An attacker who has intercepted one
//! signed message can append bytes to it and sign the result without the secret. Only the secret's length must be
//! guessed.

use md5::Md5;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};
use task_callback::contract::account::Algorithm;
use task_callback::contract::signature::Unverified::Extended;

use super::cases;
use super::message::{Account, Message, configured, messages};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{NOW, Request, SECRET, UUID, body};

/// An intercepted message and its signature.
struct Overheard {
    message: Message,
    algorithm: Algorithm,
    sign: Vec<u8>,
}

impl Overheard {
    fn from(account: &Account, message: Message) -> Self {
        Self {
            algorithm: account.algorithm,
            sign: account.sign(&message),
            message,
        }
    }

    /// The padding that the hash appended to the text, and the signature of the text followed by that padding and
    /// `suffix`.
    fn extended(&self, secret_length: usize, suffix: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let signed = secret_length + "&body=".len() + self.message.text().len();
        let bits = 8 * signed as u64;
        let mut padding = vec![0x80];
        while (signed + padding.len()) % 64 != 56 {
            padding.push(0);
        }
        padding.extend(match self.algorithm {
            Algorithm::Md5 => bits.to_le_bytes(),
            _ => bits.to_be_bytes(),
        });
        let blocks = ((signed + padding.len()) / 64) as u64;
        let sign = match self.algorithm {
            Algorithm::Md5 => resumed::<Md5>(&self.sign, blocks, suffix),
            _ => {
                // SHA-256 writes its words in the opposite byte order to the crate's serialized state.
                let words = self.sign.chunks(4).flat_map(|word| word.iter().rev());
                let words: Vec<u8> = words.copied().collect();
                resumed::<Sha256>(&words, blocks, suffix)
            }
        };
        (padding, sign)
    }

    /// The forgery: the intercepted text becomes the body, and a new suffix makes it a message of the same account.
    fn forgery(&self, secret_length: usize, create_ts: u64) -> (Message, Vec<u8>) {
        let end = Message {
            body: Vec::new(),
            create_ts: create_ts.to_string(),
            request_id: "forged".to_owned(),
            uuid: self.message.uuid.clone(),
        };
        let (padding, sign) = self.extended(secret_length, &end.text());
        let body = [self.message.text(), padding].concat();
        (Message { body, ..end }, sign)
    }
}

/// Resumes hashing after a digest, whose words are the state of the hash.
fn resumed<D: Digest + SerializableState>(words: &[u8], blocks: u64, suffix: &[u8]) -> Vec<u8> {
    let mut state = SerializedState::<D>::default();
    state[..words.len()].copy_from_slice(words);
    state[words.len()..][..8].copy_from_slice(&blocks.to_le_bytes());
    let hash = D::deserialize(&state).expect("a state between two blocks");
    hash.chain_update(suffix).finalize().to_vec()
}

/// The contract's formula, for any text.
fn formula(account: &Account, text: &[u8]) -> Vec<u8> {
    let text = [account.secret.as_bytes(), b"&body=", text].concat();
    match account.algorithm {
        Algorithm::Md5 => Md5::digest(text).to_vec(),
        _ => Sha256::digest(text).to_vec(),
    }
}

fn is_extendable(account: &Account) -> bool {
    account.algorithm != Algorithm::HmacSha256
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn the_attack_works_a_forged_signature_satisfies_the_formula(
        (account, message) in messages(), suffix in vec(any::<u8>(), 0..200),
    ) {
        prop_assume!(is_extendable(&account));
        let overheard = Overheard::from(&account, message.clone());
        let (padding, sign) = overheard.extended(account.secret.len(), &suffix);
        let text = [message.text(), padding, suffix].concat();
        prop_assert_eq!(formula(&account, &text), sign);
    }

    #[test]
    fn an_extended_uuid_is_not_text_and_cannot_be_a_header(
        (account, message) in messages(), suffix in vec(any::<u8>(), 0..200),
    ) {
        let overheard = Overheard::from(&account, message.clone());
        let (padding, _) = overheard.extended(account.secret.len(), &suffix);
        let uuid = [message.uuid.as_bytes(), &padding, &suffix].concat();
        prop_assert!(String::from_utf8(uuid).is_err());
    }

    #[test]
    fn an_intercepted_message_does_not_verify_as_the_body_of_another((account, message) in messages()) {
        let overheard = Overheard::from(&account, message);
        let (forged, sign) = overheard.forgery(account.secret.len(), NOW);
        // HMAC hashes the inner digest again, so the attacker does not know the state to resume from.
        prop_assert_eq!(account.sign(&forged) == sign, is_extendable(&account));
        let received = forged.received(&configured(std::slice::from_ref(&account)), &hex::encode(&sign));
        prop_assert_eq!(received, None);
        if is_extendable(&account) {
            prop_assert_eq!(forged.verified(&configured(&[account]), &sign), Err(Extended));
        } else {
            let sign = account.sign(&forged);
            prop_assert!(forged.verified(&configured(&[account]), &sign).is_ok(), "the account signed it");
        }
    }
}

/// A function with one account, and a callback of that account that the function accepts.
async fn overheard(algorithm: Algorithm) -> (TestApp, Overheard) {
    let account = Account {
        uuid: UUID.to_owned(),
        secret: SECRET.to_owned(),
        algorithm,
    };
    let credentials = json!([{"uuid": UUID, "secretKey": SECRET, "algorithm": algorithm.name()}]);
    let app = TestApp::embedded_with(&[("CALLBOT_CREDENTIALS", &credentials.to_string())]).await;
    let message = Message {
        body: body().to_string().into_bytes(),
        create_ts: NOW.to_string(),
        request_id: "req-1".to_owned(),
        uuid: UUID.to_owned(),
    };
    let overheard = Overheard::from(&account, message.clone());
    let genuine = request(message, &overheard.sign);
    assert_eq!(app.send(&genuine).await.ret_code, 0, "{algorithm:?}");
    (app, overheard)
}

fn request(message: Message, sign: &[u8]) -> Request {
    let request = Request {
        body: message.body,
        ..Request::new("")
    };
    request
        .with_header("requestID", &message.request_id)
        .with_header("uuid", &message.uuid)
        .with_header("createTs", &message.create_ts)
        .with_header("sign", &hex::encode_upper(sign))
}

#[tokio::test]
async fn a_forgery_of_an_intercepted_callback_is_rejected_like_any_other() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::HmacSha256] {
        let (app, overheard) = overheard(algorithm).await;
        let (forged, sign) = overheard.forgery(SECRET.len(), NOW + 1);
        let forged = request(forged, &sign);
        let what = format!("{algorithm:?}, in the body");
        app.assert_refused(&what, &forged, 401, 4010).await;
    }
}

#[tokio::test]
async fn an_extended_uuid_is_rejected_however_its_bytes_become_text() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let (app, overheard) = overheard(algorithm).await;
        let (padding, sign) = overheard.extended(SECRET.len(), b"more");
        let uuid = [UUID.as_bytes(), &padding, b"more"].concat();
        let latin_1 = uuid.iter().map(|&byte| char::from(byte)).collect();
        let lossy = String::from_utf8_lossy(&uuid).into_owned();
        let printable = lossy.replace(char::is_control, "");
        // Control characters make the header malformed. Without them, the uuid is unknown.
        for (uuid, status, ret_code) in [
            (latin_1, 400, 4000),
            (lossy, 400, 4000),
            (printable, 401, 4010),
        ] {
            let message = Message {
                uuid,
                ..overheard.message.clone()
            };
            let what = format!("{algorithm:?}, uuid {:?}", message.uuid);
            let forged = request(message, &sign);
            app.assert_refused(&what, &forged, status, ret_code).await;
        }
    }
}
