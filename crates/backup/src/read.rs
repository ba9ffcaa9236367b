//! Reading: the manifest first, then every part proved against it, then the end. What is unpacked lies in a folder of its own
//! until all of it was proved.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::age::Opener;
use crate::manifest::{MANIFEST_BYTES, MANIFEST_NAME, Manifest, PartLine};
use crate::{BackupError, Passphrase};

/// Memory that unpacking may take for its window, as a power of two.
const WINDOW: u32 = 23;
const BLOCK: usize = 64 << 10;

type Unpacked<R> = zstd::stream::read::Decoder<'static, io::BufReader<Opener<R>>>;

/// Reads the manifest only: what the file says it is. Nothing behind it is proved.
pub fn open(file: impl Read, passphrase: &Passphrase) -> Result<Manifest, BackupError> {
    let mut archive = archive(file, passphrase)?;
    let mut entries = archive.entries().map_err(BackupError::reading)?;
    first(&mut entries)
}

/// Reads the whole file and proves every part. Writes nothing.
pub fn verify(file: impl Read, passphrase: &Passphrase) -> Result<Manifest, BackupError> {
    walk(file, passphrase, |_| Ok(Box::new(io::sink())), |_| Ok(()))
}

/// Proves every part and writes it below `folder`, which is there and empty; all files are synced when this returns. When it
/// fails, whatever it wrote is nothing.
pub fn unpack(file: impl Read, passphrase: &Passphrase, folder: &Path) -> Result<Manifest, BackupError> {
    let place = |part: &PartLine| part.name.split('/').fold(folder.to_owned(), |path, name| path.join(name));
    let create = |part: &PartLine| -> io::Result<Box<dyn Write>> {
        let path = place(part);
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above)?;
        }
        Ok(Box::new(private(&path)?))
    };
    let manifest = walk(file, passphrase, create, |part| File::open(place(part))?.sync_all())?;
    sync_folders(folder).map_err(BackupError::File)?;
    Ok(manifest)
}

/// A new file that only its owner can read: keys are among them.
fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[cfg(windows)]
    let _inherited = &mut options; // the rights of the folder hold
    options.open(path)
}

pub(crate) fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    // a folder cannot be opened where names are durable by themselves
    File::open(folder).map_or(Ok(()), |folder| folder.sync_all())
}

fn archive<R: Read>(file: R, passphrase: &Passphrase) -> Result<tar::Archive<Unpacked<R>>, BackupError> {
    let opener = Opener::new(file, passphrase)?;
    let mut unpacked = zstd::stream::read::Decoder::new(opener).map_err(BackupError::File)?;
    unpacked.window_log_max(WINDOW).map_err(BackupError::File)?;
    Ok(tar::Archive::new(unpacked))
}

fn first<R: Read>(entries: &mut tar::Entries<'_, R>) -> Result<Manifest, BackupError> {
    let not_ours = || BackupError::Damaged { what: "it holds something else than a backup".to_owned() };
    let entry = entries.next().ok_or_else(not_ours)?.map_err(BackupError::reading)?;
    if name_of(&entry)? != MANIFEST_NAME || entry.size() > MANIFEST_BYTES {
        return Err(not_ours());
    }
    let mut bytes = Vec::new();
    entry.take(MANIFEST_BYTES).read_to_end(&mut bytes).map_err(BackupError::reading)?;
    Manifest::read(&bytes)
}

fn name_of<R: Read>(entry: &tar::Entry<'_, R>) -> Result<String, BackupError> {
    let name = entry.path().map_err(BackupError::reading)?;
    // ustar knows only `/`, and so do our names
    Ok(name.to_string_lossy().replace('\\', "/"))
}

fn walk(
    file: impl Read,
    passphrase: &Passphrase,
    mut create: impl FnMut(&PartLine) -> io::Result<Box<dyn Write>>,
    mut written: impl FnMut(&PartLine) -> io::Result<()>,
) -> Result<Manifest, BackupError> {
    let mut archive = archive(file, passphrase)?;
    let mut entries = archive.entries().map_err(BackupError::reading)?;
    let manifest = first(&mut entries)?;
    for part in &manifest.parts {
        let other = || BackupError::Damaged { what: format!("`{}` is not where its manifest says", part.name) };
        let mut entry = entries.next().ok_or_else(other)?.map_err(BackupError::reading)?;
        if name_of(&entry)? != part.name || entry.size() != part.size {
            return Err(other());
        }
        let mut sink = create(part).map_err(BackupError::File)?;
        if copied(&mut entry, &mut sink)? != part.sha256 {
            return Err(BackupError::Damaged { what: format!("`{}` is not what was written", part.name) });
        }
        drop(sink);
        written(part).map_err(BackupError::File)?;
    }
    if entries.next().is_some() {
        return Err(BackupError::Damaged { what: "it holds more than its manifest says".to_owned() });
    }
    // the last chunk proves that nothing was cut off behind the archive
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(BackupError::reading)?;
    io::copy(rest.finish().get_mut(), &mut io::sink()).map_err(BackupError::reading)?;
    Ok(manifest)
}

/// Hands the bytes on and gives their SHA-256. What cannot be written is the folder's fault, not the backup's.
fn copied(entry: &mut impl Read, sink: &mut impl Write) -> Result<String, BackupError> {
    let mut sha = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        let count = entry.read(&mut block).map_err(BackupError::reading)?;
        if count == 0 {
            break;
        }
        sha.update(&block[..count]);
        sink.write_all(&block[..count]).map_err(BackupError::File)?;
    }
    sink.flush().map_err(BackupError::File)?;
    Ok(hex::encode(sha.finalize()))
}
