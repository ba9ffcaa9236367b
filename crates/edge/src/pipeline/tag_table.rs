//! The latest value of every tag. Each scan passes here once and is handed on to whoever follows its group.
//!
//! Handing on never waits: a follower that is too slow loses scans, and the loss is counted under its name.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::unit::Unit;
use domain::{GroupId, Quality, Scan, SeriesId, TagPath, Timestamp, Value};
use tokio::sync::mpsc;

use crate::clock::Clock;

/// Where a tag's values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Read from a device.
    Device,
    /// A local variable, written by people.
    Variable,
    /// An output of a deployment.
    Prediction,
}

/// What the path needs to know of a tag besides its values. There may be a hundred thousand: what only screens need is
/// in the configuration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TagInfo {
    /// Place and name.
    pub path: TagPath,
    /// Where its values come from.
    pub origin: Origin,
    /// The number of its meaning.
    pub series: SeriesId,
    /// Engineering unit.
    pub unit: Option<Unit>,
    /// Older than this is shown as stale.
    pub stale_after: Duration,
    /// The plant's word for each bad quality, by the key of the site's file; none for most.
    pub words: Option<Arc<BTreeMap<String, String>>>,
}

/// The newest sample of a tag.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Latest {
    /// When it came.
    pub arrival: Timestamp,
    /// When the device says it was true.
    pub source: Option<Timestamp>,
    /// None with a bad quality.
    pub value: Option<Value>,
    /// As it came; see [`Latest::quality_at`] for now.
    pub quality: Quality,
    /// Since when the quality has been what it is.
    pub since: Timestamp,
}

impl Latest {
    /// Quality now: what was good becomes stale by age, never because it is flat.
    pub(crate) fn quality_at(&self, now: Timestamp, stale_after: Duration) -> Quality {
        if self.quality.is_good() && now.since(self.arrival) > stale_after { Quality::STALE } else { self.quality }
    }
}

/// A tag and its newest sample, if one has come.
pub(crate) type Known = (Arc<TagInfo>, Option<Latest>);

/// See the module.
#[derive(Debug)]
pub(crate) struct TagTable {
    tags: RwLock<Tags>,
    followers: RwLock<Vec<Follower>>,
    samples: AtomicU64,
    /// Stamping a scan and handing it on are one step for whoever asks how far the path has come.
    gate: RwLock<()>,
}

#[derive(Debug, Default)]
struct Tags {
    version: u64,
    slots: Vec<Slot>,
    /// Slots of withdrawn tags, to be used again.
    free: Vec<usize>,
    by_path: HashMap<TagPath, usize>,
    groups: HashMap<GroupId, Arc<[usize]>>,
}

#[derive(Debug)]
struct Slot {
    info: Arc<TagInfo>,
    latest: Option<Latest>,
    /// The group it is scanned in, and its position there.
    place: (GroupId, u32),
    declared: bool,
    /// Told as stale; see [`TagTable::sweep`].
    stale: bool,
    /// The table's version when this slot changed last.
    version: u64,
}

#[derive(Debug)]
struct Follower {
    name: String,
    groups: Option<HashSet<GroupId>>,
    sender: mpsc::Sender<Arc<Scan>>,
    lost: Arc<AtomicU64>,
}

impl Default for TagTable {
    fn default() -> Self {
        Self {
            tags: RwLock::default(),
            followers: RwLock::default(),
            samples: AtomicU64::new(0),
            gate: RwLock::default(),
        }
    }
}

impl TagTable {
    /// Declares a group and its tags, in order. A tag that is known keeps its latest value if its meaning is the same.
    pub(crate) fn declare(&self, group: GroupId, infos: Vec<TagInfo>) {
        let mut tags = self.tags.write().unwrap_or_else(PoisonError::into_inner);
        let indexes: Vec<usize> =
            (0..).zip(infos).map(|(position, info)| tags.declare(info, (group, position))).collect();
        tags.groups.insert(group, indexes.into());
    }

    /// Withdraws every group that is not among `kept`, and their tags.
    pub(crate) fn keep_only(&self, kept: &HashSet<GroupId>) {
        let mut tags = self.tags.write().unwrap_or_else(PoisonError::into_inner);
        tags.groups.retain(|group, _| kept.contains(group));
        let alive: HashSet<usize> = tags.groups.values().flat_map(|indexes| indexes.iter().copied()).collect();
        for (index, slot) in tags.slots.iter_mut().enumerate() {
            slot.declared = alive.contains(&index);
        }
        let Tags { slots, by_path, free, .. } = &mut *tags;
        *free = (0..slots.len()).filter(|index| !alive.contains(index)).collect();
        by_path.retain(|_, index| slots.get(*index).is_some_and(|slot| slot.declared));
        slots.shrink_to_fit();
        tags.version += 1;
    }

    /// Takes a scan of now: `scan` gets its arrival time, which is given back. See [`TagTable::passed`].
    pub(crate) fn publish_now(&self, clock: &Clock, scan: impl FnOnce(Timestamp) -> Scan) -> Timestamp {
        let _one_step = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let arrival = clock.arrival();
        self.publish(scan(arrival));
        arrival
    }

    /// Everything that arrived up to this time has been handed on, however busy the computer is: windows that end here see
    /// the same samples as a replay of history does.
    pub(crate) fn passed(&self, clock: &Clock) -> Timestamp {
        let _none_under_way = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        // the next scan may still get this millisecond
        clock.arrival().minus(Duration::from_millis(1))
    }

    /// Takes one scan: updates the latest values and hands it on.
    pub(crate) fn publish(&self, scan: Scan) {
        let scan = Arc::new(scan);
        self.samples.fetch_add(scan.values.len() as u64, Ordering::Relaxed);
        self.update(&scan);
        let followers = self.followers.read().unwrap_or_else(PoisonError::into_inner);
        for follower in followers.iter() {
            let wanted = follower.groups.as_ref().is_none_or(|groups| groups.contains(&scan.group));
            if wanted && let Err(mpsc::error::TrySendError::Full(_)) = follower.sender.try_send(Arc::clone(&scan)) {
                follower.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn update(&self, scan: &Scan) {
        let mut tags = self.tags.write().unwrap_or_else(PoisonError::into_inner);
        let Some(indexes) = tags.groups.get(&scan.group).cloned() else { return };
        tags.version += 1;
        let version = tags.version;
        for ((index, value), quality) in indexes.iter().zip(&scan.values).zip(&scan.qualities) {
            if let Some(slot) = tags.slots.get_mut(*index) {
                slot.take(scan, value.clone(), *quality, version);
            }
        }
    }

    /// Notes what has become stale since the last sweep, so that whoever follows the versions hears of it.
    pub(crate) fn sweep(&self, now: Timestamp) {
        let mut tags = self.tags.write().unwrap_or_else(PoisonError::into_inner);
        let version = tags.version + 1;
        let mut any = false;
        for slot in tags.slots.iter_mut().filter(|slot| slot.declared && !slot.stale) {
            let Some(latest) = &mut slot.latest else { continue };
            if latest.quality.is_good() && now.since(latest.arrival) > slot.info.stale_after {
                latest.since = now;
                slot.stale = true;
                slot.version = version;
                any = true;
            }
        }
        if any {
            tags.version = version;
        }
    }

    /// Every declared tag that changed after `version`, and the version to ask with next. 0 gives all.
    pub(crate) fn changed_since(&self, version: u64) -> (u64, Vec<Known>) {
        let tags = self.tags.read().unwrap_or_else(PoisonError::into_inner);
        let changed = tags.slots.iter().filter(|slot| slot.declared && (version == 0 || slot.version > version));
        (tags.version, changed.map(|slot| (Arc::clone(&slot.info), slot.latest.clone())).collect())
    }

    /// Hands every scan of `groups` (of all groups when none) to the receiver, at most `capacity` waiting.
    pub(crate) fn follow(
        &self,
        name: &str,
        groups: Option<HashSet<GroupId>>,
        capacity: usize,
    ) -> mpsc::Receiver<Arc<Scan>> {
        let (sender, receiver) = mpsc::channel(capacity);
        let mut followers = self.followers.write().unwrap_or_else(PoisonError::into_inner);
        followers.retain(|follower| !follower.sender.is_closed());
        followers.push(Follower { name: name.to_owned(), groups, sender, lost: Arc::default() });
        receiver
    }

    /// Scans that each follower was too slow for, by its name.
    pub(crate) fn lost(&self) -> Vec<(String, u64)> {
        let followers = self.followers.read().unwrap_or_else(PoisonError::into_inner);
        followers.iter().map(|follower| (follower.name.clone(), follower.lost.load(Ordering::Relaxed))).collect()
    }

    /// Samples taken since the start.
    pub(crate) fn samples(&self) -> u64 {
        self.samples.load(Ordering::Relaxed)
    }

    /// One tag and its newest sample.
    pub(crate) fn get(&self, path: &TagPath) -> Option<Known> {
        let tags = self.tags.read().unwrap_or_else(PoisonError::into_inner);
        let slot = tags.slots.get(*tags.by_path.get(path)?)?;
        Some((Arc::clone(&slot.info), slot.latest.clone()))
    }

    /// All declared tags and their newest samples, in order of declaration.
    pub(crate) fn all(&self) -> Vec<Known> {
        let tags = self.tags.read().unwrap_or_else(PoisonError::into_inner);
        let declared = tags.slots.iter().filter(|slot| slot.declared);
        declared.map(|slot| (Arc::clone(&slot.info), slot.latest.clone())).collect()
    }

    /// All groups with their tags, in the order of their positions.
    pub(crate) fn groups(&self) -> Vec<(GroupId, Vec<Arc<TagInfo>>)> {
        let tags = self.tags.read().unwrap_or_else(PoisonError::into_inner);
        let infos = |indexes: &Arc<[usize]>| {
            indexes.iter().filter_map(|index| tags.slots.get(*index)).map(|slot| Arc::clone(&slot.info)).collect()
        };
        tags.groups.iter().map(|(group, indexes)| (*group, infos(indexes))).collect()
    }

    /// The group a tag is scanned in, and its position there.
    pub(crate) fn locate(&self, path: &TagPath) -> Option<(GroupId, usize)> {
        let tags = self.tags.read().unwrap_or_else(PoisonError::into_inner);
        let (group, position) = tags.slots.get(*tags.by_path.get(path)?)?.place;
        Some((group, position as usize))
    }
}

impl Slot {
    fn take(&mut self, scan: &Scan, value: Option<Value>, quality: Quality, version: u64) {
        let before = self.latest.as_ref().filter(|latest| latest.quality == quality && !self.stale);
        let since = before.map_or(scan.arrival, |latest| latest.since);
        self.stale = false;
        self.version = version;
        self.latest = Some(Latest { arrival: scan.arrival, source: scan.source, value, quality, since });
    }
}

impl Tags {
    fn declare(&mut self, info: TagInfo, place: (GroupId, u32)) -> usize {
        self.version += 1;
        let version = self.version;
        if let Some(index) = self.by_path.get(&info.path).copied()
            && let Some(slot) = self.slots.get_mut(index)
        {
            slot.version = version;
            if slot.info.series != info.series {
                slot.latest = None;
            }
            slot.info = Arc::new(info);
            slot.place = place;
            slot.declared = true;
            return index;
        }
        let index = self.free.pop().unwrap_or(self.slots.len());
        self.by_path.insert(info.path.clone(), index);
        let slot = Slot { info: Arc::new(info), latest: None, place, declared: true, stale: false, version };
        if index < self.slots.len() {
            self.slots[index] = slot;
        } else {
            self.slots.push(slot);
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(path: &str, series: u32) -> TagInfo {
        TagInfo {
            path: path.parse().unwrap(),
            origin: Origin::Variable,
            series: SeriesId(series),
            unit: None,
            stale_after: Duration::from_secs(5),
            words: None,
        }
    }

    fn scan(group: u32, second: i64, value: f64) -> Scan {
        Scan {
            group: GroupId(group),
            arrival: Timestamp::from_millis(second * 1000),
            source: None,
            values: vec![Value::from_f64(value)],
            qualities: vec![Quality::GOOD],
        }
    }

    #[test]
    fn a_slow_follower_loses_scans_and_the_loss_is_counted_under_its_name() {
        let table = TagTable::default();
        table.declare(GroupId(1), vec![info("a/x", 1)]);
        let mut receiver = table.follow("slow", None, 2);
        for second in 0..5 {
            table.publish(scan(1, second, 1.0));
        }
        assert_eq!(table.lost(), vec![("slow".to_owned(), 3)]);
        assert_eq!(receiver.try_recv().unwrap().arrival, Timestamp::from_millis(0));
    }

    #[test]
    fn nothing_comes_later_that_arrived_before_what_has_passed() {
        let table = Arc::new(TagTable::default());
        let clock = Arc::new(Clock::start());
        let mut receiver = table.follow("window", None, 1 << 16);
        let lines: Vec<_> = (0..4)
            .map(|line| {
                let (table, clock) = (Arc::clone(&table), Arc::clone(&clock));
                std::thread::spawn(move || {
                    for _ in 0..2000 {
                        table.publish_now(&clock, |arrival| Scan { arrival, ..scan(line, 0, 1.0) });
                        std::thread::yield_now();
                    }
                })
            })
            .collect();
        while !lines.iter().all(std::thread::JoinHandle::is_finished) {
            let passed = table.passed(&clock);
            while receiver.try_recv().is_ok() {}
            std::thread::yield_now();
            if let Ok(later) = receiver.try_recv() {
                assert!(later.arrival > passed, "{:?} came after {passed:?} had passed", later.arrival);
            }
        }
    }

    #[test]
    fn a_flat_value_is_not_stale_and_an_old_one_is() {
        let latest = Latest {
            arrival: Timestamp::from_millis(1000),
            source: None,
            value: Value::from_f64(4.0),
            quality: Quality::GOOD,
            since: Timestamp::from_millis(1000),
        };
        let stale_after = Duration::from_secs(5);
        assert_eq!(latest.quality_at(Timestamp::from_millis(6000), stale_after), Quality::GOOD);
        assert_eq!(latest.quality_at(Timestamp::from_millis(6001), stale_after), Quality::STALE);
    }

    #[test]
    fn a_tag_with_a_new_meaning_loses_its_old_value() {
        let table = TagTable::default();
        table.declare(GroupId(1), vec![info("a/x", 1)]);
        table.publish(scan(1, 0, 1.0));
        table.declare(GroupId(1), vec![info("a/x", 1)]);
        assert!(table.get(&"a/x".parse().unwrap()).unwrap().1.is_some());
        table.declare(GroupId(2), vec![info("a/x", 2)]);
        assert!(table.get(&"a/x".parse().unwrap()).unwrap().1.is_none());
    }

    #[test]
    fn a_value_that_grows_old_is_told_once() {
        let table = TagTable::default();
        table.declare(GroupId(1), vec![info("a/x", 1)]);
        table.publish(scan(1, 0, 1.0));
        let (version, _) = table.changed_since(0);
        table.sweep(Timestamp::from_millis(5000));
        assert!(table.changed_since(version).1.is_empty());
        table.sweep(Timestamp::from_millis(5001));
        let (version, changed) = table.changed_since(version);
        assert_eq!(changed.len(), 1);
        table.sweep(Timestamp::from_millis(6000));
        assert!(table.changed_since(version).1.is_empty());
    }

    #[test]
    fn withdrawn_groups_take_their_tags_along() {
        let table = TagTable::default();
        table.declare(GroupId(1), vec![info("a/x", 1)]);
        table.declare(GroupId(2), vec![info("a/y", 2)]);
        table.keep_only(&HashSet::from([GroupId(2)]));
        assert!(table.get(&"a/x".parse().unwrap()).is_none());
        assert_eq!(table.all().len(), 1);
    }
}
