//! The callback signature: the contract's section 2.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::contract::account::{Algorithm, Credentials, SecretKey};

/// The data that a signature covers, byte for byte as sent.
///
/// ```
/// use task_callback::contract::account::{Algorithm, SecretKey};
/// use task_callback::contract::signature::Signed;
///
/// let signed = Signed { body: b"{}", create_ts: "1726200060", request_id: "r-1", uuid: "u-1" };
/// let sign = signed.sign(Algorithm::Md5, &SecretKey::from("secret"));
/// assert_eq!(hex::encode_upper(sign), "79F451FA4A2C121C5E61909FD6FB740C");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The raw body.
    pub body: &'a [u8],
    /// The header `createTs`.
    pub create_ts: &'a str,
    /// The header `requestID`.
    pub request_id: &'a str,
    /// The header `uuid`.
    pub uuid: &'a str,
}

impl Signed<'_> {
    /// The signature's raw bytes. On the wire they are upper-case hex.
    pub fn sign(&self, algorithm: Algorithm, secret_key: &SecretKey) -> Vec<u8> {
        let secret_key = secret_key.expose();
        match algorithm {
            Algorithm::Md5 => self.digest::<Md5>(secret_key),
            Algorithm::Sha256 => self.digest::<Sha256>(secret_key),
            Algorithm::HmacSha256 => {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret_key)
                    .expect("HMAC takes a key of any length");
                self.parts("body=").for_each(|part| mac.update(part));
                mac.finalize().into_bytes().to_vec()
            }
        }
    }

    fn digest<D: Digest>(&self, secret_key: &[u8]) -> Vec<u8> {
        let mut digest = D::new();
        digest.update(secret_key);
        self.parts("&body=").for_each(|part| digest.update(part));
        digest.finalize().to_vec()
    }

    /// The signed text in parts, to avoid copying the body.
    fn parts(&self, lead: &'static str) -> impl Iterator<Item = &[u8]> {
        [
            lead.as_bytes(),
            self.body,
            b"&createTs=",
            self.create_ts.as_bytes(),
            b"&requestID=",
            self.request_id.as_bytes(),
            b"&uuid=",
            self.uuid.as_bytes(),
        ]
        .into_iter()
    }
}

/// A body that a configured account has signed: the parser's input, which only [`verify`] creates.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedBody<'a>(&'a [u8]);

impl<'a> VerifiedBody<'a> {
    /// The bytes as sent.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// Why a signature is not accepted: for the log, not for the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// No account with this uuid is configured.
    #[error("no credentials are configured for this uuid")]
    UnknownUuid,
    /// The request names an algorithm other than the account's.
    #[error("the algorithm header differs from the account's algorithm")]
    OtherAlgorithm,
    /// The signature does not match any secret of the account.
    #[error("the signature matches no secret of this account")]
    WrongSignature,
    /// The body contains the signed text of another message, with its padding. This length
    /// extension attack needs an intercepted message, but no secret.
    #[error("the signature extends another message's signature (length extension)")]
    Extended,
}

/// Verifies that a configured account signed the request, with any of its secrets.
///
/// The request's header `algorithm` excludes credentials with another algorithm. The header cannot
/// change the algorithm of a credential.
///
/// Every credential of every account is tried, so the duration reveals neither whether an account
/// is known nor how many secrets it has, except for a few nanoseconds (`make timing`). Parking does
/// reveal a known account, because callbacks of unknown accounts are not parked.
///
/// # Errors
///
/// Returns [`Unverified`] if no configured account signed the request.
pub fn verify<'a>(
    credentials: &Credentials,
    signed: &Signed<'a>,
    algorithm: Option<&str>,
    signature: &[u8],
) -> Result<VerifiedBody<'a>, Unverified> {
    let mut known = false;
    let mut permitted = false;
    let mut verified = Choice::from(0);
    let mut extendable = Choice::from(0);
    for credential in credentials.iter() {
        let expected = signed.sign(credential.algorithm, &credential.secret_key);
        let name = credential.algorithm.name();
        let own = credential.uuid == signed.uuid;
        let own_algorithm = own && algorithm.is_none_or(|other| other.eq_ignore_ascii_case(name));
        let is_extendable = credential.algorithm != Algorithm::HmacSha256;
        known |= own;
        permitted |= own_algorithm;

        let matches = expected.ct_eq(signature) & Choice::from(u8::from(own_algorithm));
        let is_extendable = Choice::from(u8::from(is_extendable));
        verified |= matches & !is_extendable;
        extendable |= matches & is_extendable;
    }
    // Runs only after a match, because its duration depends on the configured accounts.
    let extended = || {
        let mut accounts = credentials.iter();
        accounts.any(|credential| contains_hashed_text(signed.body, &credential.uuid))
    };
    match (known, permitted, verified.into(), extendable.into()) {
        (false, ..) => Err(Unverified::UnknownUuid),
        (_, false, ..) => Err(Unverified::OtherAlgorithm),
        (.., false, false) => Err(Unverified::WrongSignature),
        (.., false, true) if extended() => Err(Unverified::Extended),
        _ => Ok(VerifiedBody(signed.body)),
    }
}

/// Whether the body contains the end of a text that this account signed, and then the first byte of
/// the padding that MD5 and SHA-256 append.
///
/// The body of every length extension contains both, because the forger's headers come after the
/// padding. A genuine body never does, because no UTF-8 character begins with the padding byte.
fn contains_hashed_text(body: &[u8], uuid: &str) -> bool {
    const PADDING: u8 = 0x80;
    let ends = (0..body.len()).filter(|&end| body[end] == PADDING);
    ends.map(|end| &body[..end])
        .filter_map(|text| text.strip_suffix(uuid.as_bytes()))
        .any(|text| text.ends_with(b"&uuid="))
}
