//! The callback signature: the contract's section 2.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::contract::account::{Algorithm, Credentials, SecretKey};

/// What a signature covers, byte for byte as sent.
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
    /// The signature's raw bytes; on the wire they are upper-case hex.
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

    /// The signed text in pieces, so that a body is never copied to be hashed.
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

/// A body that a configured account has signed. Only [`verify`] makes one, and the parser takes nothing
/// else.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedBody<'a>(&'a [u8]);

impl<'a> VerifiedBody<'a> {
    /// The bytes as sent.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// Why a request counts as nobody's. The sender is told none of this; the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// No account of this uuid is configured.
    #[error("no credentials are configured for this uuid")]
    UnknownUuid,
    /// The request asks for another algorithm than the account's.
    #[error("the algorithm header differs from the account's algorithm")]
    OtherAlgorithm,
    /// No secret of the account gives this signature.
    #[error("the signature matches no secret of this account")]
    WrongSignature,
    /// The body is a text that was signed before, with the padding it was hashed with: a forgery that takes no
    /// secret, only an overheard message and length extension.
    #[error("the signature was made out of another message's, by length extension")]
    Extended,
}

/// Proves that a configured account signed the request: every secret of the account is tried.
///
/// `algorithm` is the request's `algorithm` header. It can only narrow the choice to credentials of that
/// algorithm, never replace an account's.
///
/// The signature is computed with every credential there is, whosever it is: so neither whether an account
/// is known, nor how many secrets it has, shows in the time, but for a nanosecond or two (`make timing`).
///
/// # Errors
///
/// [`Unverified`]
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
    // Looked for only now: its time depends on the accounts, which nobody may learn without a signature.
    let extended = || {
        let mut accounts = credentials.iter();
        accounts.any(|credential| holds_a_hashed_text(signed.body, &credential.uuid))
    };
    match (known, permitted, verified.into(), extendable.into()) {
        (false, ..) => Err(Unverified::UnknownUuid),
        (_, false, ..) => Err(Unverified::OtherAlgorithm),
        (.., false, false) => Err(Unverified::WrongSignature),
        (.., false, true) if extended() => Err(Unverified::Extended),
        _ => Ok(VerifiedBody(signed.body)),
    }
}

/// Whether there is, in the body, the end of a text that an account signed, and the first byte of the padding
/// that MD5 and SHA-256 put behind it. Every length extension leaves these in the body: behind them a new
/// `createTs`, `requestID` and `uuid` can be signed, and no header, which is text, can hold that byte there.
/// No body in UTF-8 can, either.
fn holds_a_hashed_text(body: &[u8], uuid: &str) -> bool {
    const PADDING: u8 = 0x80;
    let ends = (0..body.len()).filter(|&end| body[end] == PADDING);
    ends.map(|end| &body[..end])
        .filter_map(|text| text.strip_suffix(uuid.as_bytes()))
        .any(|text| text.ends_with(b"&uuid="))
}
