//! Any text as an event. A request in it passes through headers, signature and body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use task_callback::contract::account::{Algorithm, Credentials, SecretKey};
use task_callback::contract::callback::Callback;
use task_callback::contract::headers::CallbackHeaders;
use task_callback::contract::signature::verify;
use task_callback::http::HttpRequest;

const SECRET: &str = "the fuzzer does not know it";

fuzz_target!(|event: &str| {
    let Ok(request) = HttpRequest::from_event(event) else {
        return;
    };
    let Ok(headers) = CallbackHeaders::parse(&request.headers) else {
        return;
    };
    let account = json!([{"uuid": headers.uuid, "secretKey": SECRET, "algorithm": "HMAC-SHA256"}]);
    // An account's uuid has no ampersand.
    let Ok(credentials) = account.to_string().parse::<Credentials>() else {
        return;
    };
    let signed = headers.signed(&request.body);
    let forged = verify(&credentials, &signed, headers.algorithm, &headers.sign);
    assert!(forged.is_err(), "nobody signed it");

    let sign = signed.sign(Algorithm::HmacSha256, &SecretKey::from(SECRET));
    let body = verify(&credentials, &signed, None, &sign).expect("it is signed");
    assert_eq!(body.bytes(), &*request.body);
    let _ = Callback::parse(&body);
});
