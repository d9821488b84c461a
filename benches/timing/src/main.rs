//! `make timing`: whether the duration of a verification reveals how much of a forgery is right.
//!
//! As in "Dude, is my code constant time?" (Reparaz, Balasch, Verbauwhede 2017), each row compares
//! two kinds of forgeries, made beforehand and verified in random order. The first kind takes part
//! twice: the difference between its halves is the row's control, with the same noise.
//!
//! All rows take turns, for 20 rounds. The kinds differ in a round if their difference is over half
//! a nanosecond and over the control. A row leaks if its kinds differ in the same direction in nine
//! of ten rounds: noise changes from round to round, and a leak stays. The first row leaks on
//! purpose. A run that does not find this leak cannot measure, and fails, too.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};
use task_callback::contract::account::Algorithm::{self, HmacSha256, Md5, Sha256};
use task_callback::contract::account::{Credentials, SecretKey};
use task_callback::contract::signature::{Signed, verify};

const ROUNDS: usize = 20;
/// In how many rounds the kinds of a row differ if it leaks.
const ENOUGH: usize = ROUNDS * 9 / 10;
/// The smallest difference that counts, in nanoseconds: a cycle or two.
const SMALLEST: f64 = 0.5;
/// How many forgeries are made and then verified. They fit into the processor's cache.
const BATCH: usize = 3_000;
const BATCHES_OF_A_ROUND: usize = 60;

const EVENT: &str = include_str!("../../../events/completed.json");
const UUID: &str = "local-account";

/// The part of a forgery that differs between the kinds.
#[derive(Clone)]
struct Forgery {
    uuid: &'static str,
    algorithm: Algorithm,
    signature: Vec<u8>,
}

type Check = fn(&Credentials, &Signed<'_>, &Forgery) -> bool;

/// A comparison of two kinds of forgeries.
struct Row {
    name: String,
    credentials: Credentials,
    check: Check,
    kinds: [Forgery; 2],
    rounds: Vec<Round>,
}

/// The differences of mean times, in nanoseconds.
struct Round {
    /// Between the two kinds.
    difference: f64,
    /// Between the halves of the first kind.
    control: f64,
}

fn main() -> ExitCode {
    let event: Value = serde_json::from_str(EVENT).expect("the sample is JSON");
    let body = event["body"].as_str().expect("the sample has a body");
    let mut rows = rows(body);
    for _ in 0..ROUNDS {
        for row in &mut rows {
            row.measure(body);
        }
    }
    println!("| forgeries | difference | its control | rounds that differ |\n|---|---|---|---|");
    rows.iter().for_each(Row::print);

    let [control, md5, sha256, hmac, ..] = rows.map(|row| row.rounds_that_differ() >= ENOUGH);
    if !control {
        println!(
            "This run cannot measure: it did not find the first row's leak. Run it again on an idle machine."
        );
    } else if md5 || sha256 || hmac {
        println!("The time of a verification reveals how much of a signature is right.");
    } else {
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}

fn rows(body: &str) -> [Row; 6] {
    let row = |name: String, accounts: Value, check, kinds| Row {
        name,
        credentials: accounts.to_string().parse().expect("credentials"),
        check,
        kinds,
        rounds: Vec::new(),
    };
    let forgery = |uuid, algorithm, signature| Forgery {
        uuid,
        algorithm,
        signature,
    };
    // A leak could depend on the place or on the number of the wrong bytes.
    let signatures = |name, algorithm: Algorithm, check: Check| {
        let right = signed(body, UUID).sign(algorithm, &SecretKey::from("local-secret"));
        let all: Vec<u8> = right.iter().map(|byte| !byte).collect();
        let last = [&right[..right.len() - 1], &all[right.len() - 1..]].concat();
        let kinds = [all, last].map(|signature| forgery(UUID, algorithm, signature));
        let name = format!("{name}, {}", algorithm.name());
        row(name, json!([account(UUID, algorithm)]), check, kinds)
    };
    // The sender chooses these names. They reveal no secret.
    let names = |name: &str, kinds: [(&'static str, Algorithm); 2]| {
        let kinds = kinds.map(|(uuid, algorithm)| forgery(uuid, algorithm, vec![0; 16]));
        let accounts = json!([account(UUID, Md5), account("other-account", Sha256)]);
        row(name.to_owned(), accounts, verifies, kinds)
    };
    let wrong = "all bytes or the last one wrong";
    [
        signatures("compared byte by byte", Sha256, leaks),
        signatures(wrong, Md5, verifies),
        signatures(wrong, Sha256, verifies),
        signatures(wrong, HmacSha256, verifies),
        names("account unknown or known", [("nobody", Md5), (UUID, Md5)]),
        names(
            "algorithm another or its own",
            [(UUID, Sha256), (UUID, Md5)],
        ),
    ]
}

fn account(uuid: &str, algorithm: Algorithm) -> Value {
    json!({"uuid": uuid, "secretKey": "local-secret", "algorithm": algorithm.name()})
}

fn signed<'a>(body: &'a str, uuid: &'a str) -> Signed<'a> {
    Signed {
        body: body.as_bytes(),
        create_ts: "1795359407",
        request_id: "8f6cf6e4-2dd7-4b3f-9f2a-3a4a6e0f2b11",
        uuid,
    }
}

fn verifies(credentials: &Credentials, signed: &Signed<'_>, forgery: &Forgery) -> bool {
    let algorithm = Some(forgery.algorithm.name());
    verify(credentials, signed, algorithm, &forgery.signature).is_ok()
}

/// A verification whose comparison ends at the first difference.
fn leaks(credentials: &Credentials, signed: &Signed<'_>, forgery: &Forgery) -> bool {
    let credential = credentials.iter().next().expect("never empty");
    let expected = signed.sign(credential.algorithm, &credential.secret_key);
    let mut bytes = expected.iter().zip(&forgery.signature);
    bytes.all(|(expected, byte)| black_box(expected) == byte)
}

impl Row {
    /// Measures a round.
    fn measure(&mut self, body: &str) {
        let [one, other] = &self.kinds;
        let kinds = [one, one, other];
        let mut times = [const { Vec::new() }; 3];
        for _ in 0..BATCHES_OF_A_ROUND {
            // Shuffled before the forgeries are made, so that all kinds mix in memory.
            let mut order: Vec<usize> = (0..BATCH).map(|place| place % kinds.len()).collect();
            fastrand::shuffle(&mut order);
            let forgeries: Vec<Forgery> = order.iter().map(|&kind| kinds[kind].clone()).collect();
            let timed: Vec<f64> = forgeries.iter().map(|one| self.time(body, one)).collect();
            for (kind, time) in order.into_iter().zip(timed) {
                times[kind].push(time);
            }
        }
        let [one, again, other] = times.map(mean);
        self.rounds.push(Round {
            difference: other - one,
            control: again - one,
        });
    }

    /// How long a verification takes, in nanoseconds.
    fn time(&self, body: &str, forgery: &Forgery) -> f64 {
        let signed = signed(body, forgery.uuid);
        let arguments = black_box((&self.credentials, &signed, forgery));
        let start = Instant::now();
        let taken = black_box((self.check)(arguments.0, arguments.1, arguments.2));
        let time = start.elapsed();
        assert!(!taken, "it is a forgery");
        time.as_nanos() as f64
    }

    fn print(&self) {
        let mut differences: Vec<f64> = self.rounds.iter().map(|round| round.difference).collect();
        differences.sort_unstable_by(f64::total_cmp);
        let median = differences[ROUNDS / 2];
        let controls = self.rounds.iter().map(|round| round.control.abs());
        let (control, differ) = (controls.fold(0.0, f64::max), self.rounds_that_differ());
        let name = &self.name;
        println!("| {name} | {median:+.2} ns | up to {control:.2} ns | {differ} of {ROUNDS} |");
    }

    /// In how many rounds the kinds differ, in the direction that most of these rounds have.
    fn rounds_that_differ(&self) -> usize {
        let count = |sign: f64| {
            let rounds = self.rounds.iter();
            let limit = |round: &Round| SMALLEST.max(round.control.abs());
            rounds
                .filter(|round| sign * round.difference > limit(round))
                .count()
        };
        count(1.0).max(count(-1.0))
    }
}

/// The mean without the slowest tenth. An interrupt is slower than any leak.
fn mean(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times.truncate(times.len() * 9 / 10);
    times.iter().sum::<f64>() / times.len() as f64
}
