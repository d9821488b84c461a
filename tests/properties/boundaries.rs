//! The signed text does not mark where its fields begin and end. The function must accept only the
//! reading that was signed.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::cases;
use super::message::{ALGORITHMS, Account, Message, configured};

/// Every message with this signed text.
fn readings(text: &[u8]) -> Vec<Message> {
    let mut readings = Vec::new();
    for (body, rest) in splits(text, "&createTs=") {
        for (create_ts, rest) in splits(rest, "&requestID=") {
            for (request_id, uuid) in splits(rest, "&uuid=") {
                let header = |bytes: &[u8]| String::from_utf8(bytes.to_owned());
                // Headers are text, so a message with other bytes in its headers cannot be sent.
                let headers = (header(create_ts), header(request_id), header(uuid));
                if let (Ok(create_ts), Ok(request_id), Ok(uuid)) = headers {
                    readings.push(Message {
                        body: body.to_owned(),
                        create_ts,
                        request_id,
                        uuid,
                    });
                }
            }
        }
    }
    readings
}

/// The parts before and after the mark, for each of its occurrences.
fn splits<'a>(text: &'a [u8], mark: &str) -> Vec<(&'a [u8], &'a [u8])> {
    (0..text.len())
        .filter(|&at| text[at..].starts_with(mark.as_bytes()))
        .map(|at| (&text[..at], &text[at + mark.len()..]))
        .collect()
}

/// The contract's rules for the three headers, implemented independently.
fn contract_allows(message: &Message, accounts: &[Account]) -> bool {
    let (create_ts, request_id) = (&message.create_ts, &message.request_id);
    let digits_only = create_ts.chars().all(|digit| digit.is_ascii_digit());
    let delimited = !request_id.contains(|c: char| c == '&' || c.is_control());
    digits_only
        && create_ts.parse::<u64>().is_ok()
        && delimited
        && !request_id.is_empty()
        && accounts.iter().any(|account| account.uuid == message.uuid)
}

/// Two accounts with the same secret, which is the worst case.
fn accounts() -> impl Strategy<Value = [Account; 2]> {
    let uuids = ("[a-z]{1,2}", "[a-z]{1,2}");
    (uuids, "[a-z]{1,3}", select(ALGORITHMS.as_slice())).prop_map(|(uuids, secret, algorithm)| {
        let account = |uuid| Account {
            uuid,
            secret: secret.clone(),
            algorithm,
        };
        [account(uuids.0), account(uuids.1)]
    })
}

/// A text composed of the fragments that occur in a signed text.
fn fragments(accounts: &[Account; 2]) -> impl Strategy<Value = String> + use<> {
    let marks = ["&body=", "&createTs=", "&requestID=", "&uuid=", "&"].map(str::to_owned);
    let uuids = accounts.each_ref().map(|account| account.uuid.clone());
    let piece = prop_oneof![
        4 => select(marks.to_vec()),
        2 => select(uuids.to_vec()),
        2 => "[0-9]{1,3}",
        1 => "[^&]{0,3}",
    ];
    vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

/// A message designed to have another reading. The platform could send most of these messages.
fn messages() -> impl Strategy<Value = ([Account; 2], Message)> {
    accounts().prop_flat_map(|accounts| {
        let any = fragments(&accounts);
        let own = accounts[0].uuid.clone();
        let uuid = prop_oneof![
            5 => Just(own.clone()),
            1 => any.prop_map(move |text| format!("{text}&uuid={own}")),
        ];
        let message = (
            fragments(&accounts),
            prop_oneof![5 => "[0-9]{1,3}", 1 => r"[+ ][0-9]{1,3}", 1 => fragments(&accounts)],
            prop_oneof![5 => "[a-z=]{1,3}", 1 => fragments(&accounts)],
            uuid,
        );
        let message = message.prop_map(|(body, create_ts, request_id, uuid)| Message {
            body: body.into_bytes(),
            create_ts,
            request_id,
            uuid,
        });
        (Just(accounts), message)
    })
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn at_most_one_reading_of_a_signed_text_is_accepted((accounts, message) in messages()) {
        let sign = hex::encode_upper(accounts[0].sign(&message));
        let credentials = configured(&accounts);
        let readings = readings(&message.text());
        prop_assert!(readings.contains(&message));

        let taken = readings.iter().filter(|reading| reading.received(&credentials, &sign).is_some());
        let taken: Vec<&Message> = taken.collect();
        let allowed: Vec<&Message> =
            readings.iter().filter(|reading| contract_allows(reading, &accounts)).collect();
        prop_assert_eq!(&taken, &allowed);
        prop_assert!(taken.len() <= 1, "{:?}", taken);
        if contract_allows(&message, &accounts) {
            prop_assert_eq!(taken, [&message]);
        }
    }
}
