//! Parcels as bytes that are kept: what one version wrote, every later one reads.

use domain::Id;
use link::Stream;
use link::parcel::{Gone, GoneReason, Header, Parcel, records};

fn parcel() -> Parcel {
    let mut bytes = Vec::new();
    for number in [41, 44] {
        records::frame(number, format!("entry {number}").as_bytes(), &mut bytes);
    }
    let crc = records::read(Stream::Change, &bytes).last().unwrap().unwrap().crc;
    let header = Header {
        edge: Id::from_bytes(*b"an edge, 16 long"),
        epoch: 0x0102_0304_0506_0708,
        stream: Stream::Change,
        first: 41,
        last: 44,
        count: 2,
        prev_crc: 0xdead_beef,
        crc,
        gone: vec![Gone { first: 42, last: 43, reason: GoneReason::Damaged }],
    };
    Parcel { header, told: Vec::new(), records: bytes }
}

const PLAIN: &str = include_str!("../vectors/parcel-1-plain.hex");
const PACKED: &str = include_str!("../vectors/parcel-1-zstd.hex");

fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn version_1_is_read_as_it_was_written() {
    assert_eq!(Parcel::decode(&bytes(PLAIN)).unwrap(), parcel());
    let packed = Parcel::decode(&bytes(PACKED)).unwrap();
    assert_eq!((packed.header.clone(), packed.records.len()), (long().header, long().records.len()));
    assert_eq!(packed, long());
}

#[test]
fn version_1_is_written_as_it_was() {
    assert_eq!(parcel().encode(0), bytes(PLAIN));
}

/// One that is long enough to be packed.
fn long() -> Parcel {
    let mut long = parcel();
    long.records.clear();
    for number in [41, 44] {
        records::frame(number, &[b'x'; 200], &mut long.records);
    }
    long.header.crc = records::read(Stream::Change, &long.records).last().unwrap().unwrap().crc;
    long
}
