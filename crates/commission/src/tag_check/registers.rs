//! Two tags at one place: the same thing twice, or the same registers read as two different things.

use std::collections::BTreeMap;

use drivers::modbus::{Address, Kind, Table};

use super::{Against, Level, TagDraft, TagFinding};

/// Who reads some registers.
#[derive(Clone)]
struct Reader<'a> {
    address: Address,
    name: &'a str,
    /// Of the tags being checked; none = it is in the configuration already.
    index: Option<usize>,
}

pub(super) fn check(
    tags: &[TagDraft],
    addresses: &[Option<Address>],
    against: &Against<'_>,
    findings: &mut Vec<TagFinding>,
) {
    let known = against.site.iter().flat_map(|site| site.tags.iter()).filter(|tag| tag.device == against.device);
    let known = known
        .filter_map(|tag| Some(Reader { address: tag.address.parse().ok()?, name: tag.name.as_str(), index: None }));
    let drafts = tags.iter().zip(addresses).enumerate().filter_map(|(index, (tag, address))| {
        Some(Reader { address: (*address)?, name: &tag.name, index: Some(index) })
    });
    let mut readers: Vec<Reader<'_>> = known.chain(drafts).collect();
    readers.sort_by_key(|reader| (reader.address.table, reader.address.offset, reader.index));
    // one look per tag: against the one before that reaches furthest. All pairs would be a square of a long list.
    let mut furthest: BTreeMap<Table, Reader<'_>> = BTreeMap::new();
    for reader in readers {
        let table = reader.address.table;
        let before = furthest.get(&table).cloned();
        if let Some(before) = before.filter(|before| before.address.end() > u32::from(reader.address.offset)) {
            compare(&before, &reader, findings);
            if before.address.end() >= reader.address.end() {
                continue;
            }
        }
        furthest.insert(table, reader);
    }
}

fn compare(one: &Reader<'_>, two: &Reader<'_>, findings: &mut Vec<TagFinding>) {
    let (index, other) = match (one.index, two.index) {
        (_, Some(index)) => (index, one),
        (Some(index), None) => (index, two),
        (None, None) => return,
    };
    let finding = if one.address == two.address {
        let what = format!("{} is read already, as {}", one.address, other.name);
        TagFinding::new(index, Level::Look, "tag.read-twice", what)
            .word("address", one.address)
            .hint("leave one of them out, unless two places need it")
    } else if may_share(one.address.kind, two.address.kind) {
        return;
    } else {
        let what = format!(
            "{} and {} ({}) share registers, and read them as different things",
            two.address, one.address, other.name
        );
        TagFinding::new(index, Level::Look, "tag.overlap", what)
            .word("address", two.address)
            .word("with", one.address)
            .hint("one of the two has the wrong address or the wrong type")
    };
    findings.push(finding.word("other", other.name));
}

/// Bits of a register beside each other, or beside the register as a whole: status words are read so.
fn may_share(one: Kind, two: Kind) -> bool {
    let bit = |kind| matches!(kind, Kind::Bit(_));
    let word = |kind| matches!(kind, Kind::Int(16, _) | Kind::Uint(16, _));
    bit(one) && (bit(two) || word(two)) || word(one) && bit(two)
}
