//! A callback to send, which is valid unless a test changes it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use local_stack::http_api_event;
use serde_json::{Value, json};
use task_callback::contract::account::{Algorithm, SecretKey};
use task_callback::contract::signature::Signed;

pub const UUID: &str = "Vh71ym3yQwWSYZFpqkFwTskGXUbSxDtR";
pub const SECRET: &str = "u7Mf3zUNOkg4lMV9a0E6cHSgIkK22GSr";

/// The tests' fixed time, in Unix seconds.
pub const NOW: u64 = 1_726_200_060;

pub fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

/// A body as the platform sends it.
pub fn body() -> Value {
    json!({
        "callbackType": 1,
        "userTaskID": "ut-1",
        "taskID": "t-1",
        "sceneID": "s-1",
        "taskStatus": 2,
        "createTs": 1_726_200_000,
        "taskStat": {
            "answerOrderCount": 31,
            "finishOrderCount": 67,
            "totalOrderCount": 100,
            "finishRate": 0.67,
            "totalAnswerCall": 40,
            "totalCall": 120,
            "answerRate": 0.33
        }
    })
}

/// The body with the value at a JSON pointer replaced.
pub fn body_with(pointer: &str, value: Value) -> Value {
    let mut body = body();
    *body.pointer_mut(pointer).expect("the field is in the body") = value;
    body
}

/// The body with a field added.
pub fn body_plus(object: &str, name: &str, value: Value) -> Value {
    let mut body = body();
    body.pointer_mut(object).expect("the object is in the body")[name] = value;
    body
}

/// The body without the field at a path such as `taskStat.totalCall`.
pub fn body_without(path: &str) -> Value {
    let mut body = body();
    let (object, name) = match path.split_once('.') {
        Some((object, name)) => (&mut body[object], name),
        None => (&mut body, path),
    };
    let removed = object.as_object_mut().expect("an object").remove(name);
    removed.expect("the field was in the body");
    body
}

/// A request as API Gateway receives it.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    pub path: &'static str,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// A callback with this body, signed now with the account's secret.
    pub fn new(body: impl ToString) -> Self {
        Self::at(NOW, body)
    }

    /// A callback reported at another time.
    pub fn at(create_ts: u64, body: impl ToString) -> Self {
        let body = body.to_string();
        Self::signed(body.as_bytes(), create_ts, Algorithm::Md5, SECRET)
    }

    /// A callback of another account, but signed with our secret.
    pub fn of_account(uuid: &str, body: impl ToString) -> Self {
        let request = Self::new(body).with_header("uuid", uuid);
        request.sign(Algorithm::Md5, SECRET)
    }

    pub fn signed(body: &[u8], create_ts: u64, algorithm: Algorithm, secret: &str) -> Self {
        let create_ts = create_ts.to_string();
        let headers = [
            ("requestID", "req-1"),
            ("uuid", UUID),
            ("createTs", &create_ts),
            ("Content-Type", "application/json"),
        ];
        let request = Self {
            method: "POST",
            path: "/api/v3/taskCallback",
            headers: headers
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            body: body.to_owned(),
        };
        request.sign(algorithm, secret)
    }

    /// A resend: the same report under another `requestID`.
    pub fn resent(&self) -> Self {
        let request = self.clone().with_header("requestID", "req-2");
        request.sign(Algorithm::Md5, SECRET)
    }

    /// The request with the signature of its headers and body.
    pub fn sign(self, algorithm: Algorithm, secret: &str) -> Self {
        let signed = Signed {
            body: &self.body,
            create_ts: &self.header("createTs"),
            request_id: &self.header("requestID"),
            uuid: &self.header("uuid"),
        };
        let sign = signed.sign(algorithm, &SecretKey::from(secret));
        self.with_header("sign", &hex::encode_upper(sign))
    }

    pub fn header(&self, name: &str) -> String {
        let header = self.headers.iter().find(|(other, _)| other == name);
        header.expect("the header is there").1.clone()
    }

    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    pub fn with_method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    pub fn with_path(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    pub fn with_body(self, body: impl ToString) -> Self {
        let body = body.to_string().into_bytes();
        Self { body, ..self }
    }

    /// The request as the event of an HTTP API, which lower-cases header names.
    pub fn http_api_event(&self) -> Value {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.clone().into()));
        http_api_event(self.method, self.path, "", headers.collect(), &self.body)
    }
}
