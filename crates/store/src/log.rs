//! The log on disk: records one behind the other in files ("segments") that are only appended to and deleted whole.
//!
//! Both streams share the segments, so a second of everything is one write and one sync. A segment begins with the
//! sequence numbers that come next, so the segment of any record is known from the heads alone.

mod scan;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::log_record::RawRecord;

pub(crate) use self::scan::{Found, ends_torn, scan};
use crate::bytes::{Reader, seal_with_crc, sealed_content};
use crate::disk::{Disk, DiskFile};

const MAGIC: &[u8; 8] = b"LMLOG\0\0\x01";
/// Bytes of the head of a segment.
pub(crate) const HEAD: u64 = 44;

/// One file of the log.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    /// The life of the store in which it was written.
    pub(crate) epoch: u64,
    pub(crate) file: Arc<dyn DiskFile>,
    /// Bytes that are synced and served.
    len: AtomicU64,
    /// The sequence numbers that were next when it was begun.
    pub(crate) first: [u64; 2],
}

pub(crate) fn segment_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:012}.log"))
}

/// The number in a segment's name.
pub(crate) fn segment_number(name: &str) -> Option<u64> {
    name.strip_suffix(".log")?.parse().ok()
}

impl Segment {
    pub(crate) fn create(disk: &dyn Disk, dir: &Path, number: u64, epoch: u64, first: [u64; 2]) -> io::Result<Self> {
        let file = disk.open(&segment_path(dir, number), true)?;
        file.set_len(0)?;
        file.write_at(&head_of(epoch, number, first), 0)?;
        file.sync()?;
        disk.sync_dir(dir)?;
        Ok(Self { number, epoch, file, len: AtomicU64::new(HEAD), first })
    }

    /// Opens one that is there, of one of these lives. None in `first` when its head is damaged; then the records have to
    /// tell, its life too.
    pub(crate) fn open(
        disk: &dyn Disk,
        dir: &Path,
        number: u64,
        lives: &[u64],
    ) -> io::Result<(Self, Option<[u64; 2]>)> {
        let file = disk.open(&segment_path(dir, number), false)?;
        let size = file.size()?;
        let mut head = vec![0; usize::try_from(size.min(HEAD)).unwrap_or(0)];
        file.read_at(&mut head, 0)?;
        let (epoch, first) = match read_head(&head, number) {
            Some((epoch, first)) if lives.contains(&epoch) => (epoch, Some(first)),
            _ => (lives.last().copied().unwrap_or_default(), None),
        };
        let len = AtomicU64::new(size.max(HEAD));
        Ok((Self { number, epoch, file, len, first: first.unwrap_or_default() }, first))
    }

    /// Bytes that are synced.
    pub(crate) fn len(&self) -> u64 {
        self.len.load(Ordering::Acquire)
    }

    /// Bytes of the file, which may be more.
    pub(crate) fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    /// Writes and syncs. When this fails nothing of it counts, and the segment must not be used any more.
    pub(crate) fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let len = self.len();
        let written = self.file.write_at(bytes, len).and_then(|()| self.file.sync());
        if let Err(error) = written {
            // As far as it goes: what remains is recognised by the next segment's head.
            drop(self.file.set_len(len));
            return Err(error);
        }
        self.len.store(len + bytes.len() as u64, Ordering::Release);
        Ok(())
    }

    /// Cuts off what is behind `len`.
    pub(crate) fn cut(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)?;
        self.file.sync()?;
        self.len.store(len, Ordering::Release);
        Ok(())
    }

    pub(crate) fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_at(buf, offset)
    }
}

/// The head of a segment.
pub(crate) fn head_of(epoch: u64, number: u64, first: [u64; 2]) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    for field in [epoch, number, first[0], first[1]] {
        head.extend_from_slice(&field.to_le_bytes());
    }
    seal_with_crc(&mut head);
    head
}

fn read_head(head: &[u8], number: u64) -> Option<(u64, [u64; 2])> {
    let mut reader = Reader::new(sealed_content(head)?.strip_prefix(MAGIC)?);
    let (epoch, found_number) = (reader.u64()?, reader.u64()?);
    let first = [reader.u64()?, reader.u64()?];
    (found_number == number).then_some((epoch, first))
}

/// Where one scan of the tail lies, so that history can serve it from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) seq: u64,
    pub(crate) arrival: i64,
    pub(crate) segment: u32,
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

impl Row {
    /// Ascends in the order in which scans were written.
    pub(crate) fn place(&self) -> (u32, u32) {
        (self.segment, self.offset)
    }

    /// None when it lies beyond what a segment may hold.
    pub(crate) fn new(record: &RawRecord<'_>, arrival: i64, segment: u64, offset: u64) -> Option<Self> {
        Some(Self {
            seq: record.head.seq,
            arrival,
            segment: u32::try_from(segment).ok()?,
            offset: u32::try_from(offset).ok()?,
            len: u32::try_from(record.bytes.len()).ok()?,
        })
    }
}
