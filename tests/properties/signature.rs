//! Only the exact message that was signed verifies.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use task_callback::contract::signature::Unverified::{UnknownUuid, WrongSignature};

use super::cases;
use super::message::{ALGORITHMS, Account, Message, configured, messages};

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn what_an_account_signs_is_verified_byte_for_byte((account, message) in messages()) {
        let sign = account.sign(&message);
        let credentials = configured(&[account]);
        prop_assert_eq!(message.verified(&credentials, &sign), Ok(&message.body[..]));
        for sign in [hex::encode_upper(&sign), hex::encode(&sign)] {
            prop_assert_eq!(message.received(&credentials, &sign), Some(message.body.clone()));
        }
    }

    #[test]
    fn another_algorithm_or_secret_gives_another_signature(
        (account, message) in messages(),
        (other, _) in messages(),
    ) {
        prop_assume!(other.secret != account.secret);
        let sign = account.sign(&message);
        let algorithms = ALGORITHMS.into_iter().filter(|other| *other != account.algorithm);
        let others = algorithms.map(|algorithm| Account { algorithm, ..account.clone() });
        let stranger = Account { secret: other.secret, ..account.clone() };
        for other in others.chain([stranger]) {
            prop_assert_eq!(message.verified(&configured(&[other]), &sign), Err(WrongSignature));
        }
    }

    #[test]
    fn a_changed_byte_of_the_body_or_another_header_is_rejected(
        (account, message) in messages(),
        (_, other) in messages(),
        at: Index,
        difference in 1..=u8::MAX,
    ) {
        let mut body = message.body.clone();
        match body.len() {
            0 => body.push(difference),
            length => body[at.index(length)] ^= difference,
        }
        let sign = account.sign(&message);
        let credentials = configured(&[account]);
        let forged = [
            (Message { body, ..message.clone() }, WrongSignature),
            (Message { create_ts: other.create_ts, ..message.clone() }, WrongSignature),
            (Message { request_id: other.request_id, ..message.clone() }, WrongSignature),
            (Message { uuid: other.uuid, ..message.clone() }, UnknownUuid),
        ];
        for (forged, why) in forged.into_iter().filter(|(forged, _)| *forged != message) {
            prop_assert_eq!(forged.verified(&credentials, &sign), Err(why));
            let received = forged.received(&credentials, &hex::encode_upper(&sign));
            prop_assert_eq!(received, None, "{:?}", forged);
        }
    }

    #[test]
    fn a_changed_digit_of_sign_is_rejected_unless_only_its_case_changed(
        (account, message) in messages(),
        at: Index,
        to in prop_oneof![select("0123456789abcdefABCDEF".chars().collect::<Vec<_>>()), any::<char>()],
    ) {
        let sign = hex::encode_upper(account.sign(&message));
        let mut digits: Vec<char> = sign.chars().collect();
        let digit = std::mem::replace(&mut digits[at.index(sign.len())], to);
        let forged = String::from_iter(digits);
        let received = message.received(&configured(&[account]), &forged);
        prop_assert_eq!(received.is_some(), to.eq_ignore_ascii_case(&digit), "{}", forged);
    }

    #[test]
    fn a_signature_of_another_length_is_rejected(
        (account, message) in messages(), keep: Index, more in vec(any::<u8>(), 1..40),
    ) {
        let sign = account.sign(&message);
        let credentials = configured(&[account]);
        let shorter = &sign[..keep.index(sign.len())];
        prop_assert_eq!(message.verified(&credentials, shorter), Err(WrongSignature));
        let longer = [&sign[..], &more].concat();
        prop_assert_eq!(message.verified(&credentials, &longer), Err(WrongSignature));
    }
}
