//! A store with some groups, and a disk in memory that can lose its power.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use domain::log_record::{LogBody, Meaning, Meanings, RawRecord};
use domain::{GroupId, Quality, Scan, SeriesDef, SeriesId, Stream, Timestamp, Value, ValueType};
use store::disk::{Disk, DiskFile};
use store::{LinearScale, OpenReport, Store, StoreOptions};

/// 2026-11-22T00:00:00Z
pub(crate) const START: i64 = 1_795_305_600_000;

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

pub(crate) fn options(dir: impl Into<PathBuf>) -> StoreOptions {
    StoreOptions { reserve: 0, ballast: 0, segment: 8 << 10, ..StoreOptions::new(dir, 0x5eed_d1ce_9a3c_77b1) }
}

pub(crate) fn open(dir: &Path, now: i64) -> (Store, OpenReport) {
    Store::open(options(dir), at(now)).expect("the store opens")
}

/// Defines `count` number series `t<n>`, every second one with a scale.
pub(crate) fn series(store: &Store, count: u32) -> Vec<SeriesId> {
    let def = |number: u32| SeriesDef {
        tag: format!("line/t{number}").parse().unwrap(),
        value_type: ValueType::F64,
        unit: "mm/s".into(),
        scale: (number % 2 == 1).then_some(LinearScale { factor: 0.1, offset: 4.0 }),
    };
    (0..count).map(|number| store.define_series(&def(number)).unwrap()).collect()
}

pub(crate) fn group(store: &Store, width: u32) -> (GroupId, Vec<SeriesId>) {
    let series = series(store, width);
    (store.define_group(&series).unwrap(), series)
}

/// One good scan of numbers.
pub(crate) fn scan(group: GroupId, millis: i64, numbers: &[f64]) -> (Stream, Scan) {
    let values = numbers.iter().map(|number| Value::from_f64(*number)).collect();
    let qualities = vec![Quality::GOOD; numbers.len()];
    (Stream::Data, Scan { group, arrival: at(millis), source: None, values, qualities })
}

/// Decodes a record of the log. A definition may lie in a part of it that is gone; whoever read it then knows it still.
pub(crate) fn body(store: &Store, meanings: &mut Meanings, record: &RawRecord<'_>) -> LogBody {
    let Ok(scan) = record.scan() else { return meanings.read(record).unwrap() };
    let scales = store.scales(scan.group);
    record.decode(Meaning { scales: &scales, packings: meanings.of(scan.group).packings }).unwrap()
}

/// A file in memory: what it is, and what would be left after a power cut.
#[derive(Debug, Default)]
struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
}

#[derive(Debug, Default)]
struct Names {
    now: BTreeMap<PathBuf, Arc<Mutex<Content>>>,
    synced: BTreeMap<PathBuf, Arc<Mutex<Content>>>,
}

/// A disk in memory. It can lose its power after some changes, fail single changes, and be full.
#[derive(Debug, Default)]
pub(crate) struct MemDisk {
    names: Mutex<Names>,
    locked: Arc<AtomicBool>,
    /// Changes left until the power goes; 0 is gone.
    power: Option<AtomicU64>,
    /// The change with this number fails, half done.
    fault: AtomicU64,
    done: AtomicU64,
    /// Free bytes.
    pub(crate) free: AtomicU64,
}

#[derive(Debug)]
struct MemFile {
    content: Arc<Mutex<Content>>,
    disk: Arc<MemDisk>,
}

/// [`Disk`] is for whoever opens, so that files can reach their disk.
#[derive(Debug, Clone)]
pub(crate) struct Mem(pub(crate) Arc<MemDisk>);

impl Mem {
    pub(crate) fn new() -> Self {
        Self(Arc::new(MemDisk { free: AtomicU64::new(u64::MAX / 2), ..MemDisk::default() }))
    }

    /// The `nth` change from now fails.
    pub(crate) fn fail_after(&self, changes: u64) {
        self.0.fault.store(self.0.done.load(Ordering::SeqCst) + changes + 1, Ordering::SeqCst);
    }

    /// The same contents on a disk whose power goes after `changes`.
    pub(crate) fn with_power_for(&self, changes: u64) -> Self {
        let names = self.0.names.lock().unwrap();
        let copy = |names: &BTreeMap<PathBuf, Arc<Mutex<Content>>>| {
            names.iter().map(|(path, content)| (path.clone(), Arc::clone(content))).collect()
        };
        let names = Names { now: copy(&names.now), synced: copy(&names.synced) };
        Self(Arc::new(MemDisk {
            names: Mutex::new(names),
            power: Some(AtomicU64::new(changes + 1)),
            free: AtomicU64::new(u64::MAX / 2),
            ..MemDisk::default()
        }))
    }

    /// What a power cut leaves: everything synced, and of the rest whatever `keep` says page by page.
    pub(crate) fn after_power_cut(&self, mut keep: impl FnMut() -> bool) -> Self {
        let names = self.0.names.lock().unwrap();
        let mut left: BTreeMap<PathBuf, Arc<Mutex<Content>>> = BTreeMap::new();
        let mut paths: Vec<&PathBuf> = names.now.keys().chain(names.synced.keys()).collect();
        paths.sort();
        paths.dedup();
        for path in paths {
            let content = match (names.now.get(path), names.synced.get(path)) {
                (Some(now), Some(synced)) if Arc::ptr_eq(now, synced) => now,
                (Some(now), Some(synced)) => {
                    if keep() {
                        now
                    } else {
                        synced
                    }
                }
                (Some(only), None) | (None, Some(only)) => {
                    if !keep() {
                        continue;
                    }
                    only
                }
                (None, None) => continue,
            };
            let bytes = torn(&content.lock().unwrap(), &mut keep);
            let content = Content { now: bytes.clone(), synced: bytes };
            left.insert(path.clone(), Arc::new(Mutex::new(content)));
        }
        let names = Names { now: left.clone(), synced: left };
        let disk = MemDisk { names: Mutex::new(names), free: AtomicU64::new(u64::MAX / 2), ..MemDisk::default() };
        Self(Arc::new(disk))
    }

    /// All files with their sizes.
    pub(crate) fn files(&self) -> Vec<(PathBuf, usize)> {
        let names = self.0.names.lock().unwrap();
        names.now.iter().map(|(path, content)| (path.clone(), content.lock().unwrap().now.len())).collect()
    }

    pub(crate) fn flip(&self, path: &Path, offset: usize, bit: u8) {
        let names = self.0.names.lock().unwrap();
        let mut content = names.now[path].lock().unwrap();
        content.now[offset] ^= 1 << bit;
        let content = &mut *content;
        content.synced.clone_from(&content.now);
    }

    /// An independent copy.
    pub(crate) fn copy(&self) -> Self {
        self.after_power_cut(|| true)
    }
}

/// Synced content, with some of the pages and some of the length that were not synced.
fn torn(content: &Content, keep: &mut impl FnMut() -> bool) -> Vec<u8> {
    const PAGE: usize = 512;
    if content.now == content.synced {
        return content.now.clone();
    }
    let len = if keep() { content.now.len() } else { content.synced.len() };
    let mut bytes = content.synced.clone();
    bytes.resize(len, 0);
    for start in (0..len.min(content.now.len())).step_by(PAGE) {
        let end = (start + PAGE).min(len).min(content.now.len());
        if keep() {
            bytes[start..end].copy_from_slice(&content.now[start..end]);
        }
    }
    bytes
}

impl MemDisk {
    /// Counts a change; an error when it must not happen. `true` asks for a half-done one.
    fn change(&self) -> io::Result<bool> {
        let number = self.done.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(power) = &self.power {
            let left = power.load(Ordering::SeqCst);
            if left <= 1 {
                power.store(0, Ordering::SeqCst);
                return if left == 1 { Ok(true) } else { Err(io::Error::other("the power is gone")) };
            }
            power.store(left - 1, Ordering::SeqCst);
        }
        Ok(number == self.fault.load(Ordering::SeqCst))
    }
}

fn half() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "failed half-way")
}

impl DiskFile for MemFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.content.lock().unwrap().now.len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let content = self.content.lock().unwrap();
        let start = usize::try_from(offset).unwrap();
        let bytes = content.now.get(start..start + buf.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let failed = self.disk.change()?;
        let bytes = if failed { &bytes[..bytes.len() / 2] } else { bytes };
        let mut content = self.content.lock().unwrap();
        let (start, end) = (usize::try_from(offset).unwrap(), usize::try_from(offset).unwrap() + bytes.len());
        let len = content.now.len().max(end);
        content.now.resize(len, 0);
        content.now[start..end].copy_from_slice(bytes);
        if failed { Err(half()) } else { Ok(()) }
    }

    fn sync(&self) -> io::Result<()> {
        if self.disk.change()? {
            return Err(half());
        }
        let mut content = self.content.lock().unwrap();
        let content = &mut *content;
        content.synced.clone_from(&content.now);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if self.disk.change()? {
            return Err(half());
        }
        self.content.lock().unwrap().now.resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }
}

struct Unlock(Arc<AtomicBool>);

impl Drop for Unlock {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Disk for Mem {
    fn open(&self, path: &Path, create: bool) -> io::Result<Arc<dyn DiskFile>> {
        let known = self.0.names.lock().unwrap().now.get(path).cloned();
        let content = match known {
            Some(content) => content,
            None if create => {
                if self.0.change()? {
                    return Err(half());
                }
                let content = Arc::default();
                self.0.names.lock().unwrap().now.insert(path.to_owned(), Arc::clone(&content));
                content
            }
            None => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(Arc::new(MemFile { content, disk: Arc::clone(&self.0) }))
    }

    fn create_dir(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let names = self.0.names.lock().unwrap();
        let name = |file: &PathBuf| file.strip_prefix(path).ok()?.iter().next()?.to_str().map(str::to_owned);
        let mut names: Vec<String> = names.now.keys().filter_map(name).collect();
        names.dedup();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.0.change()? {
            return Err(half());
        }
        let mut names = self.0.names.lock().unwrap();
        let moved: Vec<PathBuf> = names.now.keys().filter(|path| path.starts_with(from)).cloned().collect();
        for path in moved {
            let content = names.now.remove(&path).unwrap();
            let rest = path.strip_prefix(from).unwrap();
            let new = if rest.as_os_str().is_empty() { to.to_owned() } else { to.join(rest) };
            names.now.insert(new, content);
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if self.0.change()? {
            return Err(half());
        }
        self.0.names.lock().unwrap().now.remove(path).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if self.0.change()? {
            return Err(half());
        }
        let mut names = self.0.names.lock().unwrap();
        let names = &mut *names;
        let inside = |file: &Path| file.parent() == Some(path);
        names.synced.retain(|file, _| !inside(file));
        let now = names.now.iter().filter(|(file, _)| inside(file));
        names.synced.extend(now.map(|(file, content)| (file.clone(), Arc::clone(content))));
        Ok(())
    }

    fn free(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.0.free.load(Ordering::SeqCst))
    }

    fn lock(&self, _path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        if self.0.locked.swap(true, Ordering::SeqCst) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Unlock(Arc::clone(&self.0.locked))))
    }
}
