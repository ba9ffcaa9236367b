//! What the hub takes, what it refuses, and how it names what it expects.

use domain::Id;

use super::{Account, Dictionary, Taken};
use crate::parcel::{Header, Meaning, Parcel, records};
use crate::up::{Begin, Greeting, Hello, Life, Owe, Refusal};
use crate::{PerStream, Stream};

struct All;

impl Dictionary for All {
    fn knows(&self, _: Stream, _: Meaning) -> bool {
        true
    }
}

fn edge() -> Id {
    Id::from_bytes([3; 16])
}

fn bytes(first: u64, last: u64) -> (Vec<u8>, u32) {
    let mut bytes = Vec::new();
    for number in first..=last {
        records::frame(number, &number.to_le_bytes(), &mut bytes);
    }
    let crc = records::read(Stream::Change, &bytes).last().map_or(0, |record| record.unwrap().crc);
    (bytes, crc)
}

/// CRC at a number, as it is in all of these.
fn crc(number: u64) -> u32 {
    if number == 0 { 0 } else { bytes(number, number).1 }
}

fn parcel(stream: Stream, first: u64, last: u64) -> Parcel {
    let (records, crc_at_last) = bytes(first, last);
    let count = u32::try_from(last - first + 1).unwrap();
    let header = Header {
        edge: edge(),
        epoch: 1,
        stream,
        first,
        last,
        count,
        prev_crc: crc(first - 1),
        crc: crc_at_last,
        gone: Vec::new(),
    };
    Parcel { header, told: Vec::new(), records }
}

fn hello(lives: &[u64], seen: u64) -> Hello {
    let lives = lives.iter().map(|epoch| Life { epoch: *epoch, same_until: PerStream::of(|_| 100) }).collect();
    Hello { edge: edge(), seen, lives, tips: PerStream::default() }
}

/// Lives, the new one first; it shares everything up to 5 with the older ones, of `data` up to 20.
fn begin(account: &mut Account, lives: &[u64]) -> Result<PerStream<u64>, Refusal> {
    let same_until = PerStream { data: 20, change: 5, ..PerStream::default() };
    let lives = lives.iter().map(|epoch| Life { epoch: *epoch, same_until }).collect();
    let (standing, _) = account.begin(&Begin { turn: account.turn, lives }, |_, _, _| None)?;
    Ok(PerStream::of(|stream| standing.lines[stream].mark.seq))
}

/// In its first life, in turn 1.
fn account() -> Account {
    let mut account = Account::new(edge());
    account.hello(&hello(&[1], 0)).unwrap();
    begin(&mut account, &[1]).unwrap();
    account
}

fn take(account: &mut Account, first: u64, last: u64) -> Result<bool, Refusal> {
    let taken = account.take(account.turn, &parcel(Stream::Change, first, last), &All)?;
    Ok(matches!(taken, Taken::New { .. }))
}

#[test]
fn the_next_is_taken_the_same_and_older_are_acknowledged_and_the_rest_names_what_is_expected() {
    let mut account = account();
    assert_eq!(take(&mut account, 1, 10), Ok(true));
    assert_eq!(take(&mut account, 1, 10), Ok(false));
    assert_eq!(take(&mut account, 3, 7), Ok(false));
    let stream = Stream::Change;
    assert_eq!(take(&mut account, 8, 12), Err(Refusal::Overlap { stream, expected: 11, first: 8 }));
    assert_eq!(take(&mut account, 12, 13), Err(Refusal::Gap { stream, expected: 11, first: 12 }));
    assert_eq!(take(&mut account, 11, 12), Ok(true));
}

#[test]
fn another_history_before_the_mark_is_not_taken() {
    let mut account = account();
    take(&mut account, 1, 10).unwrap();
    let mut other = parcel(Stream::Change, 11, 12);
    other.header.prev_crc ^= 1;
    let parted = Err(Refusal::Parted { stream: Stream::Change, at: 10 });
    assert_eq!(account.take(1, &other, &All), parted);
    let mut same_end = parcel(Stream::Change, 5, 9);
    records::frame(10, b"other", &mut same_end.records);
    same_end.header.last = 10;
    same_end.header.count = 6;
    same_end.header.crc = records::read(Stream::Change, &same_end.records).last().unwrap().unwrap().crc;
    assert_eq!(account.take(1, &same_end, &All), parted);
}

#[test]
fn of_two_that_say_hello_only_the_last_is_heard() {
    let mut account = account();
    account.hello(&hello(&[1], 0)).unwrap();
    assert_eq!(account.take(1, &parcel(Stream::Change, 1, 2), &All), Err(Refusal::Turn { newest: 2 }));
    assert!(account.take(2, &parcel(Stream::Change, 1, 2), &All).is_ok());
}

#[test]
fn an_owed_range_is_filled_in_order_while_live_records_go_on() {
    let mut account = account();
    let stream = Stream::Data;
    let owe = |first, last| Owe { turn: 1, epoch: 1, stream, first, last, crc: crc(last) };
    let line = account.owe(&owe(1, 50)).unwrap();
    assert_eq!((line.mark.seq, line.durable()), (50, 0));
    assert_eq!(account.owe(&owe(1, 50)).unwrap(), line, "a repetition changes nothing");
    assert_eq!(account.owe(&owe(52, 60)), Err(Refusal::Gap { stream, expected: 51, first: 52 }));
    assert_eq!(
        account.owe(&Owe { stream: Stream::Change, ..owe(1, 5) }),
        Err(Refusal::MayNotOwe { stream: Stream::Change })
    );
    let line = |account: &Account| account.present().unwrap().lines[stream].clone();
    let mut take = |first, last| {
        let mut header = parcel(Stream::Data, first, last).header;
        header.stream = stream;
        let mut after = line(&account);
        super::take::fit(&mut after, &header).map(|new| {
            account.lives[0].lines[stream] = after.clone();
            (new, after.mark.seq, after.durable())
        })
    };
    assert_eq!(take(51, 60), Ok((true, 60, 0)));
    assert_eq!(take(11, 20), Err(Refusal::Gap { stream, expected: 1, first: 11 }));
    assert_eq!(take(1, 10), Ok((true, 60, 10)));
    assert_eq!(take(1, 10), Ok((false, 60, 10)));
    assert_eq!(take(8, 12), Err(Refusal::Overlap { stream, expected: 11, first: 8 }));
    assert_eq!(take(41, 55), Err(Refusal::Gap { stream, expected: 11, first: 41 }));
    assert_eq!(take(11, 55), Err(Refusal::Overlap { stream, expected: 11, first: 11 }));
    assert_eq!(take(11, 50), Ok((true, 60, 60)));
    assert_eq!(take(11, 50), Ok((false, 60, 60)));
}

#[test]
fn a_copy_of_a_box_is_noticed_and_a_late_message_is_not_taken_for_one() {
    let mut account = account();
    take(&mut account, 1, 10).unwrap();
    account.hello(&hello(&[2, 1], 1)).unwrap();
    assert_eq!(begin(&mut account, &[2, 1]).unwrap().change, 5);
    let Ok(Greeting::Closed { turn }) = account.hello(&hello(&[1], 1)) else { panic!("a late hello") };
    assert_eq!(account.two_boxes, None);
    assert_eq!(account.hello(&hello(&[1], turn)), Ok(Greeting::TwoBoxes { turn: turn + 1 }));
    assert_eq!(account.problems("edge")[0].code, "edge.two-boxes");
    account.decide(1);
    let Ok(Greeting::Welcome(standing)) = account.hello(&hello(&[1], turn + 1)) else { panic!("a person decided") };
    assert!(standing.begin_anew);
    assert_eq!(begin(&mut account, &[3, 1]).unwrap().change, 5);
    assert_eq!(begin(&mut account, &[2, 1]), Err(Refusal::Epoch), "a life does not begin twice");
}

#[test]
fn what_a_restored_edge_owed_and_no_longer_has_is_told_as_lost() {
    let mut account = account();
    let stream = Stream::Data;
    account.owe(&Owe { turn: 1, epoch: 1, stream, first: 1, last: 50, crc: 5 }).unwrap();
    account.hello(&hello(&[2, 1], 1)).unwrap();
    let same_until = PerStream { data: 20, ..PerStream::default() };
    let lives = [2, 1].map(|epoch| Life { epoch, same_until }).to_vec();
    let (standing, lost) = account.begin(&Begin { turn: 2, lives }, |_, _, _| None).unwrap();
    assert_eq!((standing.lines[stream].mark.seq, standing.lines[stream].durable()), (20, 0));
    assert_eq!((lost[0].epoch, lost[0].gone.first, lost[0].gone.last), (1, 21, 50));
}

#[test]
fn an_account_is_json_and_back() {
    let mut account = account();
    take(&mut account, 1, 10).unwrap();
    let text = serde_json::to_string(&account).unwrap();
    assert_eq!(serde_json::from_str::<Account>(&text).unwrap(), account);
}

#[test]
fn a_refusal_of_a_newer_hub_is_understood_as_one() {
    let refusal: Refusal = serde_json::from_str(r#"{"refused":"of-tomorrow","x":1}"#).unwrap();
    assert_eq!(refusal, Refusal::Unknown);
    assert_eq!(refusal.problem("edge").code, "hub.unknown-refusal");
}
