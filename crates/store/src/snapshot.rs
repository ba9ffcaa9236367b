//! A copy of the store while it goes on: what is in its files now is never changed, only appended to or deleted whole, so a
//! copy is a list of open files with their present lengths. Small facts are told from memory.

use std::io;
use std::path::Path;
use std::sync::Arc;

use domain::Problem;

use crate::disk::DiskFile;
use crate::log::{head_of, segment_path};
use crate::notes::Notes;
use crate::store::Inner;
use crate::view::View;
use crate::writer::{Fact, Writer, live_facts};

/// The files of a store at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// In no order that matters.
    pub files: Vec<SnapshotFile>,
}

/// One file.
#[derive(Debug)]
pub struct SnapshotFile {
    /// Its path below the folder of the store, with `/`.
    pub name: String,
    /// Bytes that belong to the copy.
    pub len: u64,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Bytes(Vec<u8>),
    File(Arc<dyn DiskFile>),
}

impl SnapshotFile {
    fn bytes(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: name.to_owned(), len: bytes.len() as u64, content: Content::Bytes(bytes) }
    }

    fn file(name: String, len: u64, file: &Arc<dyn DiskFile>) -> Self {
        Self { name, len, content: Content::File(Arc::clone(file)) }
    }

    /// Fills `buf` from `offset`, or fails.
    pub fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        match &self.content {
            Content::File(file) => file.read_at(buf, offset),
            Content::Bytes(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let from = bytes.get(start..start.saturating_add(buf.len())).ok_or(io::ErrorKind::UnexpectedEof)?;
                buf.copy_from_slice(from);
                Ok(())
            }
        }
    }
}

impl Inner {
    pub(crate) fn snapshot(&self, history: bool) -> Result<Snapshot, Problem> {
        // whoever seals, trims or commits has the writer
        let writer = self.writer();
        let files = files(&self.view(), &writer, self.epoch, history);
        files.map(|files| Snapshot { files }).map_err(|error| self.problem("copying the store", &error))
    }
}

fn files(view: &View, writer: &Writer, epoch: u64, history: bool) -> io::Result<Vec<SnapshotFile>> {
    let facts = if history { live_facts(view) } else { cursors(view) };
    // one of two twins: whoever opens the copy writes the other
    let mut files = vec![
        SnapshotFile::bytes("dictionary.a", view.dictionary.text()?.into_bytes()),
        SnapshotFile::bytes("facts.a", Notes::text(facts)?.into_bytes()),
    ];
    if !history {
        // a segment without records tells which numbers come next
        let number = writer.next_segment;
        files.push(SnapshotFile::bytes(&segment_name(number), head_of(epoch, number, view.next)));
        return Ok(files);
    }
    for segment in view.segments.values() {
        files.push(SnapshotFile::file(segment_name(segment.number), segment.len(), &segment.file));
    }
    for (day, _) in view.days.values() {
        let [chunks, index] = day.names();
        files.push(SnapshotFile::file(chunks, day.file.size()?, &day.file));
        files.push(SnapshotFile::file(index, day.index.size()?, &day.index));
    }
    Ok(files)
}

fn segment_name(number: u64) -> String {
    segment_path(Path::new("log"), number).to_string_lossy().replace('\\', "/")
}

fn cursors(view: &View) -> Vec<Fact> {
    let cursor = |((name, stream), seq): (&(String, domain::Stream), &u64)| Fact::Cursor {
        name: name.clone(),
        stream: *stream,
        seq: Some(*seq),
    };
    view.cursors.iter().map(cursor).collect()
}
