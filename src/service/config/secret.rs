//! Secrets come from files and from nowhere else.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Words that make a key a secret's.
const WORDS: [&str; 6] = ["password", "passwd", "token", "secret", "api_key", "apikey"];

/// True for a key that would hold a secret itself. `password_file` names a file and is fine.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    !key.ends_with("_file") && WORDS.iter().any(|w| key.contains(w))
}

/// True for a text such as `mqtt://user:word@host`.
#[must_use]
pub fn holds_credentials(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

/// Reads a secret: the file's text without the line end. A file that everybody may read is refused.
///
/// # Errors
/// The file cannot be read, is open to everybody, or is empty; the message never holds the secret.
pub fn read(file: &Path) -> io::Result<String> {
    let mode = std::fs::metadata(file)?.permissions().mode();
    if mode & 0o007 != 0 {
        let say = format!("{}: every user may read this secret; run `chmod o= {0}`", file.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, say));
    }
    let text = std::fs::read_to_string(file)?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{}: this secret is empty", file.display())));
    }
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_name_files_are_no_secrets() {
        for secret in ["password", "mqtt_password", "Token", "api-key"] {
            assert!(is_secret_key(secret), "{secret}");
        }
        for plain in ["password_file", "token-file", "username", "ca_file"] {
            assert!(!is_secret_key(plain), "{plain}");
        }
    }

    #[test]
    fn credentials_in_addresses_are_seen() {
        assert!(holds_credentials("mqtt://ops:hunter2@broker:1883/x"));
        for plain in ["mqtt://ops@broker:1883", "tcp://10.0.0.1:502", "a@b:c", "http://[::1]:80/x@y:z"] {
            assert!(!holds_credentials(plain), "{plain}");
        }
    }

    #[test]
    fn a_secret_that_everybody_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        std::fs::write(&file, "hunter2\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = read(&file).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(!error.to_string().contains("hunter2"));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read(&file).unwrap(), "hunter2");
        std::fs::write(&file, "\n").unwrap();
        assert!(read(&file).is_err());
    }
}
