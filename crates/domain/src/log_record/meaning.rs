//! What a reader must know besides a record's own bytes to understand it, and how a reader of a stream comes to know it.

use std::collections::HashMap;
use std::sync::Arc;

use super::{GroupDef, LinearScale, LogBody, Packing, RawRecord, RecordError, RecordKind};
use crate::GroupId;

/// What is needed to read the scans of one group.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meaning<'a> {
    /// The scales of the group's series; unpacked scans need them.
    pub scales: &'a [Option<LinearScale>],
    /// The group's packings, ascending by number; a packed scan needs the one that it names.
    pub packings: &'a [Arc<Packing>],
}

impl<'a> Meaning<'a> {
    /// With scales alone.
    pub fn scales(scales: &'a [Option<LinearScale>]) -> Self {
        Self { scales, packings: &[] }
    }

    /// The packing with this number.
    pub(super) fn packing(&self, number: u64) -> Result<&'a Packing, RecordError> {
        // nearly always the newest
        let found = self.packings.iter().rev().find(|packing| packing.number == number);
        found.map(Arc::as_ref).ok_or(RecordError::Packing(number))
    }
}

/// What one stream has told so far: whoever reads it from its start, or from where a file of the log begins, gives every
/// record to [`Meanings::read`] in order and gets it decoded. Bounded by the groups there are: of each the newest packings.
#[derive(Clone, Debug, Default)]
pub struct Meanings {
    groups: HashMap<GroupId, GroupDef>,
    scales: HashMap<GroupId, Vec<Option<LinearScale>>>,
    packings: HashMap<GroupId, Vec<Arc<Packing>>>,
}

/// A packing is replaced now and then; a few older ones are kept for records that come late.
const PACKINGS: usize = 8;

impl Meanings {
    /// Decodes a record and remembers what it tells about later ones.
    pub fn read(&mut self, record: &RawRecord<'_>) -> Result<LogBody, RecordError> {
        let body = match record.kind {
            RecordKind::Scan => {
                let scan = record.scan()?;
                LogBody::Scan(scan.to_scan(self.of(scan.group))?)
            }
            _ => record.decode(Meaning::default())?,
        };
        match &body {
            LogBody::Define(group) => {
                let scales = group.series.iter().map(|(_, def)| def.scale).collect();
                self.scales.insert(group.group, scales);
                self.groups.insert(group.group, group.clone());
            }
            LogBody::Packing(packing) => know(self.packings.entry(packing.group).or_default(), packing, PACKINGS),
            _ => {}
        }
        Ok(body)
    }

    /// What a group's series are, if it was told.
    pub fn group(&self, group: GroupId) -> Option<&GroupDef> {
        self.groups.get(&group)
    }

    /// What is known for reading scans of this group.
    pub fn of(&self, group: GroupId) -> Meaning<'_> {
        Meaning {
            scales: self.scales.get(&group).map_or(&[], Vec::as_slice),
            packings: self.packings.get(&group).map_or(&[], Vec::as_slice),
        }
    }
}

/// Adds a packing to those of its group, in order, and lets the oldest go when there are more than `limit`.
fn know(packings: &mut Vec<Arc<Packing>>, packing: &Packing, limit: usize) {
    match packings.binary_search_by_key(&packing.number, |known| known.number) {
        Ok(place) => packings[place] = Arc::new(packing.clone()),
        Err(place) => packings.insert(place, Arc::new(packing.clone())),
    }
    if packings.len() > limit {
        packings.remove(0);
    }
}
