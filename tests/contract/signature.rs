//! The signature, checked against vectors that were computed independently of this project.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;
use task_callback::contract::account::{Algorithm, Credentials, SecretKey};
use task_callback::contract::signature::{Signed, verify};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{NOW, Request, SECRET, UUID, body};

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Md5, Algorithm::Sha256, Algorithm::HmacSha256];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    name: String,
    secret_key: String,
    uuid: String,
    create_ts: String,
    #[serde(rename = "requestID")]
    request_id: String,
    body: String,
    /// The signature by algorithm, in upper-case hex.
    sign: HashMap<String, String>,
}

impl Vector {
    fn signed(&self) -> Signed<'_> {
        Signed {
            body: self.body.as_bytes(),
            create_ts: &self.create_ts,
            request_id: &self.request_id,
            uuid: &self.uuid,
        }
    }

    fn credentials(&self, algorithm: Algorithm) -> Credentials {
        let (uuid, key, algorithm) = (&self.uuid, &self.secret_key, algorithm.name());
        let list = json!([{"uuid": uuid, "secretKey": key, "algorithm": algorithm}]);
        list.to_string().parse().expect("good credentials")
    }
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../signature-vectors.json");
    let mut file: HashMap<String, Vec<Vector>> =
        serde_json::from_str(text).expect("the vectors are as they were given");
    file.remove("vectors").expect("vectors")
}

#[test]
fn every_vector_is_signed_as_given_and_verifies_with_its_own_algorithm_only() {
    for vector in vectors() {
        let secret_key = SecretKey::from(vector.secret_key.as_str());
        for algorithm in ALGORITHMS {
            let what = format!("{}, {algorithm:?}", vector.name);
            let sign = vector.signed().sign(algorithm, &secret_key);
            let given = &vector.sign[algorithm.name()];
            assert_eq!(&hex::encode_upper(&sign), given, "{what}");
            for configured in ALGORITHMS {
                let credentials = vector.credentials(configured);
                let verified = verify(&credentials, &vector.signed(), None, &sign);
                let own = configured == algorithm;
                assert_eq!(verified.is_ok(), own, "{what}, configured {configured:?}");
            }
        }
    }
}

#[tokio::test]
async fn each_secret_of_an_account_is_tried() {
    let rotating = json!([
        {"uuid": "another-account", "secretKey": "another-secret"},
        {"uuid": UUID, "secretKey": SECRET},
        {"uuid": UUID, "secretKey": "the-new-secret", "algorithm": "SHA256"},
    ]);
    let rotating = rotating.to_string();
    let app = TestApp::with(&[("CALLBOT_CREDENTIALS", &rotating)]).await;
    let text = body().to_string();
    let signed = |secret, algorithm| Request::signed(text.as_bytes(), NOW, algorithm, secret);

    let new = signed("the-new-secret", Algorithm::Sha256);
    let accepted = [
        ("the old secret", signed(SECRET, Algorithm::Md5)),
        ("the new secret", new.clone()),
        ("algorithm named", new.with_header("algorithm", "SHA256")),
    ];
    for (what, request) in accepted {
        assert_eq!(app.send(&request).await.ret_code, 0, "{what}");
    }
    let other = signed("another-secret", Algorithm::Md5);
    app.assert_refused("another account's secret", &other, 401, 4010)
        .await;
}

#[tokio::test]
async fn unknown_uuid_other_algorithm_and_bad_signature_get_one_answer() {
    let app = TestApp::start().await;
    let good = Request::new(body());
    let with_algorithm = |name| good.clone().with_header("algorithm", name);
    let changed = body().to_string().replace("67", "68");
    let cases = [
        ("an unknown uuid", Request::of_account("stranger", body())),
        ("another algorithm", with_algorithm("SHA256")),
        ("an empty algorithm", with_algorithm("")),
        ("a changed body", good.clone().with_body(changed)),
    ];
    for (what, request) in cases {
        let answer = app.assert_refused(what, &request, 401, 4010).await;
        assert_eq!(answer.ret_msg, "the signature does not verify", "{what}");
    }
}
