//! The signature, checked against vectors that were computed independently of this project.

use serde::Deserialize;
use task_callback::contract::account::{Algorithm, Credentials, SecretKey};
use task_callback::contract::signature::{Signed, Unverified, verify};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{NOW, Request, SECRET, UUID, body};

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

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
    sign: Signs,
}

#[derive(Deserialize)]
struct Signs {
    #[serde(rename = "MD5")]
    md5: String,
    #[serde(rename = "SHA256")]
    sha256: String,
    #[serde(rename = "HMAC-SHA256")]
    hmac_sha256: String,
}

fn vectors() -> Vec<Vector> {
    let vectors: Vectors = serde_json::from_str(include_str!("../signature-vectors.json"))
        .expect("the vectors are as they were given");
    assert!(!vectors.vectors.is_empty());
    vectors.vectors
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

    fn signs(&self) -> [(Algorithm, &str); 3] {
        [
            (Algorithm::Md5, &self.sign.md5),
            (Algorithm::Sha256, &self.sign.sha256),
            (Algorithm::HmacSha256, &self.sign.hmac_sha256),
        ]
    }

    fn credentials(&self, algorithm: Algorithm) -> Credentials {
        credentials(&[(&self.uuid, &self.secret_key, algorithm.name())])
    }
}

fn credentials(list: &[(&str, &str, &str)]) -> Credentials {
    json(list).parse().expect("good credentials")
}

fn json(list: &[(&str, &str, &str)]) -> String {
    let list = list.iter().map(|(uuid, secret_key, algorithm)| {
        serde_json::json!({"uuid": uuid, "secretKey": secret_key, "algorithm": algorithm})
    });
    serde_json::Value::from_iter(list).to_string()
}

#[test]
fn every_vector_is_signed_as_given() {
    for vector in vectors() {
        for (algorithm, sign) in vector.signs() {
            let secret_key = SecretKey::from(vector.secret_key.as_str());
            let signed = vector.signed().sign(algorithm, &secret_key);
            assert_eq!(
                hex::encode_upper(signed),
                sign,
                "{}, {algorithm}",
                vector.name
            );
        }
    }
}

#[test]
fn every_vector_verifies_with_its_own_algorithm_only() {
    for vector in vectors() {
        for (algorithm, sign) in vector.signs() {
            let sign = hex::decode(sign).expect("hex");
            for configured in [Algorithm::Md5, Algorithm::Sha256, Algorithm::HmacSha256] {
                let credentials = vector.credentials(configured);
                let verified = verify(&credentials, &vector.signed(), None, &sign);
                let what = format!(
                    "{}: signed {algorithm}, configured {configured}",
                    vector.name
                );
                assert_eq!(verified.is_ok(), configured == algorithm, "{what}");
            }
        }
    }
}

#[test]
fn a_refusal_has_its_reason() {
    let vector = &vectors()[0];
    let sign = hex::decode(&vector.sign.md5).expect("hex");
    let own = vector.credentials(Algorithm::Md5);
    let other = credentials(&[("somebody-else", &vector.secret_key, "MD5")]);
    let cases = [
        (
            "another uuid",
            &other,
            None,
            &sign[..],
            Unverified::UnknownUuid,
        ),
        (
            "another algorithm",
            &own,
            Some("SHA256"),
            &sign,
            Unverified::OtherAlgorithm,
        ),
        (
            "an empty algorithm",
            &own,
            Some(""),
            &sign,
            Unverified::OtherAlgorithm,
        ),
        (
            "a truncated signature",
            &own,
            None,
            &sign[..15],
            Unverified::WrongSignature,
        ),
        ("no signature", &own, None, &[], Unverified::WrongSignature),
        (
            "a longer signature",
            &own,
            None,
            &[&sign[..], &[0]].concat(),
            Unverified::WrongSignature,
        ),
    ];
    for (what, credentials, algorithm, sign, reason) in cases {
        let refused = verify(credentials, &vector.signed(), algorithm, sign);
        assert_eq!(refused.map(|_| ()), Err(reason), "{what}");
    }
}

#[tokio::test]
async fn each_secret_of_an_account_is_tried() {
    let rotating = json(&[
        ("another-account", "another-secret", "MD5"),
        (UUID, SECRET, "MD5"),
        (UUID, "the-new-secret", "SHA256"),
    ]);
    let app = TestApp::with(&[("CALLBOT_CREDENTIALS", &rotating)]).await;
    let text = body().to_string();

    let old = Request::signed(text.as_bytes(), NOW, Algorithm::Md5, SECRET);
    assert_eq!(app.send(&old).await.ret_code, 0, "the old secret");
    let new = Request::signed(
        text.as_bytes(),
        NOW + 1,
        Algorithm::Sha256,
        "the-new-secret",
    );
    assert_eq!(app.send(&new).await.ret_code, 0, "the new secret");
    let algorithm = new.with_header("algorithm", "SHA256");
    assert_eq!(
        app.send(&algorithm).await.ret_code,
        0,
        "its algorithm named"
    );

    let mixed = Request::signed(text.as_bytes(), NOW + 2, Algorithm::Md5, "the-new-secret");
    app.assert_refused("the new secret with the old algorithm", &mixed, 401, 4010)
        .await;
    let other = Request::signed(text.as_bytes(), NOW + 2, Algorithm::Md5, "another-secret");
    app.assert_refused("another account's secret", &other, 401, 4010)
        .await;
}

#[tokio::test]
async fn a_lower_case_signature_is_accepted() {
    let app = TestApp::start().await;
    let request = Request::new(body());
    let sign = request.header("sign").to_lowercase();
    assert_eq!(
        app.send(&request.with_header("sign", &sign)).await.ret_code,
        0
    );
}

#[tokio::test]
async fn unknown_uuid_other_algorithm_and_bad_signature_get_one_answer() {
    let app = TestApp::start().await;
    let good = Request::new(body());
    let text = body().to_string();
    let stranger = Request::of_account("stranger", body());
    let cases = [
        ("unknown uuid", stranger),
        (
            "another algorithm",
            good.clone().with_header("algorithm", "SHA256"),
        ),
        (
            "a changed body",
            good.clone().with_body(text.replace("67", "68")),
        ),
        (
            "a changed requestID",
            good.clone().with_header("requestID", "req-9"),
        ),
        (
            "a changed createTs",
            good.clone().with_header("createTs", &(NOW + 1).to_string()),
        ),
        (
            "another secret",
            Request::signed(text.as_bytes(), NOW, Algorithm::Md5, "guess"),
        ),
        (
            "a stronger algorithm than configured",
            Request::signed(text.as_bytes(), NOW, Algorithm::Sha256, SECRET),
        ),
    ];
    for (what, request) in cases {
        let answer = app.assert_refused(what, &request, 401, 4010).await;
        assert_eq!(answer.ret_msg, "the signature does not verify", "{what}");
    }
}
