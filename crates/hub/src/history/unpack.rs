//! Parcels to rows, and to the reasons of gaps. Pure: bytes in, values out.

use std::collections::HashMap;
use std::sync::Arc;

use domain::log_record::{self, GroupDef, LinearScale, LogBody, Packing, RawRecord, RecordError, RecordKind};
use domain::{GroupId, SeriesDef, SeriesId, Timestamp};
use link::Stream;
use link::parcel::{Gone, GoneReason, Parcel, records};

use super::row::{Label, Row, Wanted};

/// What one stream of one life means: what was told so far of its groups and packings.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    groups: HashMap<GroupId, Group>,
    packings: HashMap<(GroupId, u64), [Arc<Packing>; 1]>,
}

#[derive(Clone, Debug)]
struct Group {
    series: Vec<(SeriesId, Arc<Label>)>,
    scales: Vec<Option<LinearScale>>,
}

impl From<GroupDef> for Group {
    fn from(group: GroupDef) -> Self {
        let scales = group.series.iter().map(|(_, def)| def.scale).collect();
        let label = |def: SeriesDef| Arc::new(Label { tag: def.tag, unit: def.unit });
        Self { scales, series: group.series.into_iter().map(|(id, def)| (id, label(def))).collect() }
    }
}

impl Dictionary {
    /// Takes in what records tell, one behind the other. Gives how many could not be read: those and all behind the first.
    pub fn tell(&mut self, stream: Stream, bytes: &[u8]) -> u64 {
        let mut unreadable = 0;
        for record in records::read(stream, bytes) {
            let known = record.ok().and_then(|record| record.raw).is_some_and(|raw| self.hear(&raw).is_ok());
            unreadable += u64::from(!known);
        }
        unreadable
    }

    fn hear(&mut self, raw: &RawRecord<'_>) -> Result<(), RecordError> {
        match raw.decode(log_record::Meaning::default())? {
            LogBody::Define(group) => drop(self.groups.insert(group.group, group.into())),
            LogBody::Packing(packing) => {
                self.packings.insert((packing.group, packing.number), [Arc::new(packing)]);
            }
            _ => {}
        }
        Ok(())
    }

    fn meaning<'a>(&'a self, group: &'a Group, id: GroupId, packing: Option<u64>) -> log_record::Meaning<'a> {
        let packings = packing.and_then(|number| self.packings.get(&(id, number)));
        log_record::Meaning { scales: &group.scales, packings: packings.map_or(&[], <[_; 1]>::as_slice) }
    }
}

/// Why there is nothing for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The edge's wall clock was set.
    ClockStep,
    /// The edge's disk was nearly full.
    DiskFull,
    /// The bytes were damaged.
    Damaged,
    /// The edge's log or history reached its size.
    TooLarge,
    /// The hub had them once and was restored from an older backup.
    Released,
    /// The edge was restored from an older backup before it had sent them.
    Restored,
}

impl Reason {
    /// All.
    pub const ALL: [Self; 6] =
        [Self::ClockStep, Self::DiskFull, Self::Damaged, Self::TooLarge, Self::Released, Self::Restored];

    /// Its name where it is kept.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClockStep => "clock-step",
            Self::DiskFull => "disk-full",
            Self::Damaged => "damaged",
            Self::TooLarge => "too-large",
            Self::Released => "released",
            Self::Restored => "restored",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl From<GoneReason> for Reason {
    fn from(reason: GoneReason) -> Self {
        match reason {
            GoneReason::DiskFull => Self::DiskFull,
            GoneReason::Damaged => Self::Damaged,
            GoneReason::TooLarge => Self::TooLarge,
            GoneReason::Released => Self::Released,
            GoneReason::Restored => Self::Restored,
        }
    }
}

/// A stretch that an edge said something about, for gaps that lie in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The last arrival before it, or the first after it where that is all that is known.
    pub from: Timestamp,
    /// The first arrival after it, or the last before it.
    pub to: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// What parcels held.
#[derive(Clone, Debug, Default)]
pub struct Unpacked {
    /// Samples, in the order in which they came.
    pub rows: Vec<Row>,
    /// Reasons of gaps.
    pub marks: Vec<Mark>,
    /// Records that could not be read: their meaning is not known here, or they are damaged.
    pub unreadable: u64,
}

/// Unpacks the parcels of one stream of one life, to be given in the order of their numbers.
pub struct Unpacker {
    stream: domain::Stream,
    epoch: u64,
    dictionary: Dictionary,
    wanted: Wanted,
    /// Number and arrival of the record before.
    before: Option<(u64, Timestamp)>,
    /// Why what lies between that and the next arrival is gone.
    gone: Vec<Reason>,
    /// When the parcel came that is being unpacked.
    taken: Timestamp,
    out: Unpacked,
}

impl Unpacker {
    /// `dictionary` is what was told before these parcels.
    pub fn new(stream: domain::Stream, epoch: u64, dictionary: Dictionary, wanted: Wanted) -> Self {
        let (gone, out) = (Vec::new(), Unpacked::default());
        Self { stream, epoch, dictionary, wanted, before: None, gone, taken: Timestamp::MIN, out }
    }

    /// How many rows were unpacked so far.
    pub fn rows(&self) -> usize {
        self.out.rows.len()
    }

    /// How many records could not be read so far.
    pub fn unreadable(&self) -> u64 {
        self.out.unreadable
    }

    /// The next parcel, taken in at this time.
    pub fn parcel(&mut self, parcel: &Parcel, taken: Timestamp) {
        let header = &parcel.header;
        if self.before.is_some_and(|(number, _)| number.saturating_add(1) != header.first) {
            self.mark_gone(None);
            self.before = None;
        }
        self.taken = taken;
        self.out.unreadable += self.dictionary.tell(header.stream, &parcel.told);
        let mut gone = header.gone.iter().peekable();
        for record in records::read(header.stream, &parcel.records) {
            let Some((number, raw)) = record.ok().and_then(|record| Some((record.number, record.raw?))) else {
                self.out.unreadable += 1;
                break;
            };
            while let Some(range) = gone.next_if(|range| range.first < number) {
                self.gone(range);
            }
            if self.record(&raw, number).is_err() {
                self.out.unreadable += 1;
            }
        }
        for range in gone {
            self.gone(range);
        }
    }

    /// A parcel that cannot be read at all.
    pub fn damaged(&mut self) {
        self.out.unreadable += 1;
        self.gone.push(Reason::Damaged);
    }

    /// What was unpacked.
    pub fn finish(mut self) -> Unpacked {
        self.mark_gone(None);
        self.out
    }

    fn gone(&mut self, range: &Gone) {
        self.gone.push(range.reason.into());
        self.move_on(range.last);
    }

    /// To a record, or the end of a range, that tells no time.
    fn move_on(&mut self, number: u64) {
        self.before = self.before.map(|(_, arrival)| (number, arrival));
    }

    /// Marks what is gone before this arrival, or before the end.
    fn mark_gone(&mut self, after: Option<Timestamp>) {
        let before = self.before.map(|(_, arrival)| arrival);
        let from = before.or(after).unwrap_or(self.taken);
        let to = after.unwrap_or(from);
        let mark = |reason| Mark { from: from.min(to), to, reason };
        self.out.marks.extend(self.gone.drain(..).map(mark));
    }

    fn arrived(&mut self, number: u64, arrival: Timestamp) {
        self.mark_gone(Some(arrival));
        self.before = Some((number, arrival));
    }

    fn record(&mut self, raw: &RawRecord<'_>, number: u64) -> Result<(), RecordError> {
        match raw.kind {
            RecordKind::Scan => return self.scan(raw, number),
            RecordKind::Define | RecordKind::Packing => {
                self.dictionary.hear(raw)?;
                self.move_on(number);
            }
            RecordKind::Era | RecordKind::Drop => match raw.decode(log_record::Meaning::default())? {
                LogBody::Era(era) => {
                    self.arrived(number, era.before);
                    self.said(era.before, era.after, Reason::ClockStep);
                    self.before = Some((number, era.after));
                }
                LogBody::Drop(drop) => {
                    self.said(drop.from, drop.to, GoneReason::from(drop.reason).into());
                    self.move_on(number);
                }
                _ => {}
            },
        }
        Ok(())
    }

    /// A mark whose times the edge itself says.
    fn said(&mut self, from: Timestamp, to: Timestamp, reason: Reason) {
        self.out.marks.push(Mark { from, to: to.max(from), reason });
    }

    fn scan(&mut self, raw: &RawRecord<'_>, number: u64) -> Result<(), RecordError> {
        let scan = raw.scan()?;
        self.arrived(number, scan.arrival);
        if !self.wanted.is_at(scan.arrival) {
            return Ok(());
        }
        let group = self.dictionary.groups.get(&scan.group).ok_or(RecordError::Layout("group"))?;
        if group.series.len() != scan.count {
            return Err(RecordError::Layout("count"));
        }
        let wanted = group.series.iter().enumerate().filter(|(_, (series, label))| self.wanted.is_of(*series, label));
        let wanted: Vec<usize> = wanted.map(|(position, _)| position).collect();
        let start = self.out.rows.len();
        let meaning = self.dictionary.meaning(group, scan.group, scan.packing());
        let read = scan.columns(&wanted, meaning, |index, value, quality| {
            let (series, label) = &group.series[wanted[index]];
            self.out.rows.push(Row {
                series: *series,
                label: Arc::clone(label),
                arrival: scan.arrival,
                source: scan.source,
                value,
                quality,
                stream: self.stream,
                epoch: self.epoch,
                number,
            });
        });
        if read.is_err() {
            // all of a scan or none of it
            self.out.rows.truncate(start);
        }
        read
    }
}
