//! Signatures: JWS in compact form, ours with ES256, those of others with that or RS256 (RFC 7518, 3.3 and 3.4), and the base64 of URLs that they are written in.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plant::event::GridFault;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use serde::Deserialize;

use crate::service::config::secret;

/// What stands before the point of a public key of P-256 (DER).
pub(super) const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// What says of a public key that it is one of RSA (DER).
const RSA: [u8; 15] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// A public key: what it verifies with, and what that takes.
#[derive(Clone, Debug)]
enum Key {
    /// A point of P-256, for ES256.
    P256(Vec<u8>),
    /// Modulus and exponent (PKCS #1), for RS256.
    Rsa(Vec<u8>),
}

impl Key {
    /// From what a file of a public key holds (DER, RFC 5280 4.1). RSA has 2048 bits or more.
    fn read(der: &[u8]) -> Option<Self> {
        let point = der.strip_prefix(&P256).filter(|point| point.len() == 65);
        let rsa = || {
            let (whole, rest) = long(0x30, der)?;
            let (bits, key) = long(0x03, rest.strip_prefix(&RSA)?)?;
            let fits = whole == rest.len() && bits == key.len() && key.len() > 256;
            key.strip_prefix(&[0]).filter(|_| fits)
        };
        point.map(|point| Self::P256(point.to_vec())).or_else(|| rsa().map(|key| Self::Rsa(key.to_vec())))
    }

    /// The name of what it signs with, and that.
    fn algorithm(&self) -> (&'static str, &'static dyn VerificationAlgorithm, &[u8]) {
        match self {
            Self::P256(point) => ("ES256", &ECDSA_P256_SHA256_FIXED, point),
            Self::Rsa(key) => ("RS256", &RSA_PKCS1_2048_8192_SHA256, key),
        }
    }
}

/// How long what begins with this tag says that it is, where it says so in two bytes, and what stands behind that.
fn long(tag: u8, der: &[u8]) -> Option<(usize, &[u8])> {
    let (head, rest) = der.split_first_chunk::<4>()?;
    let [found, 0x82, high, low] = *head else { return None };
    (found == tag).then(|| (usize::from(u16::from_be_bytes([high, low])), rest))
}

/// What a signature's header says.
#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// What must be understood: nothing of it is.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// Who speaks, by key: a key's name, the source that it belongs to, and itself.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<String, (String, Key)>);

impl Keys {
    /// Adds the key of a source from a PEM file.
    ///
    /// # Errors
    /// A sentence: the file cannot be read, or holds no public key of P-256 or RSA; or the name is another's.
    pub fn add(&mut self, kid: &str, source: &str, file: &Path) -> Result<(), String> {
        let name = file.display();
        let pem = std::fs::read(file).map_err(|e| format!("{name}: {e}"))?;
        let key = SubjectPublicKeyInfoDer::from_pem_slice(&pem).map_err(|e| format!("{name} is no public key: {e}"))?;
        let key = Key::read(key.as_ref())
            .ok_or_else(|| format!("{name} holds no public key of P-256, nor of RSA with 2048 bits or more"))?;
        if self.0.contains_key(kid) {
            return Err(format!("the key name `{kid}` is given twice"));
        }
        self.0.insert(kid.to_owned(), (source.to_owned(), key));
        Ok(())
    }

    /// What a source has signed.
    ///
    /// # Errors
    /// It is no signature, by a key that is not the source's, or wrong.
    pub fn verify(&self, source: &str, text: &str) -> Result<Vec<u8>, GridFault> {
        let (signed, signature) = text.rsplit_once('.').ok_or(GridFault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(GridFault::Malformed)?;
        let [header, payload, signature] =
            [header, payload, signature].map(|part| decode(part).ok_or(GridFault::Malformed));
        let header: Header = serde_json::from_slice(&header?).map_err(|_| GridFault::Malformed)?;
        let known = header.kid.and_then(|kid| self.0.get(&kid)).filter(|(of, _)| of == source);
        let (_, key) = known.ok_or(GridFault::UnknownKey)?;
        // Which it is says the key, and not who speaks.
        let (name, algorithm, bytes) = key.algorithm();
        if header.alg != name || header.crit.is_some() {
            return Err(GridFault::BadSignature);
        }
        let key = UnparsedPublicKey::new(algorithm, bytes);
        key.verify(signed.as_bytes(), &signature?).map_err(|_| GridFault::BadSignature)?;
        payload
    }
}

/// What signs.
pub struct Signer {
    key: EcdsaKeyPair,
    kid: String,
    random: SystemRandom,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.kid)
    }
}

impl Signer {
    /// From a PEM file with a private key (PKCS #8) that is not open to everybody.
    ///
    /// # Errors
    /// A sentence, without anything of what the file holds.
    pub fn read(kid: &str, file: &Path) -> Result<Self, String> {
        let name = file.display();
        let pem = secret::read(file).map_err(|e| format!("{name}: {e}"))?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| format!("{name} is no private key of PKCS #8"))?;
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der(), &random);
        let key = key.map_err(|_| format!("{name} holds no private key of P-256"))?;
        Ok(Self { key, kid: kid.to_owned(), random })
    }

    /// Signs; nothing where there is no chance to be had.
    #[must_use]
    pub fn sign(&self, payload: &[u8]) -> Option<String> {
        let header = serde_json::json!({ "alg": "ES256", "kid": self.kid }).to_string();
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(payload));
        let signature = self.key.sign(&self.random, signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", encode(signature.as_ref())))
    }
}

/// As base64 of URLs, without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// From base64 of URLs, without padding; nothing where it is none.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
