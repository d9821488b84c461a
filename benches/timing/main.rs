//! `make timing`: whether the duration of a verification reveals how much of a forged signature is right. Two classes
//! of forgeries are verified in random order, millions of times, and their times are compared. As a control, a
//! comparison known to leak is measured in the same way.

mod field;
mod welch;

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{Ordering, fence};
use std::time::Instant;

use comfy_table::{Table, presets};
use field::Field;
use serde_json::json;
use task_callback::contract::account::{Algorithm, Credentials};
use task_callback::contract::signature::{Signed, verify};
use welch::Times;

const SAMPLES: usize = 4_000_000;
const WARM_UP: usize = 50_000;
/// The paper's threshold for |t|.
const LEAK: f64 = 4.5;

const EVENT: &str = include_str!("../../events/completed.json");
const UUID: &str = "local-account";
const OTHER_UUID: &str = "other-account";
const STRANGER: &str = "third-account";

/// The part of a forgery that differs between the classes.
#[derive(Clone, Copy)]
struct Forgery {
    uuid: Field,
    /// Empty if the forgery has no such header.
    algorithm: Field,
    signature: Field,
}

struct Bench {
    body: Vec<u8>,
    table: Table,
    as_it_should_be: bool,
}

/// The expected result of a row.
enum Verdict {
    MustLeak,
    MustNot,
    /// A difference is reported but does not fail the run, because it would not reveal a secret.
    None,
}

type Accounts<'a> = &'a [(&'a str, Algorithm)];
type Check = fn(&Credentials, &Signed<'_>, &Forgery) -> bool;

fn main() -> ExitCode {
    let event: serde_json::Value = serde_json::from_str(EVENT).expect("the sample is JSON");
    let body = event["body"].as_str().expect("the sample has a body");
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["forgeries", "samples", "difference", "|t|"]);
    let mut bench = Bench {
        body: body.into(),
        table,
        as_it_should_be: true,
    };
    bench.run();
    println!("{}", bench.table);
    if bench.as_it_should_be {
        ExitCode::SUCCESS
    } else {
        println!(
            "A |t| over {LEAK} is a leak: the first row must have one, no other of a signature."
        );
        ExitCode::FAILURE
    }
}

impl Forgery {
    fn either([one, other]: &[Self; 2], class: usize) -> Self {
        Self {
            uuid: Field::either(&one.uuid, &other.uuid, class),
            algorithm: Field::either(&one.algorithm, &other.algorithm, class),
            signature: Field::either(&one.signature, &other.signature, class),
        }
    }
}

impl Bench {
    fn run(&mut self) {
        let sha256 = [(UUID, Algorithm::Sha256)];
        let right = self.right(Algorithm::Sha256);
        let ends = [wrong(&right, 0..1), wrong(&right, 31..32)];
        let name = "control: compared byte by byte, SHA256";
        self.row(name, &sha256, &ends, leaky, Verdict::MustLeak);
        let same = [ends[0]; 2];
        self.row(
            "control: no difference, SHA256",
            &sha256,
            &same,
            constant,
            Verdict::MustNot,
        );

        for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::HmacSha256] {
            let account = [(UUID, algorithm)];
            let right = self.right(algorithm);
            let last = right.signature.bytes().len() - 1;
            let ends = [wrong(&right, 0..1), wrong(&right, last..last + 1)];
            let name = format!("first or last byte wrong, {algorithm}");
            self.row(&name, &account, &ends, constant, Verdict::MustNot);
            let halves = [
                wrong(&right, 0..last + 1),
                wrong(&right, last / 2..last + 1),
            ];
            let name = format!("all or half of it wrong, {algorithm}");
            self.row(&name, &account, &halves, constant, Verdict::MustNot);
        }

        // The sender chooses both values, but the function does the work for all accounts in either case.
        let accounts = [(UUID, Algorithm::Md5), (OTHER_UUID, Algorithm::Sha256)];
        let forgery = wrong(&self.right(Algorithm::Md5), 0..16);
        let of = |uuid: &str, algorithm: &str| Forgery {
            uuid: Field::of(uuid.as_bytes()),
            algorithm: Field::of(algorithm.as_bytes()),
            ..forgery
        };
        let known = [of(STRANGER, ""), of(UUID, "")];
        self.row(
            "account unknown or known",
            &accounts,
            &known,
            constant,
            Verdict::None,
        );
        let own = [of(OTHER_UUID, "MD5"), of(UUID, "MD5")];
        self.row(
            "algorithm another or its own",
            &accounts,
            &own,
            constant,
            Verdict::None,
        );
    }

    fn signed<'a>(&'a self, uuid: &'a str) -> Signed<'a> {
        Signed {
            body: &self.body,
            create_ts: "1795359407",
            request_id: "8f6cf6e4-2dd7-4b3f-9f2a-3a4a6e0f2b11",
            uuid,
        }
    }

    fn right(&self, algorithm: Algorithm) -> Forgery {
        let credentials = credentials(&[(UUID, algorithm)]);
        let key = &credentials.first().secret_key;
        Forgery {
            uuid: Field::of(UUID.as_bytes()),
            algorithm: Field::of(b""),
            signature: Field::of(&self.signed(UUID).sign(algorithm, key)),
        }
    }

    fn row(
        &mut self,
        name: &str,
        accounts: Accounts<'_>,
        classes: &[Forgery; 2],
        check: Check,
        verdict: Verdict,
    ) {
        let times = self.measure(&credentials(accounts), classes, check);
        let (t, faster) = (times.worst_t(), times.of_the_faster());
        self.as_it_should_be &= match verdict {
            Verdict::MustLeak => t > LEAK,
            Verdict::MustNot => t < LEAK,
            Verdict::None => true,
        };
        self.table.add_row([
            name.to_owned(),
            format!("{} million", times.count() / 1_000_000),
            format!("{:+.2} ± {:.2} ns", faster.difference, faster.margin()),
            format!("{t:.1}"),
        ]);
    }

    fn measure(&self, credentials: &Credentials, classes: &[Forgery; 2], check: Check) -> Times {
        let mut times = Times::default();
        for sample in 0..WARM_UP + SAMPLES {
            let class = fastrand::usize(0..2);
            let forgery = Forgery::either(classes, class);
            let signed = self.signed(forgery.uuid.text());
            // The writes for this class must be complete before the measurement.
            fence(Ordering::SeqCst);

            let start = Instant::now();
            let taken = check(
                black_box(credentials),
                black_box(&signed),
                black_box(&forgery),
            );
            let time = start.elapsed();

            assert!(!black_box(taken), "it is a forgery");
            if sample >= WARM_UP {
                times.classes[class].push(u32::try_from(time.as_nanos()).unwrap_or(u32::MAX));
            }
        }
        times
    }
}

fn constant(credentials: &Credentials, signed: &Signed<'_>, forgery: &Forgery) -> bool {
    let algorithm = Some(forgery.algorithm.text()).filter(|name| !name.is_empty());
    verify(credentials, signed, algorithm, forgery.signature.bytes()).is_ok()
}

/// The same verification with a comparison that ends at the first difference.
fn leaky(credentials: &Credentials, signed: &Signed<'_>, forgery: &Forgery) -> bool {
    let credential = credentials.first();
    let expected = signed.sign(credential.algorithm, &credential.secret_key);
    let mut bytes = expected.iter().zip(forgery.signature.bytes());
    bytes.all(|(expected, byte)| black_box(expected) == byte)
}

fn wrong(right: &Forgery, bytes: std::ops::Range<usize>) -> Forgery {
    let mut forgery = *right;
    for byte in &mut forgery.signature.bytes[bytes] {
        *byte = !*byte;
    }
    forgery
}

fn credentials(accounts: Accounts<'_>) -> Credentials {
    let accounts = accounts.iter().map(|(uuid, algorithm)| {
        json!({"uuid": uuid, "secretKey": "local-secret", "algorithm": algorithm.name()})
    });
    let json = serde_json::Value::from_iter(accounts).to_string();
    json.parse().expect("credentials")
}
