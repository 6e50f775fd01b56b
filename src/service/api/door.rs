//! The socket itself: made so that it is never open wider than 0660, and never in place of a living one.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use super::peer::Owner;

/// The socket's place in the file system; it goes when this is dropped, if it is still ours.
#[derive(Debug)]
pub struct Door {
    path: PathBuf,
    inode: u64,
}

impl Door {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|m| m.ino() == self.inode) {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Makes the socket. It is born in a private directory, gets its mode there and is then moved into place,
/// so that there is no moment at which others could reach it.
pub fn open(path: &Path) -> io::Result<(Door, UnixListener, Owner)> {
    refuse_what_lives(path)?;
    let parent = path.parent().unwrap_or_else(|| Path::new("/"));
    let nursery = parent.join(format!(".wl{}", std::process::id()));
    drop(fs::remove_dir_all(&nursery));
    DirBuilder::new().mode(0o700).create(&nursery).map_err(|e| told(parent, &e))?;
    let made = make(&nursery.join("s"), path);
    drop(fs::remove_dir_all(&nursery));
    made.map_err(|e| told(path, &e))
}

fn make(born: &Path, path: &Path) -> io::Result<(Door, UnixListener, Owner)> {
    let listener = UnixListener::bind(born)?;
    fs::set_permissions(born, Permissions::from_mode(0o660))?;
    fs::rename(born, path)?;
    let metadata = fs::symlink_metadata(path)?;
    let owner = Owner { uid: metadata.uid(), gid: metadata.gid() };
    Ok((Door { path: path.to_owned(), inode: metadata.ino() }, listener, owner))
}

fn refuse_what_lives(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(told(path, &error)),
    };
    if !metadata.file_type().is_socket() {
        let say = format!("{}: something that is no socket stands there; move it away", path.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, say));
    }
    if UnixStream::connect(path).is_ok() {
        let say = format!("{}: another service listens there", path.display());
        return Err(io::Error::new(io::ErrorKind::AddrInUse, say));
    }
    Ok(())
}

fn told(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
