//! The age format, version 1, with a passphrase (<https://c2sp.org/age>): a header with the file key wrapped by scrypt, then
//! 64 KiB chunks, each sealed, the last one marked as the last. Reading fails with `InvalidData` where bytes are not what was
//! written, and with `UnexpectedEof` where the end is missing.

use std::io::{self, BufRead, BufReader, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand::Rng as _;
use sha2::Sha256;

use crate::{BackupError, Passphrase};

const VERSION: &str = "age-encryption.org/v1";
/// Every file begins with this.
pub(crate) const BEGINNING: &[u8] = VERSION.as_bytes();
const STANZA: &str = "-> scrypt ";
const END: &str = "--- ";
const LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
/// 2¹⁶ rounds take 64 MiB and a fraction of a second: an edge has to afford it.
const WORK: u8 = 16;
/// A file that asks for more than 1 GiB is not ours, and would end a small box.
const MOST_WORK: u8 = 20;
const CHUNK: usize = 64 << 10;
const TAG: usize = 16;
/// A header line that is longer is none of a passphrase file.
const LINE: u64 = 256;

type FileKey = [u8; 16];

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill(&mut bytes[..]);
    bytes
}

/// The cipher that wraps the file key.
fn wrapping(passphrase: &Passphrase, salt: &[u8], work: u8) -> io::Result<ChaCha20Poly1305> {
    let failed = || io::Error::other("the passphrase could not be stretched");
    let params = scrypt::Params::new(work, 8, 1, 32).map_err(|_| failed())?;
    let mut key = [0; 32];
    scrypt::scrypt(passphrase.bytes(), &[LABEL, salt].concat(), &params, &mut key).map_err(|_| failed())?;
    Ok(ChaCha20Poly1305::new(&key.into()))
}

fn derived(key: &FileKey, salt: &[u8], info: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    Hkdf::<Sha256>::new(Some(salt), key).expand(info, &mut out).expect("HKDF gives up to 8160 bytes");
    out
}

/// The code that seals the header, which is given up to and with its `---`.
fn header_code(key: &FileKey, header: &[u8]) -> Hmac<Sha256> {
    let mut code = <Hmac<Sha256> as Mac>::new_from_slice(&derived(key, b"", b"header")).expect("HMAC takes any key");
    code.update(header);
    code
}

/// The chunks' cipher and counter.
struct Chunks {
    cipher: ChaCha20Poly1305,
    number: u64,
}

impl Chunks {
    fn new(key: &FileKey, nonce: &[u8; 16]) -> Self {
        Self { cipher: ChaCha20Poly1305::new(&derived(key, nonce, b"payload").into()), number: 0 }
    }

    fn nonce(&self, last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&self.number.to_be_bytes());
        nonce[11] = u8::from(last);
        nonce.into()
    }

    fn seal(&mut self, plain: &[u8], last: bool) -> io::Result<Vec<u8>> {
        let sealed = self.cipher.encrypt(&self.nonce(last), plain);
        self.number += 1;
        sealed.map_err(|_| io::Error::other("a chunk could not be sealed"))
    }

    fn open(&mut self, sealed: &[u8], last: bool) -> Option<Vec<u8>> {
        let plain = self.cipher.decrypt(&self.nonce(last), sealed).ok();
        self.number += 1;
        plain
    }
}

/// Encrypts what is written to it. Nothing counts before [`Sealer::finish`].
pub(crate) struct Sealer<W> {
    sink: W,
    chunks: Chunks,
    plain: Vec<u8>,
}

impl<W: Write> Sealer<W> {
    /// Writes the header.
    pub(crate) fn new(sink: W, passphrase: &Passphrase) -> io::Result<Self> {
        Self::with(sink, passphrase, WORK)
    }

    fn with(mut sink: W, passphrase: &Passphrase, work: u8) -> io::Result<Self> {
        let (key, salt, nonce): (FileKey, [u8; 16], [u8; 16]) = (random(), random(), random());
        let wrapped = wrapping(passphrase, &salt, work)?.encrypt(&Nonce::default(), key.as_slice());
        let wrapped = wrapped.map_err(|_| io::Error::other("the key could not be wrapped"))?;
        let (salt, wrapped) = (BASE64.encode(salt), BASE64.encode(wrapped));
        let header = format!("{VERSION}\n{STANZA}{salt} {work}\n{wrapped}\n---");
        let code = header_code(&key, header.as_bytes()).finalize().into_bytes();
        sink.write_all(format!("{header} {}\n", BASE64.encode(code)).as_bytes())?;
        sink.write_all(&nonce)?;
        Ok(Self { sink, chunks: Chunks::new(&key, &nonce), plain: Vec::with_capacity(CHUNK) })
    }

    /// Writes the last chunk, without which the file counts as cut.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let sealed = self.chunks.seal(&self.plain, true)?;
        self.sink.write_all(&sealed)?;
        self.sink.flush()?;
        Ok(self.sink)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // a full chunk waits until there is more: only then it is not the last
        if self.plain.len() == CHUNK && !bytes.is_empty() {
            let sealed = self.chunks.seal(&self.plain, false)?;
            self.sink.write_all(&sealed)?;
            self.plain.clear();
        }
        let (taken, _) = bytes.split_at(bytes.len().min(CHUNK - self.plain.len()));
        self.plain.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Gives what was encrypted, chunk by chunk, each one proved before any of it is given.
pub(crate) struct Opener<R> {
    source: BufReader<R>,
    chunks: Chunks,
    plain: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Opener<R> {
    /// Reads the header and tries the passphrase.
    pub(crate) fn new(source: R, passphrase: &Passphrase) -> Result<Self, BackupError> {
        let mut source = BufReader::with_capacity(CHUNK + TAG, source);
        let mut header = String::new();
        let mut line = |header: &mut String| line(&mut source, header);
        if line(&mut header)? != VERSION {
            return Err(BackupError::NotABackup);
        }
        let stanza = line(&mut header)?;
        let (salt, work) = stanza.strip_prefix(STANZA).and_then(|rest| rest.split_once(' ')).ok_or_else(bad_header)?;
        let work = work.parse::<u8>().ok().filter(|work| (1..=MOST_WORK).contains(work)).ok_or_else(bad_header)?;
        let salt = decoded::<16>(salt)?;
        let wrapped = decoded::<32>(&line(&mut header)?)?;
        let before = header.len();
        let last = line(&mut header)?;
        let code = decoded::<32>(last.strip_prefix(END).ok_or_else(bad_header)?)?;
        let cipher = wrapping(passphrase, &salt, work).map_err(BackupError::File)?;
        let key = cipher.decrypt(&Nonce::default(), wrapped.as_slice()).map_err(|_| BackupError::WrongPassphrase)?;
        let key = FileKey::try_from(key).map_err(|_| bad_header())?;
        let sealed = format!("{}---", header.get(..before).unwrap_or_default());
        header_code(&key, sealed.as_bytes()).verify_slice(&code).map_err(|_| bad_header())?;
        let mut nonce = [0; 16];
        source.read_exact(&mut nonce).map_err(BackupError::reading)?;
        Ok(Self { source, chunks: Chunks::new(&key, &nonce), plain: Vec::new(), at: 0, ended: false })
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let mut sealed = Vec::with_capacity(CHUNK + TAG);
        self.source.by_ref().take((CHUNK + TAG) as u64).read_to_end(&mut sealed)?;
        let last = self.source.fill_buf()?.is_empty();
        let first = self.chunks.number == 0;
        let Some(plain) = self.chunks.open(&sealed, last) else { return Err(self.fault(&sealed, last)) };
        if plain.is_empty() && !first {
            return Err(damaged("it ends in an empty chunk"));
        }
        (self.plain, self.at, self.ended) = (plain, 0, last);
        Ok(())
    }

    /// A chunk at the end that is whole and not the last, or a piece of one, is what a cut leaves.
    fn fault(&mut self, sealed: &[u8], last: bool) -> io::Error {
        self.chunks.number -= 1;
        let number = self.chunks.number;
        let goes_on = last && self.chunks.open(sealed, false).is_some();
        if last && (goes_on || sealed.len() < CHUNK + TAG) {
            let what = format!("chunk {number} is not whole, or not the last");
            return io::Error::new(io::ErrorKind::UnexpectedEof, what);
        }
        damaged(&format!("chunk {number} is not what was written"))
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.plain.len() && !self.ended {
            self.next_chunk()?;
        }
        let rest = self.plain.get(self.at..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

fn bad_header() -> BackupError {
    BackupError::Damaged { what: "its header is not what was written".to_owned() }
}

/// The next line without its end, which is added to `header` with it.
fn line(source: &mut impl BufRead, header: &mut String) -> Result<String, BackupError> {
    let mut bytes = Vec::new();
    source.by_ref().take(LINE).read_until(b'\n', &mut bytes).map_err(BackupError::File)?;
    let text =
        String::from_utf8(bytes).map_err(|_| if header.is_empty() { BackupError::NotABackup } else { bad_header() })?;
    header.push_str(&text);
    match text.strip_suffix('\n') {
        Some(text) => Ok(text.to_owned()),
        None if text.len() as u64 == LINE => {
            Err(if header.len() == text.len() { BackupError::NotABackup } else { bad_header() })
        }
        None if VERSION.starts_with(&text) || header.len() > text.len() => Err(BackupError::Cut),
        None => Err(BackupError::NotABackup),
    }
}

fn decoded<const N: usize>(text: &str) -> Result<[u8; N], BackupError> {
    BASE64.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(bad_header)
}

#[cfg(test)]
mod tests;
