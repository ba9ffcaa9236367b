//! Writing: every part is read twice, once for its digest and once into the file, so that the manifest can come first. A part
//! that changed in between breaks the backup off; a backup that ends well is right.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use domain::Timestamp;
use sha2::{Digest, Sha256};

use crate::age::Sealer;
use crate::manifest::{FORMAT, Kind, MANIFEST_NAME, Manifest, PartLine, is_below};
use crate::{BackupError, Passphrase};

const LEVEL: i32 = 3;
/// Bytes read at once.
const BLOCK: usize = 64 << 10;

/// What a backup says of the box it was made of.
#[derive(Clone, Debug)]
pub struct About {
    /// Edge or hub.
    pub kind: Kind,
    /// The version of the program.
    pub program: String,
    /// The node whose record it holds.
    pub node: String,
    /// What people call it.
    pub name: String,
    /// Now.
    pub made: Timestamp,
    /// The number of the newest entry of the record that is in it.
    pub record: i64,
    /// Whether history is in it.
    pub history: bool,
}

/// Reads at a place of something that grows, but never changes below the size that its part has.
pub trait ReadAt: Send {
    /// Fills `buf` from `offset`, or fails.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;
}

/// Where the bytes of a part are.
enum Content {
    Bytes(Vec<u8>),
    /// Opened when it is read: it is never changed.
    Path(PathBuf),
    /// Held open, so that whoever replaces or removes its name does not matter.
    File(File),
    At(Box<dyn ReadAt>),
}

/// A file of the box on its way into a backup.
pub struct Part {
    name: String,
    size: u64,
    content: Content,
}

impl Part {
    /// A small one in memory. `name` is its path below the data folder, with `/`.
    pub fn bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), size: bytes.len() as u64, content: Content::Bytes(bytes) }
    }

    /// A file that is never changed.
    pub fn path(name: impl Into<String>, path: &Path) -> io::Result<Self> {
        let size = std::fs::metadata(path)?.len();
        Ok(Self { name: name.into(), size, content: Content::Path(path.to_owned()) })
    }

    /// A file that may be replaced by another of its name while it is read, and is not written into.
    pub fn file(name: impl Into<String>, file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { name: name.into(), size, content: Content::File(file) })
    }

    /// The first `size` bytes of something that grows.
    pub fn at(name: impl Into<String>, size: u64, content: Box<dyn ReadAt>) -> Self {
        Self { name: name.into(), size, content: Content::At(content) }
    }

    /// Gives its bytes, block by block, and checks that they are as many as they should be.
    fn read(&self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> Result<(), BackupError> {
        let failed = |source| BackupError::Part { part: self.name.clone(), source };
        let mut block = vec![0; BLOCK];
        let mut offset = 0;
        let mut file: Option<File> = match &self.content {
            Content::Path(path) => Some(File::open(path).map_err(failed)?),
            Content::File(file) => {
                let mut file = file.try_clone().map_err(failed)?;
                file.rewind().map_err(failed)?;
                Some(file)
            }
            _ => None,
        };
        while offset < self.size {
            let want = usize::try_from(self.size - offset).unwrap_or(BLOCK).min(BLOCK);
            let piece = &mut block[..want];
            match (&self.content, &mut file) {
                (_, Some(file)) => file.read_exact(piece).map_err(failed)?,
                (Content::At(content), _) => content.read_at(piece, offset).map_err(failed)?,
                (Content::Bytes(bytes), _) => {
                    let start = usize::try_from(offset).unwrap_or(usize::MAX);
                    piece.copy_from_slice(bytes.get(start..start + want).unwrap_or_default());
                }
                _ => {}
            }
            take(piece).map_err(BackupError::File)?;
            offset += want as u64;
        }
        Ok(())
    }

    fn digest(&self) -> Result<String, BackupError> {
        let mut sha = Sha256::new();
        self.read(|piece| {
            sha.update(piece);
            Ok(())
        })?;
        Ok(hex::encode(sha.finalize()))
    }
}

/// A backup that is ready to be written: everything is held, and its digests are known.
pub struct Prepared {
    manifest: Manifest,
    parts: Vec<Part>,
}

impl Prepared {
    /// Reads every part once. Blocking.
    pub fn new(about: About, parts: Vec<Part>) -> Result<Self, BackupError> {
        let mut lines = Vec::with_capacity(parts.len());
        for part in &parts {
            if !is_below(&part.name) {
                let source = io::Error::other("its name would not be the same on every system");
                return Err(BackupError::Part { part: part.name.clone(), source });
            }
            lines.push(PartLine { name: part.name.clone(), size: part.size, sha256: part.digest()? });
        }
        let About { kind, program, node, name, made, record, history } = about;
        let manifest = Manifest { format: FORMAT, kind, program, node, name, made, record, history, parts: lines };
        Ok(Self { manifest, parts })
    }

    /// What it will hold.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Writes the whole file; less than its end is no backup. Blocking, and never holds more than a few blocks.
    pub fn write(&self, sink: impl Write, passphrase: &Passphrase) -> Result<(), BackupError> {
        let sealer = Sealer::new(sink, passphrase).map_err(BackupError::File)?;
        let mut tar = zstd::stream::write::Encoder::new(sealer, LEVEL).map_err(BackupError::File)?;
        let manifest = serde_json::to_vec(&self.manifest).map_err(|error| BackupError::File(error.into()))?;
        entry(&mut tar, MANIFEST_NAME, manifest.len() as u64)?;
        tar.write_all(&manifest).and_then(|()| pad(&mut tar, manifest.len() as u64)).map_err(BackupError::File)?;
        for (part, line) in self.parts.iter().zip(&self.manifest.parts) {
            entry(&mut tar, &part.name, part.size)?;
            let mut sha = Sha256::new();
            part.read(|piece| {
                sha.update(piece);
                tar.write_all(piece)
            })?;
            pad(&mut tar, part.size).map_err(BackupError::File)?;
            if hex::encode(sha.finalize()) != line.sha256 {
                let source = io::Error::other("it changed while it was read");
                return Err(BackupError::Part { part: part.name.clone(), source });
            }
        }
        tar.write_all(&[0; 2 * TAR_BLOCK]).map_err(BackupError::File)?;
        let sealer = tar.finish().map_err(BackupError::File)?;
        sealer.finish().map(drop).map_err(BackupError::File)
    }
}

const TAR_BLOCK: usize = 512;

/// The head of an entry. Nothing in it depends on clock or user.
fn entry(tar: &mut impl Write, name: &str, size: u64) -> Result<(), BackupError> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).map_err(BackupError::File)?;
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    tar.write_all(header.as_bytes()).map_err(BackupError::File)
}

fn pad(tar: &mut impl Write, size: u64) -> io::Result<()> {
    let over = usize::try_from(size % TAR_BLOCK as u64).unwrap_or(0);
    if over > 0 { tar.write_all(&[0; TAR_BLOCK][over..]) } else { Ok(()) }
}
