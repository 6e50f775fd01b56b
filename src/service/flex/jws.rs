//! Signatures: JWS in compact form with ES256, and the base64 of URLs that it is written in.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plant::event::GridFault;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use serde::Deserialize;

use crate::service::config::secret;

/// What stands before the point of a public key of P-256 (DER).
pub(super) const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

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
