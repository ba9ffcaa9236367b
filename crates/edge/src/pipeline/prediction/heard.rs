//! How far each place of a deployment has been heard: up to where its windows may be closed.
//!
//! Windows on a grid (`every`) are closed at all places together, so that they are predicted in one call. Windows that
//! a scan or an edge triggers are closed at their own place as soon as its scan groups have passed it: the press that
//! has just stopped does not wait for the slowest meter of the hall.

use std::collections::HashMap;

use domain::{GroupId, Scan, Timestamp};

use super::Stage;

/// See the module.
#[derive(Debug)]
pub(super) struct Heard {
    /// Newest arrival per scan group.
    newest: Vec<Timestamp>,
    groups: HashMap<GroupId, usize>,
    /// Per place, the groups it takes samples from.
    needs: Vec<Vec<usize>>,
    /// Per group, the places that take samples from it.
    feeds: Vec<Vec<usize>>,
    /// Per place, the last watermark given.
    given: Vec<Timestamp>,
    /// All places have one watermark.
    together: bool,
    /// Places to look at, each once.
    waiting: Vec<usize>,
    is_waiting: Vec<bool>,
}

impl Heard {
    /// Nothing has been heard yet.
    pub(super) fn new(stage: &Stage) -> Self {
        let places = stage.scorer.place_count();
        let mut needs = vec![Vec::new(); places];
        let mut feeds = Vec::new();
        let mut groups = HashMap::new();
        for (index, (group, routes)) in stage.routes.iter().enumerate() {
            let mut fed: Vec<usize> = routes.iter().map(|route| route.place).collect();
            fed.sort_unstable();
            fed.dedup();
            for place in &fed {
                needs[*place].push(index);
            }
            feeds.push(fed);
            groups.insert(*group, index);
        }
        Self {
            given: vec![Timestamp::MIN; places],
            newest: vec![Timestamp::MIN; feeds.len()],
            groups,
            needs,
            feeds,
            together: stage.scorer.period().is_some(),
            waiting: (0..places).collect(),
            is_waiting: vec![true; places],
        }
    }

    /// A scan was pushed.
    pub(super) fn note(&mut self, scan: &Scan) {
        let Some(group) = self.groups.get(&scan.group).copied() else { return };
        self.newest[group] = scan.arrival;
        if self.together {
            self.look_at_all();
            return;
        }
        for place in &self.feeds[group] {
            if !std::mem::replace(&mut self.is_waiting[*place], true) {
                self.waiting.push(*place);
            }
        }
    }

    /// Time has passed: silence, too, closes windows. Where nothing came since the last look nothing is closed by it, unless
    /// windows end by the clock.
    pub(super) fn time_passed(&mut self) {
        if self.together {
            return self.look_at_all();
        }
        for place in 0..self.needs.len() {
            let is_open = self.needs[place].iter().any(|group| self.newest[*group] > self.given[place]);
            if is_open && !std::mem::replace(&mut self.is_waiting[place], true) {
                self.waiting.push(place);
            }
        }
    }

    fn look_at_all(&mut self) {
        self.waiting = (0..self.needs.len()).collect();
        self.is_waiting.fill(true);
    }

    /// The places to look at now, each with its watermark: what all its groups have passed, at least `passed`.
    pub(super) fn take_watermarks(&mut self, passed: Timestamp) -> Vec<(usize, Timestamp)> {
        let everywhere = self.newest.iter().min().copied().unwrap_or(Timestamp::MIN);
        let mut due = Vec::with_capacity(self.waiting.len());
        for place in self.waiting.drain(..) {
            let own = || self.needs[place].iter().map(|group| self.newest[*group]).min();
            let heard = if self.together { everywhere } else { own().unwrap_or(Timestamp::MIN) };
            self.given[place] = heard.max(passed);
            due.push((place, self.given[place]));
        }
        self.is_waiting.fill(false);
        due
    }
}
