//! Backups from outside: what goes in comes out, and whatever is wrong with one is told before anything is put in place.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has to fail")]

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use backup::{About, BackupError, Kind, Part, Passphrase, Prepared, ReadAt};
use domain::Timestamp;
use tempfile::TempDir;

const MADE: Timestamp = Timestamp::from_millis(1_795_305_600_000);

fn passphrase() -> Passphrase {
    Passphrase::new("five words in a row").unwrap()
}

fn about() -> About {
    About {
        kind: Kind::Edge,
        program: "0.1.0".into(),
        node: "n".into(),
        name: "Plant North".into(),
        made: MADE,
        record: 7,
        history: true,
    }
}

/// Counts up; what is behind its present end is nobody's.
struct Growing;

impl ReadAt for Growing {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        for (byte, at) in buf.iter_mut().zip(offset..) {
            *byte = u8::try_from(at % 251).unwrap();
        }
        Ok(())
    }
}

/// Of every kind of part one, an empty one among them.
fn parts(folder: &Path) -> Vec<Part> {
    let (bundle, key) = (folder.join("bundle.tar"), folder.join("edge.key"));
    fs::write(&bundle, vec![7; 200_000]).unwrap();
    fs::write(&key, b"secret").unwrap();
    let key_file = fs::File::open(&key).unwrap();
    // whoever replaces the file while it is copied does not matter
    fs::remove_file(&key).unwrap();
    fs::write(&key, b"another and longer").unwrap();
    vec![
        Part::bytes("history/facts.a", Vec::new()),
        Part::path("bundles/1.tar", &bundle).unwrap(),
        Part::file("edge.key", key_file).unwrap(),
        Part::at("history/log/1.log", 150_001, Box::new(Growing)),
    ]
}

fn written(folder: &Path) -> Vec<u8> {
    let prepared = Prepared::new(about(), parts(folder)).unwrap();
    let mut file = Vec::new();
    prepared.write(&mut file, &passphrase()).unwrap();
    file
}

#[test]
fn what_goes_in_comes_out() {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let file = written(from.path());
    let manifest = backup::open(file.as_slice(), &passphrase()).unwrap();
    assert_eq!((manifest.made, manifest.record, manifest.parts.len()), (MADE, 7, 4));
    assert_eq!(manifest.bytes(), 350_007);
    assert_eq!(backup::verify(file.as_slice(), &passphrase()).unwrap(), manifest);
    assert_eq!(backup::unpack(file.as_slice(), &passphrase(), to.path()).unwrap(), manifest);
    let read = |name: &str| fs::read(to.path().join(name)).unwrap();
    assert_eq!(read("history/facts.a"), b"");
    assert_eq!(read("bundles/1.tar"), vec![7; 200_000]);
    assert_eq!(read("edge.key"), b"secret");
    let log = read("history/log/1.log");
    assert_eq!((log.len(), log[150_000]), (150_001, u8::try_from(150_000 % 251).unwrap()));
}

#[cfg(unix)]
#[test]
fn keys_come_back_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    backup::unpack(written(from.path()).as_slice(), &passphrase(), to.path()).unwrap();
    let mode = fs::metadata(to.path().join("edge.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_damaged_or_cut_file_is_no_backup_wherever_it_is() {
    let from = TempDir::new().unwrap();
    let file = written(from.path());
    for place in (0..file.len()).step_by(file.len() / 8 + 1).chain([file.len() - 1]) {
        let mut damaged = file.clone();
        damaged[place] ^= 0x10;
        assert!(backup::verify(damaged.as_slice(), &passphrase()).is_err(), "byte {place} was changed");
        let cut = backup::verify(&file[..place], &passphrase()).unwrap_err();
        assert!(place < 200 || matches!(cut, BackupError::Cut), "cut at {place}: {cut}");
    }
    let wrong = backup::verify(file.as_slice(), &Passphrase::to_try("no")).unwrap_err();
    assert_eq!(wrong.problem("edge.backup").code, "backup.wrong-passphrase");
}

#[test]
fn a_part_that_changes_while_it_is_read_breaks_the_backup_off() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x");
    fs::write(&path, b"before").unwrap();
    let prepared = Prepared::new(about(), vec![Part::path("x", &path).unwrap()]).unwrap();
    fs::write(&path, b"after!").unwrap();
    let broken = prepared.write(io::sink(), &passphrase()).unwrap_err();
    assert!(matches!(broken, BackupError::Part { .. }), "{broken}");
}

#[test]
fn a_name_that_leaves_the_folder_is_not_written() {
    let bad = Prepared::new(about(), vec![Part::bytes("../cli-token", b"x".to_vec())]);
    assert!(matches!(bad, Err(BackupError::Part { .. })));
}

#[test]
fn nothing_is_overwritten() {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::write(to.path().join("edge.key"), b"mine").unwrap();
    assert!(backup::unpack(written(from.path()).as_slice(), &passphrase(), to.path()).is_err());
    assert_eq!(fs::read(to.path().join("edge.key")).unwrap(), b"mine");
}

#[test]
fn a_short_passphrase_is_refused_before_anything_is_written() {
    assert_eq!(Passphrase::new("short").unwrap_err().code, "backup.passphrase-short");
    assert_eq!(Passphrase::new(&"x".repeat(2000)).unwrap_err().code, "backup.passphrase-long");
    assert_eq!(format!("{:?}", passphrase()), "Passphrase(…)");
}

#[test]
fn a_full_disk_is_told() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let prepared = Prepared::new(about(), Vec::new()).unwrap();
    assert!(matches!(prepared.write(Full, &passphrase()), Err(BackupError::File(_))));
}

#[test]
fn small_files_are_taken_but_not_backups_and_not_what_is_left_out() {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    put("edge.key", b"k");
    put("certificates/broker.pem", b"c");
    put("cli-token", b"t");
    put("old.backup", b"age-encryption.org/v1\n");
    put(".doctor", b"");
    let left_out = |name: &str| name == "cli-token";
    let parts = backup::small_files(folder.path(), &left_out).unwrap();
    let prepared = Prepared::new(about(), parts).unwrap();
    let names: Vec<&str> = prepared.manifest().parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["certificates/broker.pem", "edge.key"]);
    for number in 0..250 {
        put(&format!("photos/{number}.jpg"), b"p");
    }
    let Err(problem) = backup::small_files(folder.path(), &left_out) else { panic!("they were taken") };
    assert_eq!(problem.code, "backup.too-many-files");
}

#[test]
fn a_restore_that_is_given_up_leaves_nothing() {
    let home = TempDir::new().unwrap();
    let target = home.path().join("data");
    let restoring = backup::Restoring::to(&target).unwrap();
    fs::write(restoring.folder().join("x"), b"x").unwrap();
    drop(restoring);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    let restoring = backup::Restoring::to(&target).unwrap();
    fs::write(restoring.folder().join("x"), b"x").unwrap();
    fs::create_dir(&target).unwrap();
    restoring.put_in_place().unwrap();
    assert_eq!(fs::read(target.join("x")).unwrap(), b"x");
    assert_eq!(backup::Restoring::to(&target).unwrap_err().code, "backup.not-empty");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}
