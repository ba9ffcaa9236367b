//! How far each place of a deployment has been heard: up to where its windows may be closed.
//!
//! Windows on a grid (`every`) are closed at all places together, so that they are predicted in one call. Windows that
//! a scan or an edge triggers are closed at their own place as soon as its scan groups have passed it: the press that
//! has just stopped does not wait for the slowest meter of the hall.

use std::collections::HashMap;

use domain::{GroupId, Scan, Timestamp};

use super::Route;

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
    /// Nothing has been heard yet. `together`: windows of all places end on one grid.
    pub(super) fn new(all_routes: &HashMap<GroupId, Vec<Route>>, places: usize, together: bool) -> Self {
        let mut needs = vec![Vec::new(); places];
        let mut feeds = Vec::new();
        let mut groups = HashMap::new();
        for (index, (group, routes)) in all_routes.iter().enumerate() {
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
            together,
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
            look_at(*place, &mut self.waiting, &mut self.is_waiting);
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
            if is_open {
                look_at(place, &mut self.waiting, &mut self.is_waiting);
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

/// Each place once.
fn look_at(place: usize, waiting: &mut Vec<usize>, is_waiting: &mut [bool]) {
    if !std::mem::replace(&mut is_waiting[place], true) {
        waiting.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn scan(group: u32, ms: i64) -> Scan {
        Scan { group: GroupId(group), arrival: at(ms), source: None, values: Vec::new(), qualities: Vec::new() }
    }

    /// Place 0 takes samples from groups 1 and 2, place 1 from group 2.
    fn heard(together: bool) -> Heard {
        let route = |place| Route { position: 0, place, signal: 0 };
        let routes = HashMap::from([(GroupId(1), vec![route(0)]), (GroupId(2), vec![route(0), route(1)])]);
        let mut heard = Heard::new(&routes, 2, together);
        assert_eq!(heard.take_watermarks(at(0)).len(), 2, "at first everywhere: history may have filled windows");
        heard
    }

    #[test]
    fn a_place_is_closed_as_far_as_all_its_groups_have_come() {
        let mut heard = heard(false);
        heard.note(&scan(1, 1000));
        assert_eq!(heard.take_watermarks(at(900)), [(0, at(900))]);
        heard.note(&scan(2, 1010));
        let mut due = heard.take_watermarks(at(900));
        due.sort_unstable();
        assert_eq!(due, [(0, at(1000)), (1, at(1010))]);
    }

    #[test]
    fn a_place_is_looked_at_until_time_has_passed_all_that_came_and_then_no_more() {
        let mut heard = heard(false);
        heard.note(&scan(1, 1000));
        heard.take_watermarks(at(900));
        heard.time_passed();
        assert_eq!(heard.take_watermarks(at(950)), [(0, at(950))], "group 2 is silent");
        heard.time_passed();
        assert_eq!(heard.take_watermarks(at(1000)), [(0, at(1000))]);
        heard.time_passed();
        assert_eq!(heard.take_watermarks(at(2000)), [], "nothing waits anywhere");
    }

    #[test]
    fn windows_that_end_by_the_clock_are_closed_everywhere_by_silence() {
        let mut heard = heard(true);
        heard.time_passed();
        let mut due = heard.take_watermarks(at(5000));
        due.sort_unstable();
        assert_eq!(due, [(0, at(5000)), (1, at(5000))]);
    }
}
