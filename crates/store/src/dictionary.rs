//! What series and group numbers mean. Numbers are given once and never again within an epoch.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use domain::log_record::GroupDef;
use domain::{GroupId, LinearScale, Problem, SeriesDef, SeriesId, TagPath};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::disk::Disk;
use crate::notes::Notes;

/// The layout of the folder that this program writes: 2 has packed scans in its log.
const FORMAT: u32 = 2;
/// The oldest layout that is read, and made a newer one of by the first record that is written.
const OLDEST: u32 = 1;

/// One line of the dictionary.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Fact {
    /// A life began; `first` are the numbers of its first records.
    Store {
        format: u32,
        epoch: u64,
        #[serde(default = "one_each")]
        first: [u64; 2],
    },
    Series {
        id: u32,
        def: SeriesDef,
    },
    Group {
        id: u32,
        series: Vec<u32>,
    },
}

/// What stores wrote that had one life.
fn one_each() -> [u64; 2] {
    [1; 2]
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Dictionary {
    notes: Notes,
    pub(crate) epoch: u64,
    /// Every life with the numbers of its first records, the present one last.
    pub(crate) lives: Vec<(u64, [u64; 2])>,
    series: HashMap<SeriesId, Series>,
    by_tag: HashMap<TagPath, SmallVec<[SeriesId; 2]>>,
    groups: HashMap<GroupId, Arc<Group>>,
    by_list: HashMap<Arc<[SeriesId]>, GroupId>,
    next_series: u32,
    next_group: u32,
}

/// What is known of a series.
#[derive(Debug)]
struct Series {
    def: Arc<SeriesDef>,
    /// The groups it is or was in, with its position.
    groups: SmallVec<[(GroupId, u32); 1]>,
}

/// A scan group as the store needs it.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its list.
    pub(crate) series: Arc<[SeriesId]>,
    /// The scale of each.
    pub(crate) scales: Vec<Option<LinearScale>>,
}

/// What opening found.
#[derive(Debug)]
pub(crate) enum Found {
    /// A dictionary with its damaged and lost lines.
    Known { damaged: u64, lost: u64 },
    /// No line at all: a new folder, or everything is lost.
    Nothing,
    /// Written by a newer program.
    Newer(u32),
}

impl Dictionary {
    pub(crate) fn open(disk: &Arc<dyn Disk>, dir: &Path) -> io::Result<(Self, Found)> {
        let (notes, loaded) = Notes::open::<Fact>(disk, dir, "dictionary")?;
        let mut dictionary = Self {
            notes,
            epoch: 0,
            lives: Vec::new(),
            series: HashMap::new(),
            by_tag: HashMap::new(),
            groups: HashMap::new(),
            by_list: HashMap::new(),
            next_series: 1,
            next_group: 1,
        };
        let mut store = None;
        for fact in loaded.facts {
            match fact {
                Fact::Store { format, epoch, first } => {
                    store = Some((format, epoch, first));
                    if dictionary.lives.last().is_none_or(|(last, _)| *last != epoch) {
                        dictionary.lives.push((epoch, first));
                    }
                }
                Fact::Series { id, def } => dictionary.know_series(SeriesId(id), def),
                Fact::Group { id, series } => {
                    dictionary.know_group(GroupId(id), series.into_iter().map(SeriesId).collect());
                }
            }
        }
        let found = match store {
            Some((format @ OLDEST..=FORMAT, epoch, first)) => {
                dictionary.epoch = epoch;
                if format < FORMAT {
                    // an older program must not take packed scans for damage
                    dictionary.notes.add(&Fact::Store { format: FORMAT, epoch, first })?;
                }
                // numbers of lost lines may be in use in history: they are never given again
                let lost = u32::try_from(loaded.lost).unwrap_or(u32::MAX);
                dictionary.next_series = dictionary.next_series.saturating_add(lost);
                dictionary.next_group = dictionary.next_group.saturating_add(lost);
                Found::Known { damaged: loaded.damaged, lost: loaded.lost }
            }
            Some((format, ..)) => Found::Newer(format),
            None => Found::Nothing,
        };
        Ok((dictionary, found))
    }

    /// Begins a life, whose first records have these numbers.
    pub(crate) fn begin(&mut self, epoch: u64, first: [u64; 2]) -> io::Result<()> {
        self.epoch = epoch;
        self.lives.push((epoch, first));
        self.notes.add(&Fact::Store { format: FORMAT, epoch, first })?;
        self.notes.sync()
    }

    /// Everything that is known, as the text of one of its files.
    pub(crate) fn text(&self) -> io::Result<String> {
        let lives =
            self.lives.iter().map(|(epoch, first)| Fact::Store { format: FORMAT, epoch: *epoch, first: *first });
        let series =
            self.all_series().into_iter().map(|(id, def)| Fact::Series { id: id.0, def: SeriesDef::clone(&def) });
        let mut groups: Vec<_> = self.groups.iter().map(|(id, group)| (id.0, Arc::clone(&group.series))).collect();
        groups.sort_unstable_by_key(|(id, _)| *id);
        let groups =
            groups.into_iter().map(|(id, series)| Fact::Group { id, series: series.iter().map(|id| id.0).collect() });
        Notes::text(lives.chain(series).chain(groups))
    }

    /// The number of this meaning, a new one if nobody asked before.
    pub(crate) fn define_series(&mut self, def: &SeriesDef) -> io::Result<SeriesId> {
        let known = self.by_tag.get(&def.tag).and_then(|ids| ids.iter().find(|id| *self.series[id].def == *def));
        if let Some(id) = known {
            return Ok(*id);
        }
        let id = SeriesId(self.next_series);
        self.notes.add(&Fact::Series { id: id.0, def: def.clone() })?;
        self.know_series(id, def.clone());
        Ok(id)
    }

    /// The number of this list, a new one if nobody asked before.
    pub(crate) fn define_group(&mut self, series: &[SeriesId]) -> Result<io::Result<GroupId>, Problem> {
        if let Some(id) = self.by_list.get(series) {
            return Ok(Ok(*id));
        }
        let mut sorted = series.to_vec();
        sorted.sort_unstable();
        if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Problem::new(
                "group.series-twice",
                "scan group",
                format!("series {} is in it twice", twice[0].0),
            ));
        }
        if let Some(unknown) = series.iter().find(|id| !self.series.contains_key(id)) {
            return Err(Problem::new("series.unknown", "scan group", format!("nobody defined series {}", unknown.0)));
        }
        let id = GroupId(self.next_group);
        Ok(self.notes.add(&Fact::Group { id: id.0, series: series.iter().map(|id| id.0).collect() }).map(|()| {
            self.know_group(id, series.into());
            id
        }))
    }

    fn know_series(&mut self, id: SeriesId, def: SeriesDef) {
        self.by_tag.entry(def.tag.clone()).or_default().push(id);
        self.series.insert(id, Series { def: Arc::new(def), groups: SmallVec::new() });
        self.next_series = self.next_series.max(id.0.saturating_add(1));
    }

    fn know_group(&mut self, id: GroupId, series: Arc<[SeriesId]>) {
        for (position, series) in series.iter().enumerate() {
            let position = u32::try_from(position).unwrap_or(u32::MAX);
            if let Some(series) = self.series.get_mut(series) {
                series.groups.push((id, position));
            }
        }
        let scales = series.iter().map(|id| self.series.get(id).and_then(|series| series.def.scale)).collect();
        self.by_list.insert(Arc::clone(&series), id);
        self.groups.insert(id, Arc::new(Group { series, scales }));
        self.next_group = self.next_group.max(id.0.saturating_add(1));
    }

    /// Definitions are on the disk when this returns.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.notes.sync()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.notes.bytes()
    }

    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.series.len() as u64, self.groups.len() as u64)
    }

    pub(crate) fn series(&self, id: SeriesId) -> Option<Arc<SeriesDef>> {
        self.series.get(&id).map(|series| Arc::clone(&series.def))
    }

    /// All meanings a tag ever had, the newest last.
    pub(crate) fn series_of(&self, tag: &TagPath) -> Vec<SeriesId> {
        self.by_tag.get(tag).map_or_else(Vec::new, |ids| ids.to_vec())
    }

    pub(crate) fn all_series(&self) -> Vec<(SeriesId, Arc<SeriesDef>)> {
        let mut all: Vec<_> = self.series.iter().map(|(id, series)| (*id, Arc::clone(&series.def))).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all
    }

    pub(crate) fn group(&self, id: GroupId) -> Option<Arc<Group>> {
        self.groups.get(&id).map(Arc::clone)
    }

    /// The groups a series is or was in, with its position.
    pub(crate) fn groups_of(&self, series: SeriesId) -> impl Iterator<Item = (GroupId, usize)> + '_ {
        self.series
            .get(&series)
            .into_iter()
            .flat_map(|series| &series.groups)
            .map(|(group, position)| (*group, *position as usize))
    }

    /// What a stream tells about a group before its first scan. Series lost to damage are left out.
    pub(crate) fn definition(&self, group: GroupId) -> Option<GroupDef> {
        let series = self.groups.get(&group)?.series.iter();
        let series = series.filter_map(|id| Some((*id, SeriesDef::clone(&self.series.get(id)?.def)))).collect();
        Some(GroupDef { group, series })
    }
}
