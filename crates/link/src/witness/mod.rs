//! The record under witness: each node signs how far its record is, and others keep it. Whoever holds an older checkpoint finds a
//! record that was forked, shortened or altered.

use domain::said::link as said;
use domain::{Problem, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::envelope::Envelope;
use crate::key::{PrivateKey, PublicKey};

/// The type of a checkpoint's envelope.
pub const CHECKPOINT: &str = "application/vnd.lastmile.checkpoint+json";
/// So many checkpoints of one node are kept: the newest half as they come, the rest ever sparser into the past.
pub const MOST_KEPT: usize = 64;
/// No node witnesses more others.
pub const MOST_NODES: usize = 10_000;

/// How far a node's record is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Whose record.
    pub node: String,
    /// The life of the node's store. After a restore the record goes on from an older entry, in a new life.
    pub epoch: u64,
    /// Number of the newest entry.
    pub number: u64,
    /// Its digest.
    pub digest: Digest,
    /// When, by the node's clock.
    pub time: Timestamp,
}

impl Checkpoint {
    /// Signed by the node.
    pub fn seal(&self, key: &PrivateKey) -> Envelope {
        Envelope::of(CHECKPOINT, self).signed(key)
    }

    /// Opened by whoever knows the node's key.
    pub fn open(envelope: &Envelope, key: &PublicKey) -> Result<Self, Problem> {
        envelope.open(CHECKPOINT, key, "checkpoint")
    }

    fn place(&self) -> String {
        format!("record of {}", self.node)
    }
}

/// What is kept of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    node: String,
    /// Ascending by number; of one number those of several lives may stand beside each other.
    checkpoints: Vec<Checkpoint>,
}

/// What a node keeps of itself, its hub and its neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    nodes: Vec<Kept>,
}

impl Witness {
    /// Keeps a checkpoint that was opened. An error when it contradicts one that is kept: the node signed two records. Both are
    /// the proof, so the new one is kept as well.
    pub fn keep(&mut self, checkpoint: Checkpoint) -> Result<(), Problem> {
        let at = match self.nodes.iter().position(|kept| kept.node == checkpoint.node) {
            Some(at) => at,
            None if self.nodes.len() >= MOST_NODES => {
                return Err(said::WITNESS_TOO_MANY.problem(checkpoint.place(), [("most", MOST_NODES.into())]));
            }
            None => {
                self.nodes.push(Kept { node: checkpoint.node.clone(), checkpoints: Vec::new() });
                self.nodes.len() - 1
            }
        };
        self.nodes[at].keep(checkpoint)
    }

    /// All that is kept of a node, to be handed on.
    pub fn of(&self, node: &str) -> &[Checkpoint] {
        self.nodes.iter().find(|kept| kept.node == node).map_or(&[], |kept| &kept.checkpoints)
    }

    /// Compares a record with what is kept. `digest_at` gives the digest of its entry with a number; none when the record is shorter.
    /// `forked_at` is the entry behind which a restore that people know of began its present life: checkpoints of older lives
    /// beyond it are no contradiction. All contradictions are returned.
    pub fn compare(
        &self,
        node: &str,
        epoch: u64,
        forked_at: Option<u64>,
        digest_at: impl Fn(u64) -> Option<Digest>,
    ) -> Vec<Problem> {
        let excused = |kept: &&Checkpoint| kept.epoch != epoch && forked_at.is_some_and(|at| kept.number > at);
        let mut problems = Vec::new();
        for kept in self.of(node).iter().filter(|kept| !excused(kept)) {
            match digest_at(kept.number) {
                None => problems.push(said::RECORD_SHORTENED.problem(kept.place(), [("number", kept.number.into())])),
                Some(digest) if digest != kept.digest => {
                    problems.push(said::RECORD_FORKED.problem(kept.place(), [("number", kept.number.into())]));
                }
                Some(_) => {}
            }
        }
        problems
    }
}

impl Kept {
    fn keep(&mut self, new: Checkpoint) -> Result<(), Problem> {
        let same = |kept: &Checkpoint| kept.epoch == new.epoch && kept.number == new.number;
        let contradicts = self.checkpoints.iter().any(|kept| same(kept) && kept.digest != new.digest);
        if self.checkpoints.iter().any(|kept| same(kept) && kept.digest == new.digest) {
            return Ok(());
        }
        let problem = said::RECORD_FORKED.problem(new.place(), [("number", new.number.into())]);
        let at = self.checkpoints.partition_point(|kept| kept.number <= new.number);
        self.checkpoints.insert(at, new);
        if self.checkpoints.len() > MOST_KEPT {
            self.thin();
        }
        if contradicts { Err(problem) } else { Ok(()) }
    }

    /// Lets one go from the older half, where two stand closest together for their age. Never one that contradicts another.
    fn thin(&mut self) {
        let newest = self.checkpoints.last().map_or(0, |newest| newest.number);
        let old = self.checkpoints.len() / 2;
        let crowded = (1..old).max_by_key(|at| {
            let (before, this) = (&self.checkpoints[at - 1], &self.checkpoints[*at]);
            if before.number == this.number { 0 } else { (newest - this.number) / (this.number - before.number) }
        });
        if let Some(at) = crowded {
            self.checkpoints.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u64, line: &str) -> Digest {
        Digest::of(format!("{line} {number}").as_bytes())
    }

    fn checkpoint(epoch: u64, number: u64, line: &str) -> Checkpoint {
        Checkpoint {
            node: "edge-1".to_owned(),
            epoch,
            number,
            digest: digest(number, line),
            time: Timestamp::default(),
        }
    }

    fn codes(problems: &[Problem]) -> Vec<&str> {
        problems.iter().map(|problem| problem.code.as_str()).collect()
    }

    #[test]
    fn a_record_that_was_shortened_or_altered_is_found_by_an_older_checkpoint() {
        let mut witness = Witness::default();
        witness.keep(checkpoint(1, 10, "true")).unwrap();
        witness.keep(checkpoint(1, 20, "true")).unwrap();
        assert!(witness.compare("edge-1", 1, None, |number| Some(digest(number, "true"))).is_empty());
        let short = witness.compare("edge-1", 1, None, |number| (number <= 15).then(|| digest(number, "true")));
        assert_eq!(codes(&short), ["record.shortened"]);
        let altered = witness.compare("edge-1", 1, None, |number| Some(digest(number, "other")));
        assert_eq!(codes(&altered), ["record.forked", "record.forked"]);
    }

    #[test]
    fn two_records_of_one_node_are_found_when_the_second_is_signed() {
        let mut witness = Witness::default();
        witness.keep(checkpoint(1, 10, "true")).unwrap();
        assert_eq!(witness.keep(checkpoint(1, 10, "other")).unwrap_err().code, "record.forked");
        assert_eq!(witness.of("edge-1").len(), 2, "both are the proof");
    }

    #[test]
    fn a_restore_that_people_know_of_is_no_fork_but_only_behind_its_entry() {
        let mut witness = Witness::default();
        witness.keep(checkpoint(1, 5, "true")).unwrap();
        witness.keep(checkpoint(1, 20, "true")).unwrap();
        let restored =
            |number: u64| (number <= 12).then(|| digest(number, if number <= 10 { "true" } else { "after" }));
        assert!(witness.compare("edge-1", 2, Some(10), restored).is_empty());
        assert_eq!(codes(&witness.compare("edge-1", 2, None, restored)), ["record.shortened"]);
        let also_altered = |number: u64| Some(digest(number, "after"));
        assert_eq!(codes(&witness.compare("edge-1", 2, Some(10), also_altered)), ["record.forked"]);
    }

    #[test]
    fn old_checkpoints_get_sparser_and_the_oldest_stays() {
        let mut witness = Witness::default();
        for number in 1..=5_000 {
            witness.keep(checkpoint(1, number, "true")).unwrap();
        }
        let kept: Vec<u64> = witness.of("edge-1").iter().map(|kept| kept.number).collect();
        assert_eq!((kept.len(), kept[0], kept[MOST_KEPT - 1]), (MOST_KEPT, 1, 5_000));
        let widest = kept.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        assert!(widest < 3_000, "{kept:?}");
    }
}
