//! Keys and signatures of those who speak at a grid's broker.

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// What stands before the point of a public key of P-256.
const P256: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The trace of all that is said, and what its watchers have added.
pub const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-";
pub const STATE: &str = "acme=t61rcWkgMzE,grid=00f067aa0ba902b7";

/// A key with its name, and both its files.
pub struct Key {
    kid: String,
    pair: EcdsaKeyPair,
    pub public: String,
    pub secret: String,
}

impl Key {
    pub fn new(kid: &str) -> Self {
        let random = SystemRandom::new();
        let secret = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secret.as_ref(), &random).expect("a key");
        let before = (0..P256.len()).step_by(2).map(|at| u8::from_str_radix(&P256[at..at + 2], 16).expect("hex"));
        let public: Vec<u8> = before.chain(pair.public_key().as_ref().iter().copied()).collect();
        let (public, secret) = (pem("PUBLIC KEY", &public), pem("PRIVATE KEY", secret.as_ref()));
        Self { kid: kid.to_owned(), pair, public, secret }
    }

    /// A whole message of `isv/acme-energy` or alike, signed now.
    pub fn message(&self, who: &str, kind: &str, correlation: &str, data: &Value) -> Value {
        let random = SystemRandom::new();
        let header = json!({ "alg": "ES256", "kid": self.kid }).to_string();
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(data.to_string().as_bytes()));
        let signature = self.pair.sign(&random, signed.as_bytes()).expect("signs");
        let mut bits = [0; 16];
        random.fill(&mut bits).expect("chance");
        let id = format!("{:032x}", u128::from_be_bytes(bits));
        json!({
            "specversion": "1.0.2",
            "id": format!("{}-{}-4{}-8{}-{}", &id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..]),
            "source": format!("//grid/v1/{who}"),
            "type": kind,
            "time": jiff::Timestamp::now().to_string(),
            "datacontenttype": "application/json",
            "subject": "loadtarget",
            "correlationid": correlation,
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
            "tracestate": STATE,
            "data": format!("{signed}.{}", encode(signature.as_ref())),
        })
    }
}

/// What was signed, whoever did.
pub fn payload(signed: &str) -> Value {
    let middle = signed.split('.').nth(1).expect("three parts");
    let mut bits = Vec::new();
    for letter in middle.bytes() {
        let place = LETTERS.iter().position(|of| *of == letter).expect("a letter");
        bits.extend((0..6).rev().map(|n| place >> n & 1));
    }
    let byte = |bits: &[usize]| u8::try_from(bits.iter().fold(0, |sum, bit| sum << 1 | bit)).expect("a byte");
    let bytes: Vec<u8> = bits.chunks_exact(8).map(byte).collect();
    serde_json::from_slice(&bytes).expect("JSON")
}

fn encode(bytes: &[u8]) -> String {
    let bits: Vec<usize> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |n| usize::from(byte >> n & 1))).collect();
    let letter = |bits: &[usize]| {
        let place = (0..6).fold(0, |sum, n| sum << 1 | bits.get(n).copied().unwrap_or(0));
        char::from(LETTERS[place])
    };
    bits.chunks(6).map(letter).collect()
}

fn pem(label: &str, bytes: &[u8]) -> String {
    let mut text = encode(bytes).replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}
