//! Taking a parcel: is it the next one, one that is owed, one that is here already, or one that does not fit.

use super::Account;
use crate::Stream;
use crate::parcel::{Contents, Header, Meaning, Parcel};
use crate::up::{Line, Mark, Refusal};

/// What the hub was told about the present life of this edge.
pub trait Dictionary {
    /// Whether this is known in this stream.
    fn knows(&self, stream: Stream, meaning: Meaning) -> bool;
}

/// What to do with a parcel that is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Store it, with what it tells, and the account. Then answer with the line.
    New {
        /// How the stream stands with it.
        line: Line,
        /// What is in it.
        contents: Contents,
    },
    /// It is here already: answer with the line.
    Already {
        /// How the stream stands.
        line: Line,
    },
}

impl Account {
    /// Judges a parcel that came in this turn.
    pub fn take(&mut self, turn: u64, parcel: &Parcel, dictionary: &impl Dictionary) -> Result<Taken, Refusal> {
        if parcel.header.edge != self.edge {
            return Err(Refusal::OtherEdge);
        }
        let edge = self.edge;
        let stream = parcel.header.stream;
        let line = self.line_of(turn, parcel.header.epoch, stream)?;
        let contents =
            parcel.check().map_err(|error| Refusal::Parcel { problem: error.problem(&format!("edge {edge}")) })?;
        let mut after = line.clone();
        if !fit(&mut after, &parcel.header)? {
            return Ok(Taken::Already { line: after });
        }
        if let Some(missing) = contents.needed.iter().find(|meaning| !dictionary.knows(stream, **meaning)) {
            let (Meaning::Group(group) | Meaning::Packing(group, _)) = missing;
            return Err(Refusal::Meaning { stream, group: group.0 });
        }
        after.step += 1;
        line.clone_from(&after);
        Ok(Taken::New { line: after, contents })
    }
}

/// Moves the line by what the parcel covers. False when all of it is here already.
pub(super) fn fit(line: &mut Line, parcel: &Header) -> Result<bool, Refusal> {
    let (stream, first, last) = (parcel.stream, parcel.first, parcel.last);
    let expected = line.mark.seq + 1;
    if first > expected {
        return Err(Refusal::Gap { stream, expected, first });
    }
    if first == expected {
        if parcel.prev_crc != line.mark.crc {
            return Err(Refusal::Parted { stream, at: line.mark.seq });
        }
        line.mark = Mark { seq: last, crc: parcel.crc };
        return Ok(true);
    }
    if last > line.mark.seq {
        return Err(Refusal::Overlap { stream, expected, first });
    }
    let Some(place) = line.owed.iter().position(|owed| owed.last >= first) else {
        return here_already(line, parcel);
    };
    let owed = &mut line.owed[place];
    if last < owed.first {
        return here_already(line, parcel);
    }
    let expected = owed.first;
    if first > expected {
        return Err(Refusal::Gap { stream, expected, first });
    }
    if first < expected || last > owed.last {
        return Err(Refusal::Overlap { stream, expected, first });
    }
    if parcel.prev_crc != owed.prev_crc {
        return Err(Refusal::Parted { stream, at: expected - 1 });
    }
    if last == owed.last {
        if owed.crc.is_some_and(|crc| crc != parcel.crc) && !parcel.ends_gone() {
            return Err(Refusal::Parted { stream, at: last });
        }
        line.owed.remove(place);
    } else {
        owed.first = last + 1;
        owed.prev_crc = parcel.crc;
    }
    Ok(true)
}

/// Two parcels that end at the mark must say the same about it.
fn here_already(line: &Line, parcel: &Header) -> Result<bool, Refusal> {
    if parcel.last == line.mark.seq && parcel.crc != line.mark.crc && !parcel.ends_gone() {
        return Err(Refusal::Parted { stream: parcel.stream, at: parcel.last });
    }
    Ok(false)
}
