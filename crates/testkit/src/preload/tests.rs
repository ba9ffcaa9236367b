//! The library in front of a program that nobody here wrote: Python.

use super::*;

/// Runs a Python program with the library; gives what it printed.
fn python(preload: &Preload, program: &str) -> String {
    let run = Command::new("python3").args(["-c", program]).envs(preload.environment()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap().trim().to_owned()
}

fn begin() -> (TempDir, Preload) {
    let disk = tempfile::tempdir().unwrap();
    let preload = Preload::build(disk.path(), 7).unwrap();
    (disk, preload)
}

/// Python that opens `name` on the disk as `f`, without a buffer of its own.
fn opening(disk: &TempDir, name: &str, how: &str) -> String {
    format!("import os; f = open('{}/{name}', '{how}', buffering=0)\n", disk.path().display())
}

#[test]
fn a_power_cut_takes_what_was_not_synced_and_nothing_else() {
    let (disk, preload) = begin();
    let program = opening(&disk, "log", "wb")
        + "f.write(b'a' * 5000); os.fsync(f.fileno()); f.write(b'b' * 5000); os.pwrite(f.fileno(), b'c', 10)";
    python(&preload, &program);
    assert_eq!(fs::metadata(disk.path().join("log")).unwrap().len(), 10_000, "the program saw what it wrote");
    assert_eq!(preload.cut_power(Cut::Everything).unwrap(), 1);
    assert_eq!(fs::read(disk.path().join("log")).unwrap(), vec![b'a'; 5000]);
    assert_eq!(preload.cut_power(Cut::Everything).unwrap(), 0, "it is taken once");
}

#[test]
fn a_power_cut_of_half_keeps_whole_pages_and_never_touches_synced_ones() {
    let (disk, preload) = begin();
    let write = opening(&disk, "log", "r+b") + "f.seek(4096)\nfor _ in range(64): f.write(b'b' * 4096)";
    let mut kept = 0;
    for seed in 0..8 {
        fs::write(disk.path().join("log"), vec![b'a'; 8192]).unwrap();
        python(&preload, &write);
        preload.cut_power(Cut::Half(seed)).unwrap();
        let left = fs::read(disk.path().join("log")).unwrap();
        assert_eq!(&left[..4096], &[b'a'; 4096][..]);
        for (number, page) in left.chunks(PAGE).enumerate().skip(1) {
            let old = if number == 1 { b'a' } else { 0 };
            assert!(
                [old, b'b'].iter().any(|byte| page.iter().all(|other| other == byte)),
                "page {number} of seed {seed}"
            );
            kept += usize::from(page[0] == b'b');
        }
    }
    assert!((1..400).contains(&kept), "{kept} of 512 pages were kept");
}

#[test]
fn a_file_that_was_renamed_before_it_was_synced_is_empty_after_a_power_cut() {
    let (disk, preload) = begin();
    fs::write(disk.path().join("site"), b"old").unwrap();
    let place = disk.path().display();
    let rename = format!("\nos.rename('{place}/new', '{place}/site')");
    python(&preload, &(opening(&disk, "new", "wb") + "f.write(b'new')" + &rename));
    preload.cut_power(Cut::Everything).unwrap();
    assert_eq!(fs::read(disk.path().join("site")).unwrap(), b"");
    python(&preload, &(opening(&disk, "new", "wb") + "f.write(b'new'); os.fsync(f.fileno())" + &rename));
    preload.cut_power(Cut::Everything).unwrap();
    assert_eq!(fs::read(disk.path().join("site")).unwrap(), b"new");
}

#[test]
fn a_file_cut_off_and_written_again_is_what_it_was_after_a_power_cut() {
    let (disk, preload) = begin();
    fs::write(disk.path().join("token"), b"secret").unwrap();
    python(&preload, &(opening(&disk, "token", "wb") + "f.write(b'x')"));
    assert_eq!(fs::read(disk.path().join("token")).unwrap(), b"x");
    preload.cut_power(Cut::Everything).unwrap();
    assert_eq!(fs::read(disk.path().join("token")).unwrap(), b"secret");
}

#[test]
fn writes_syncs_and_renames_fail_as_asked_and_are_counted() {
    let (disk, preload) = begin();
    let errors = |work: &str| {
        let program = opening(&disk, "f", "wb") + &format!("try: {work}\nexcept OSError as e: print(e.errno)");
        python(&preload, &program)
    };
    preload.set_disk(DiskFault { write: DiskFault::NO_SPACE, ..DiskFault::default() }).unwrap();
    assert_eq!(errors("f.write(b'x')"), "28");
    preload.set_disk(DiskFault { sync: DiskFault::IO, ..DiskFault::default() }).unwrap();
    assert_eq!(errors("f.write(b'x'); os.fsync(f.fileno())"), "5");
    preload.set_disk(DiskFault { rename: DiskFault::IO, ..DiskFault::default() }).unwrap();
    assert_eq!(errors("os.rename(f.name, f.name + '2')"), "5");
    preload.set_disk(DiskFault { write: DiskFault::IO, torn: true, ..DiskFault::default() }).unwrap();
    assert_eq!(errors("f.write(b'xyzx')"), "5");
    assert_eq!(fs::read(disk.path().join("f")).unwrap(), b"xy");
    preload.set_disk(DiskFault::default()).unwrap();
    assert_eq!(errors("f.write(b'x'); os.fsync(f.fileno())"), "");
    let counts = preload.counts().unwrap();
    assert_eq!((counts.failed_writes, counts.failed_syncs, counts.failed_renames), (2, 1, 1), "{counts:?}");
}

#[test]
fn other_folders_and_the_monotonic_clock_are_left_alone() {
    let (disk, preload) = begin();
    let elsewhere = tempfile::tempdir().unwrap();
    preload.set_disk(DiskFault { write: DiskFault::IO, ..DiskFault::default() }).unwrap();
    python(&preload, &(opening(&elsewhere, "f", "wb") + "f.write(b'x')"));
    assert_eq!(fs::read(elsewhere.path().join("f")).unwrap(), b"x");
    let clocks = "import time; print(int(time.time()), int(time.monotonic()))";
    let read = |preload: &Preload| -> Vec<i64> {
        python(preload, clocks).split(' ').map(|number| number.parse().unwrap()).collect()
    };
    let before = read(&preload);
    preload.set_clock(-3_600_000_000).unwrap();
    let after = read(&preload);
    assert!((-3600..-3400).contains(&(after[0] - before[0])), "{before:?} {after:?}");
    assert!((0..200).contains(&(after[1] - before[1])), "{before:?} {after:?}");
    preload.set_clock(-before[0] * 1_000_000).unwrap();
    assert!((0..400).contains(&read(&preload)[0]), "1970 again");
    drop(disk);
}
