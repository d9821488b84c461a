//! `make bench`: the cost of each stage of a callback, without the runtime and the store.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::{Criterion, criterion_group, criterion_main};
use task_callback::contract::account::{Algorithm, Credentials};
use task_callback::contract::callback::Callback;
use task_callback::contract::headers::CallbackHeaders;
use task_callback::contract::signature::{Signed, VerifiedBody, verify};
use task_callback::contract::snapshot::{ReceivedAt, ReportTime, Snapshot};
use task_callback::http::{HttpRequest, PayloadFormat, respond};
use task_callback::store::item_of;

const EVENT: &str = include_str!("../events/completed.json");
const RESPONSE_ID: &str = "8f6cf6e4-2dd7-4b3f-9f2a-3a4a6e0f2b11";

fn stages(criterion: &mut Criterion) {
    let event: serde_json::Value = serde_json::from_str(EVENT).expect("the sample is JSON");
    let event = event.to_string();
    criterion.bench_function("event: decode", |bencher| {
        bencher.iter(|| HttpRequest::from_event(black_box(&event)).is_ok())
    });

    let request = HttpRequest::from_event(&event);
    let request = request.expect("the sample is an API Gateway event");
    criterion.bench_function("headers: parse", |bencher| {
        bencher.iter(|| CallbackHeaders::parse(black_box(&request.headers)).is_ok())
    });

    let headers = CallbackHeaders::parse(&request.headers).expect("the sample has its headers");
    let signed = Signed {
        body: &request.body,
        create_ts: headers.create_ts_text,
        request_id: headers.request_id,
        uuid: headers.uuid,
    };
    for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::HmacSha256] {
        let (credentials, sign) = signed_with(algorithm, &signed);
        criterion.bench_function(&format!("signature: verify {algorithm}"), |bencher| {
            bencher.iter(|| verify(&credentials, black_box(&signed), None, &sign).is_ok())
        });
    }

    let (credentials, sign) = signed_with(Algorithm::Md5, &signed);
    let body = verify(&credentials, &signed, None, &sign).expect("it was signed so");
    criterion.bench_function("body: parse", |bencher| {
        bencher.iter(|| Callback::parse(black_box(&body)).is_ok())
    });

    let snapshot = snapshot(&body, &headers);
    criterion.bench_function("item: build", |bencher| {
        bencher.iter(|| item_of(black_box(&snapshot)))
    });

    criterion.bench_function("answer: build and write", |bencher| {
        bencher.iter(|| {
            let response = respond(PayloadFormat::V2, 200, 0, "success", black_box(RESPONSE_ID));
            serde_json::to_vec(&response).map(|json| json.len()).ok()
        })
    });
}

fn signed_with(algorithm: Algorithm, signed: &Signed<'_>) -> (Credentials, Vec<u8>) {
    let uuid = signed.uuid;
    let json =
        format!(r#"[{{"uuid":"{uuid}","secretKey":"local-secret","algorithm":"{algorithm}"}}]"#);
    let credentials: Credentials = json.parse().expect("these are credentials");
    let sign = credentials
        .iter()
        .map(|credential| signed.sign(credential.algorithm, &credential.secret_key))
        .next();
    (credentials, sign.expect("there is one"))
}

fn snapshot(body: &VerifiedBody<'_>, headers: &CallbackHeaders<'_>) -> Snapshot {
    Snapshot {
        create_ts: ReportTime::new(headers.create_ts),
        request_id: headers.request_id.to_owned(),
        uuid: headers.uuid.to_owned(),
        callback: Callback::parse(body).expect("the sample is a callback"),
        received_at: ReceivedAt::from(
            SystemTime::UNIX_EPOCH + Duration::from_secs(headers.create_ts),
        ),
        response_id: RESPONSE_ID.to_owned(),
        body_sha256: [7; 32],
        expires_at: None,
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = stages
}
criterion_main!(benches);
