//! Every rejected callback passes unchanged through SQS, which takes only the characters of XML.

use std::time::UNIX_EPOCH;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use task_callback::contract::parked::ParkedCallback;
use task_callback::contract::snapshot::ReceivedAt;

use super::cases;

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_message_is_ascii_and_is_read_back_byte_for_byte(
        texts in any::<[String; 2]>(),
        headers in btree_map(any::<String>(), any::<String>(), 0..6),
        body in vec(any::<u8>(), 0..300),
    ) {
        let [response_id, reason] = texts.clone();
        let message = ParkedCallback {
            received_at: ReceivedAt::from(UNIX_EPOCH),
            response_id,
            ret_code: 4001,
            reason,
            headers: headers.clone(),
            body: body.clone(),
        };
        let message = message.into_json();
        prop_assert!(message.bytes().all(|byte| (b' '..=0x7f).contains(&byte)), "{}", message);
        let read = ParkedCallback::from_json(&message).expect("a message");
        prop_assert_eq!([read.response_id, read.reason], texts);
        prop_assert_eq!((read.headers, read.body), (headers, body));
    }
}
