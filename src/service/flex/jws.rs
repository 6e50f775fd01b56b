//! Signatures: JWS in compact form with ES256, and the base64 of URLs that it is written in.

use std::collections::BTreeMap;
use std::path::Path;

use plant::event::GridFault;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use serde::Deserialize;

/// What stands before the point of a public key of P-256 (DER).
pub(super) const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

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

/// Who speaks, by key: a key's name, the source that it belongs to, and its point.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<String, (String, Vec<u8>)>);

impl Keys {
    /// Adds the key of a source from a PEM file.
    ///
    /// # Errors
    /// A sentence: the file cannot be read, or holds no public key of P-256; or the name is another's.
    pub fn add(&mut self, kid: &str, source: &str, file: &Path) -> Result<(), String> {
        let name = file.display();
        let pem = std::fs::read(file).map_err(|e| format!("{name}: {e}"))?;
        let key = SubjectPublicKeyInfoDer::from_pem_slice(&pem).map_err(|e| format!("{name} is no public key: {e}"))?;
        let point = key.as_ref().strip_prefix(&P256).filter(|point| point.len() == 65);
        let point = point.ok_or_else(|| format!("{name} holds no public key of P-256"))?.to_vec();
        if self.0.contains_key(kid) {
            return Err(format!("the key name `{kid}` is given twice"));
        }
        self.0.insert(kid.to_owned(), (source.to_owned(), point));
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
        let (_, point) = known.ok_or(GridFault::UnknownKey)?;
        if header.alg != "ES256" || header.crit.is_some() {
            return Err(GridFault::BadSignature);
        }
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
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
        use std::os::unix::fs::PermissionsExt;
        let name = file.display();
        let open = std::fs::metadata(file).map_err(|e| format!("{name}: {e}"))?.permissions().mode() & 0o007;
        if open != 0 {
            return Err(format!("{name} is open to everybody; chmod it to 0600"));
        }
        let pem = std::fs::read(file).map_err(|e| format!("{name}: {e}"))?;
        let der =
            PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(|_| format!("{name} is no private key of PKCS #8"))?;
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
    let letter = |bits: u32| LETTERS.get(usize::try_from(bits & 63).unwrap_or(0)).copied().map_or('A', char::from);
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for chunk in bytes.chunks(3) {
        let mut all = chunk.iter().copied().chain([0, 0]);
        let mut next = || u32::from(all.next().unwrap_or(0));
        let bits = next() << 16 | next() << 8 | next();
        let letters = [18, 12, 6, 0].map(|by| letter(bits >> by));
        text.extend(letters.iter().take(chunk.len().saturating_add(1)));
    }
    text
}

/// From base64 of URLs, without padding; nothing where it is none.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let place = |letter: u8| LETTERS.iter().position(|of| *of == letter).and_then(|place| u32::try_from(place).ok());
    let mut bytes = Vec::with_capacity(text.len());
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for n in 0..4 {
            bits = bits << 6 | chunk.get(n).map_or(Some(0), |letter| place(*letter))?;
        }
        let [_, a, b, c] = bits.to_be_bytes();
        let whole = chunk.len().checked_sub(1).filter(|whole| *whole > 0)?;
        // What is left over is nothing, so that each text has one meaning.
        if [a, b, c].iter().skip(whole).any(|left| *left != 0) {
            return None;
        }
        bytes.extend([a, b, c].iter().take(whole));
    }
    Some(bytes)
}
