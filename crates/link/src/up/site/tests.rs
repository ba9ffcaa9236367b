//! What an uplink does next. How it gets on with a hub through everything is the simulation's (`tests/it`).

use std::time::Duration;

use domain::log_record::{GroupDef, Packing};
use domain::{GroupId, Id};

use super::{Answer, Meanings, Next, Request, Settings, Slice, Uplink, Want};
use crate::parcel::{Gone, GoneReason, records};
use crate::up::{Greeting, Life, Line, Mark, Owed, Refusal, Standing};
use crate::{PerStream, Stream};

struct Nothing;

impl Meanings for Nothing {
    fn group(&self, _: GroupId) -> Option<GroupDef> {
        None
    }

    fn packing(&self, _: GroupId, _: u64) -> Option<Packing> {
        None
    }
}

const NOW: Duration = Duration::from_secs(100);

fn tips(data: u64, change: u64) -> PerStream<Mark> {
    let mut tips = PerStream::default();
    tips[Stream::Data] = Mark { seq: data, crc: 1 };
    tips[Stream::Change] = Mark { seq: change, crc: 1 };
    tips
}

fn running(lines: PerStream<Line>) -> Uplink {
    let settings = Settings { owe_after: 100, backfill_bytes_per_s: 10, ..Settings::default() };
    let lives = vec![Life { epoch: 1, same_until: PerStream::default() }];
    let mut uplink = Uplink::new(settings, Id::from_bytes([1; 16]), lives, PerStream::default());
    let Next::Send(ticket, Request::Hello(_)) = uplink.next(NOW, &PerStream::default(), true) else {
        panic!("no hello")
    };
    let standing = Standing { turn: 1, epoch: None, begin_anew: false, lines: PerStream::default() };
    uplink.heard(ticket, Answer::Greeting(Greeting::Welcome(Box::new(standing))), NOW, 0);
    let Next::Send(ticket, Request::Begin(_)) = uplink.next(NOW, &PerStream::default(), true) else {
        panic!("no begin")
    };
    uplink.heard(ticket, Answer::Standing(Standing { turn: 1, epoch: Some(1), begin_anew: false, lines }), NOW, 0);
    uplink.go();
    uplink
}

#[test]
fn what_people_did_goes_before_numbers_and_a_long_backlog_is_owed() {
    let mut uplink = running(PerStream::default());
    let Next::Read(ticket, want) = uplink.next(NOW, &tips(500, 3), true) else { panic!("nothing to read") };
    assert_eq!((want.stream, want.first, want.last), (Stream::Change, 1, 3));
    let mut slice = Slice { to: 3, ..Slice::default() };
    for number in 1..=3 {
        records::frame(number, b"x", &mut slice.records);
    }
    let (ticket, parcel) = uplink.fill(ticket, &slice, &Nothing).unwrap();
    let mark = Mark { seq: 3, crc: parcel.header.crc };
    uplink.heard(ticket, Answer::Line(Line { mark, owed: Vec::new(), step: 1 }), NOW, 0);
    assert_eq!(uplink.cursors()[Stream::Change], 3);
    let Next::Send(_, Request::Owe(owe)) = uplink.next(NOW, &tips(500, 3), true) else { panic!("nothing owed") };
    assert_eq!((owe.stream, owe.first, owe.last), (Stream::Data, 1, 500));
}

#[test]
fn owed_ranges_go_beside_live_records_in_their_hours_and_at_their_pace() {
    let mut lines = PerStream::<Line>::default();
    let owed = vec![Owed { first: 1, last: 90, prev_crc: 0, crc: None }];
    lines[Stream::Data] = Line { mark: Mark { seq: 90, crc: 7 }, owed, step: 1 };
    let mut uplink = running(lines);
    assert_eq!(uplink.next(NOW, &tips(90, 0), false), Next::Wait(None));
    let Next::Read(ticket, want) = uplink.next(NOW, &tips(90, 0), true) else { panic!("nothing to fill") };
    assert_eq!(want, Want { stream: Stream::Data, first: 1, last: 90, max_bytes: 1 << 20 });
    let Next::Read(_, live) = uplink.next(NOW, &tips(91, 0), true) else { panic!("live waits for backfill") };
    assert_eq!(live.first, 91);
    let gone = vec![Gone { first: 1, last: 40, reason: GoneReason::DiskFull }];
    let (ticket, parcel) = uplink.fill(ticket, &Slice { records: Vec::new(), gone, to: 50 }, &Nothing).unwrap();
    assert_eq!(parcel.header.gone[1], Gone { first: 41, last: 50, reason: GoneReason::Damaged });
    uplink.bucket.take(100);
    let after = vec![Owed { first: 51, last: 90, prev_crc: parcel.header.crc, crc: None }];
    uplink.heard(ticket, Answer::Line(Line { mark: Mark { seq: 90, crc: 7 }, owed: after, step: 2 }), NOW, 0);
    assert_eq!(uplink.cursors()[Stream::Data], 50);
    let Next::Wait(Some(until)) = uplink.next(NOW, &tips(91, 0), true) else { panic!("no pace") };
    assert!(until > NOW + Duration::from_secs(5), "{until:?}");
}

#[test]
fn after_a_failure_it_waits_with_jitter_and_asks_where_to_go_on() {
    let mut uplink = running(PerStream::default());
    let Next::Read(ticket, _) = uplink.next(NOW, &tips(5, 0), true) else { panic!("nothing to read") };
    uplink.failed(ticket, NOW, u64::MAX / 2);
    let Next::Wait(Some(until)) = uplink.next(NOW, &tips(5, 0), true) else { panic!("does not wait") };
    assert!(until > NOW && until <= NOW + Duration::from_secs(1));
    assert!(matches!(uplink.next(until, &tips(5, 0), true), Next::Send(_, Request::Hello(_))));
    uplink.failed(ticket, NOW, u64::MAX);
    assert!(matches!(uplink.next(until, &tips(5, 0), true), Next::Wait(None)), "an old ticket means nothing");
}

#[test]
fn every_refusal_is_said_in_words() {
    let mut uplink = running(PerStream::default());
    let Next::Read(ticket, _) = uplink.next(NOW, &tips(5, 0), true) else { panic!("nothing to read") };
    let gap = Refusal::Gap { stream: Stream::Data, expected: 3, first: 1 };
    uplink.heard(ticket, Answer::Refused(gap), NOW, 0);
    let problem = uplink.problems().next().unwrap();
    assert_eq!(
        (problem.code.as_str(), problem.what.as_str()),
        ("parcel.gap", "Records of data are missing: 3 was expected, 1 came.")
    );
}
