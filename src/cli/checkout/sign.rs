//! A sheet's signature, beside it: a hash a line, and an Ed25519 signature over all of them.
//!
//! A key pair rather than a shared secret: who only reads the sheet can verify it, and cannot make another one. The hashes are there so that
//! the first changed line can be named.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::cli::Stop;

const KEY: &str = "wattloop checkout key 1";
const PUBLIC: &str = "wattloop checkout public key 1";
const SIGNATURE: &str = "wattloop checkout signature 1";

/// A key that signs sheets. It is never printed.
pub struct Key(Ed25519KeyPair);

impl Key {
    /// Makes a new key in a file that only its owner can read, and its public half beside it, which is told.
    pub fn create(path: &Path) -> Result<String, Stop> {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let made = made.map_err(|_| Stop::failed("this machine gives no random numbers"))?;
        let key = Self::of(made.as_ref()).ok_or_else(|| Stop::failed("the new key is none"))?;
        let public = hex(key.0.public_key().as_ref());
        store(path, 0o600, &format!("{KEY}\n{}\n", hex(made.as_ref())))?;
        store(&public_half(path), 0o644, &format!("{PUBLIC}\n{public}\n"))?;
        Ok(public)
    }

    /// Reads a key.
    pub fn read(path: &Path) -> Result<Self, Stop> {
        let shown = path.display();
        let io = |e| Stop::io(&shown.to_string(), &e);
        if fs::metadata(path).map_err(io)?.mode() & 0o077 != 0 {
            let say = format!("{shown}: others than its owner can read this key");
            return Err(Stop::new(77, "not_allowed", say, format!("`chmod 600 {shown}`, or make a new one")));
        }
        let text = fs::read_to_string(path).map_err(io)?;
        let key = text.strip_prefix(KEY).and_then(|rest| unhex(rest.trim())).and_then(|bytes| Self::of(&bytes));
        key.ok_or_else(|| {
            Stop::new(65, "no_key", format!("{shown} holds no key"), "`wattloop checkout --new-key FILE` makes one")
        })
    }

    fn of(pkcs8: &[u8]) -> Option<Self> {
        Ed25519KeyPair::from_pkcs8(pkcs8).ok().map(Self)
    }

    /// The signature of a sheet's text.
    pub fn sign(&self, sheet: &str) -> String {
        let mut text = format!("{SIGNATURE}\nkey {}\n", hex(self.0.public_key().as_ref()));
        for line in sheet.lines() {
            text.push_str(&format!("line {}\n", hash(line)));
        }
        let signature = hex(self.0.sign(text.as_bytes()).as_ref());
        text.push_str(&format!("signature {signature}\n"));
        text
    }
}

/// Why a sheet is not what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The signature was changed, or is none.
    Signature,
    /// It was signed by another key than the one that is trusted.
    Stranger,
    /// This line, from 1, is the first that is not as it was; with how many lines there should be.
    Line(usize, usize),
}

impl Broken {
    /// As a sentence about a sheet.
    pub fn sentence(&self, sheet: &str) -> String {
        match self {
            Self::Signature => {
                format!("{sheet}: its signature was changed, or is none: nothing in the sheet is proved")
            }
            Self::Stranger => format!("{sheet}: it was signed by another key than the one you trust"),
            Self::Line(line, of) => format!("{sheet}:{line}: this line is not as it was signed (of {of} lines)"),
        }
    }
}

/// Holds a sheet against its signature, and the key against one that is trusted. The public half of the key that signed it.
pub fn verify(sheet: &str, signature: &str, trusted: Option<&str>) -> Result<String, Broken> {
    let (signed, last) = signature.rsplit_once("signature ").ok_or(Broken::Signature)?;
    let mut lines = signed.lines();
    let head = lines.next() == Some(SIGNATURE);
    let key = lines.next().and_then(|line| line.strip_prefix("key ")).filter(|_| head).ok_or(Broken::Signature)?;
    let (public, proof) = unhex(key).zip(unhex(last.trim_end_matches('\n'))).ok_or(Broken::Signature)?;
    UnparsedPublicKey::new(&ED25519, public).verify(signed.as_bytes(), &proof).map_err(|_| Broken::Signature)?;
    if trusted.is_some_and(|trusted| trusted != key) {
        return Err(Broken::Stranger);
    }
    let hashes: Vec<&str> = lines.filter_map(|line| line.strip_prefix("line ")).collect();
    let mut read = sheet.lines();
    for (n, wanted) in hashes.iter().enumerate() {
        if read.next().map(hash).as_deref() != Some(wanted) {
            return Err(Broken::Line(n.saturating_add(1), hashes.len()));
        }
    }
    // Lines behind the last one were added.
    if read.next().is_some() {
        Err(Broken::Line(hashes.len().saturating_add(1), hashes.len()))
    } else {
        Ok(key.to_owned())
    }
}

/// The public half of a key, as `--new-key` left it beside the key.
pub fn public(path: &Path) -> Result<String, Stop> {
    let text = fs::read_to_string(path).map_err(|e| Stop::io(&path.display().to_string(), &e))?;
    let key = text.strip_prefix(PUBLIC).map(|rest| rest.trim().to_owned());
    key.filter(|key| unhex(key).is_some()).ok_or_else(|| {
        let say = format!("{} holds no public key", path.display());
        Stop::new(65, "no_key", say, "`--new-key FILE` leaves it in FILE.pub")
    })
}

/// Where the public half of a key is.
fn public_half(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn store(path: &Path, mode: u32, text: &str) -> Result<(), Stop> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|e| {
        let mut stop = Stop::io(&path.display().to_string(), &e);
        stop.exit = 73;
        stop
    })
}

/// Of a line, whatever ends it. Half of a hash is more than anybody finds a second line for.
fn hash(line: &str) -> String {
    blake3::hash(line.trim_end_matches('\r').as_bytes()).to_hex().chars().take(32).collect()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    // Writing into a text cannot fail.
    bytes.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap_or_default());
    text
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(pair.first()? << 4 | pair.last()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> (tempfile::TempDir, Key) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        Key::create(&path).expect("a key");
        let key = Key::read(&path).expect("the key");
        (folder, key)
    }

    #[test]
    fn a_key_is_its_owners_and_is_made_once() {
        let (folder, _) = key();
        let path = folder.path().join("key");
        assert_eq!(fs::metadata(&path).expect("there").mode() & 0o777, 0o600);
        assert_eq!(Key::create(&path).expect_err("never written over").exit, 73);
        assert_eq!(Key::read(&folder.path().join("key.pub")).err().map(|stop| stop.exit), Some(77));
        assert!(public(&folder.path().join("key.pub")).is_ok() && public(&path).is_err());
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).expect("set");
        assert_eq!(Key::read(&path).err().map(|stop| stop.exit), Some(77), "a group can read it");
    }

    #[test]
    fn another_key_is_told_from_the_trusted_one() {
        let (folder, own) = key();
        let (_other, other) = key();
        let trusted = public(&folder.path().join("key.pub")).expect("public");
        assert_eq!(verify("a\nb\n", &own.sign("a\nb\n"), Some(&trusted)), Ok(trusted.clone()));
        assert_eq!(verify("a\nb\n", &other.sign("a\nb\n"), Some(&trusted)), Err(Broken::Stranger));
        assert!(verify("a\nb\n", &other.sign("a\nb\n"), None).is_ok(), "nobody said whom to trust");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// A sheet is what was signed, or the first line that is not is named; and no change of the signature goes unnoticed.
        #[test]
        fn the_first_changed_line_is_named(
            lines in prop::collection::vec("[a-c,]{0,6}", 1..8),
            at in any::<prop::sample::Index>(),
            what in 0..4_u8,
        ) {
            thread_local!(static KEY: (tempfile::TempDir, Key) = key());
            let text = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let signature = KEY.with(|(_, key)| key.sign(&text(&lines)));
            prop_assert!(verify(&text(&lines), &signature, None).is_ok());
            prop_assert!(verify(&text(&lines).replace('\n', "\r\n"), &signature, None).is_ok(), "another line end changes no cell");
            let place = at.index(lines.len());
            let mut changed = lines.clone();
            match what {
                0 => changed[place].push('x'),
                1 => { changed.remove(place); }
                2 => changed.insert(place, "new".to_owned()),
                _ => changed.push("added".to_owned()),
            }
            let first = (0..changed.len().max(lines.len())).find(|n| changed.get(*n) != lines.get(*n)).expect("a change") + 1;
            prop_assert_eq!(verify(&text(&changed), &signature, None), Err(Broken::Line(first, lines.len())));
            let spot = at.index(signature.len());
            let other = if signature.as_bytes()[spot] == b'0' { '1' } else { '0' };
            let forged: String = signature.chars().enumerate().map(|(n, c)| if n == spot { other } else { c }).collect();
            prop_assert!(verify(&text(&lines), &forged, None).is_err(), "byte {} is not seen", spot);
        }
    }
}
