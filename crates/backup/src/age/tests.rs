//! The age format against what another program wrote, and against every kind of damage.

use std::io::{self, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{CHUNK, Opener, Sealer, TAG};
use crate::{BackupError, Passphrase};

/// Cheap, so that many files can be tried.
const WORK: u8 = 4;

/// Written by rage 0.11 (through pyrage) with the passphrase below.
const OTHERS: &str = "\
    YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCByT0xrWlFJQlo1Si9xSlB4VUM2clVBIDE4Cmh1Sk4wTlRYMlNTTTdHTkFG\
    RXdLbGlwb3E1aTlEUkFzdkJnSi9YRTNBMzgKLS0tIFRidHFmVVh0YUtKREpPRXhOWUVlbVBpQkJtRW1INkZWa3FBeXFialJxeUEK\
    hur4rpKWuG8K9E2Ji7M1MTFDfmsjtAtwITonUjldFUfMEZ16CGofVVe/2wux13eygw==";

fn passphrase() -> Passphrase {
    Passphrase::to_try("four words in a row")
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    let mut sealer = Sealer::with(Vec::new(), &passphrase(), WORK).unwrap();
    sealer.write_all(plain).unwrap();
    sealer.finish().unwrap()
}

fn opened(file: &[u8]) -> Result<Vec<u8>, BackupError> {
    let mut plain = Vec::new();
    Opener::new(file, &passphrase())?.read_to_end(&mut plain).map_err(BackupError::reading)?;
    Ok(plain)
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect()
}

#[test]
fn what_another_program_wrote_is_read() {
    let file = STANDARD.decode(OTHERS).unwrap();
    assert_eq!(opened(&file).unwrap(), b"a pump at line 2\n");
}

#[test]
fn any_length_comes_back_also_at_the_edges_of_chunks() {
    for count in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7] {
        assert_eq!(opened(&sealed(&bytes(count))).unwrap(), bytes(count), "{count} bytes");
    }
}

#[test]
fn a_wrong_passphrase_is_told() {
    let wrong = Opener::new(sealed(b"x").as_slice(), &Passphrase::to_try("four words in a column")).err();
    assert!(matches!(wrong, Some(BackupError::WrongPassphrase)));
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let file = sealed(&bytes(CHUNK + 100));
    let header = 400;
    let places = (0..header).chain((header..file.len()).step_by(997)).chain(file.len() - 40..file.len());
    for place in places {
        let mut flipped = file.clone();
        flipped[place] ^= 1;
        assert!(opened(&flipped).is_err(), "byte {place} of {} was changed", file.len());
    }
}

#[test]
fn a_file_cut_anywhere_is_found() {
    let file = sealed(&bytes(2 * CHUNK));
    let begin = file.len() - 2 * (CHUNK + TAG);
    let places =
        (1..begin).chain([begin + 5, begin + CHUNK, begin + CHUNK + TAG, begin + CHUNK + TAG + 1, file.len() - 1]);
    for place in places {
        let fault = opened(&file[..place]).unwrap_err();
        assert!(matches!(fault, BackupError::Cut | BackupError::Damaged { .. }), "{place}: {fault}");
        assert!(place < begin || matches!(fault, BackupError::Cut), "{place}: {fault}");
    }
    let mut longer = file;
    longer.extend_from_slice(b"more");
    assert!(opened(&longer).is_err());
}

#[test]
fn other_files_are_no_backups() {
    for other in [&b""[..], b"PK\x03\x04", b"age-encryption.org/v2\n", b"a text\n", &[0xff; 4000], &[b'a'; 4000]] {
        let fault = opened(other).unwrap_err();
        let told = matches!(fault, BackupError::NotABackup) || other.is_empty();
        assert!(told, "{fault}");
    }
}

#[test]
fn a_file_that_asks_for_too_much_memory_is_refused() {
    let text = String::from_utf8_lossy(&sealed(b"x")).replacen(" 4\n", " 30\n", 1);
    assert!(matches!(opened(text.as_bytes()), Err(BackupError::Damaged { .. })));
}

#[test]
fn a_sink_that_fails_fails_the_backup() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut sealer = Sealer::with(Full(CHUNK), &passphrase(), WORK).unwrap();
    assert!(sealer.write_all(&bytes(3 * CHUNK)).is_err());
}
