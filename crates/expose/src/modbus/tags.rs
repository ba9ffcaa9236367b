//! Tags as the registers of one unit: what is good reads as its value, and what is not cannot be taken for good.
//!
//! A tag with a quality register keeps its last value beside it; one without is refused with exception 4 while it is bad
//! or stale. Only what is marked writable is written, one tag per request, and only after the writer agreed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use domain::{Quality, QualityClass, Value};
use drivers::modbus::value::{decode, encode};
use drivers::modbus::{Address, Table};

use super::registers::{Identity, Manner, Refusal, Registers};

/// One tag and where it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct TagRegister {
    /// Its value.
    pub address: Address,
    /// Beside it: 0 good, 1 uncertain, 2 bad.
    pub quality: Option<Address>,
    /// Whether masters may write it.
    pub writable: bool,
}

/// Who decides about a write.
#[async_trait]
pub trait Writer: Send + Sync + 'static {
    /// Writes the tag of this number, or refuses.
    async fn set(&self, tag: usize, value: Value) -> Result<(), Refusal>;
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that were answered with values or a confirmation.
    pub answered: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Writes among those answered.
    pub written: u64,
}

/// See the module.
pub struct TagRegisters {
    unit: u8,
    tags: Vec<TagRegister>,
    cells: RwLock<Cells>,
    writer: Arc<dyn Writer>,
    identity: Identity,
    answered: AtomicU64,
    refused: AtomicU64,
    written: AtomicU64,
}

/// One register or bit: what it holds, and whether it may be read now.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    word: u16,
    readable: bool,
}

#[derive(Debug, Default)]
struct Cells([BTreeMap<u16, Cell>; 4]);

impl Cells {
    fn of(&self, table: Table) -> &BTreeMap<u16, Cell> {
        let [coil, discrete, input, holding] = &self.0;
        match table {
            Table::Coil => coil,
            Table::Discrete => discrete,
            Table::Input => input,
            Table::Holding => holding,
        }
    }

    fn of_mut(&mut self, table: Table) -> &mut BTreeMap<u16, Cell> {
        let [coil, discrete, input, holding] = &mut self.0;
        match table {
            Table::Coil => coil,
            Table::Discrete => discrete,
            Table::Input => input,
            Table::Holding => holding,
        }
    }

    /// Puts words there; none leaves what is there and says whether that may be read.
    fn put(&mut self, address: Address, words: Option<&[u16]>, readable: bool) {
        let cells = self.of_mut(address.table);
        for (index, at) in (address.offset..=u16::MAX).take(usize::from(address.kind.count())).enumerate() {
            let cell = cells.entry(at).or_default();
            cell.readable = readable;
            if let Some(word) = words.and_then(|words| words.get(index)) {
                cell.word = *word;
            }
        }
    }
}

impl TagRegisters {
    /// Nothing can be read before it was shown.
    pub fn new(unit: u8, tags: Vec<TagRegister>, writer: Arc<dyn Writer>, identity: Identity) -> Self {
        let mut cells = Cells::default();
        for tag in &tags {
            for address in [Some(&tag.address), tag.quality.as_ref()].into_iter().flatten() {
                cells.put(*address, None, false);
            }
        }
        let count = AtomicU64::default;
        let cells = RwLock::new(cells);
        Self { unit, tags, cells, writer, identity, answered: count(), refused: count(), written: count() }
    }

    /// Shows these tags as they are now, in one go: no request sees half of it.
    pub fn show<'a>(&self, now: impl IntoIterator<Item = (usize, Option<&'a Value>, Quality)>) {
        let mut cells = self.cells.write().unwrap_or_else(PoisonError::into_inner);
        for (tag, value, quality) in now {
            let Some(TagRegister { address, quality: beside, .. }) = self.tags.get(tag) else { continue };
            // a value that does not fit there is no value there
            let words = value.and_then(|value| encode(address.kind, value).ok());
            let class = if words.is_none() { QualityClass::Bad } else { quality.class() };
            let usable = class != QualityClass::Bad && quality != Quality::STALE;
            cells.put(*address, words.as_deref(), usable || beside.is_some());
            if let Some(beside) = beside {
                let code = match class {
                    QualityClass::Good => 0,
                    QualityClass::Uncertain => 1,
                    QualityClass::Bad => 2,
                };
                let words = encode(beside.kind, &Value::U64(code)).ok();
                cells.put(*beside, words.as_deref(), true);
            }
        }
    }

    /// What happened so far.
    pub fn traffic(&self) -> Traffic {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Traffic { answered: count(&self.answered), refused: count(&self.refused), written: count(&self.written) }
    }

    fn counted<T>(&self, result: Result<T, Refusal>) -> Result<T, Refusal> {
        let counter = if result.is_ok() { &self.answered } else { &self.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        result
    }

    fn read(&self, table: Table, start: u16, count: u16) -> Result<Vec<u16>, Refusal> {
        let cells = self.cells.read().unwrap_or_else(PoisonError::into_inner);
        let cells = cells.of(table);
        let last = count.checked_sub(1).and_then(|more| start.checked_add(more)).ok_or(Refusal::Address)?;
        let found: Vec<Cell> = cells.range(start..=last).map(|(_, cell)| *cell).collect();
        if found.len() != usize::from(count) {
            return Err(Refusal::Address);
        }
        found.iter().map(|cell| if cell.readable { Ok(cell.word) } else { Err(Refusal::Failure) }).collect()
    }

    /// Exactly one writable tag, whole.
    async fn set(&self, table: Table, start: u16, words: &[u16]) -> Result<(), Refusal> {
        let whole = |tag: &TagRegister| {
            let address = &tag.address;
            let count = usize::from(address.kind.count());
            tag.writable && address.table == table && address.offset == start && count == words.len()
        };
        let number = self.tags.iter().position(whole).ok_or(Refusal::Address)?;
        let kind = self.tags.get(number).ok_or(Refusal::Address)?.address.kind;
        let value = decode(kind, words).ok_or(Refusal::Value)?;
        self.writer.set(number, value.clone()).await?;
        // whoever reads at once reads what was written
        self.show([(number, Some(&value), Quality::GOOD)]);
        self.written.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[async_trait]
impl Registers for TagRegisters {
    fn read_bits(&self, _: u8, table: Table, start: u16, count: u16) -> Result<Vec<bool>, Refusal> {
        let bits = self.read(table, start, count).map(|words| words.iter().map(|word| *word != 0).collect());
        self.counted(bits)
    }

    fn read_words(&self, _: u8, table: Table, start: u16, count: u16) -> Result<Vec<u16>, Refusal> {
        self.counted(self.read(table, start, count))
    }

    async fn write_bits(&self, _: u8, start: u16, bits: &[bool]) -> Result<(), Refusal> {
        let words: Vec<u16> = bits.iter().map(|bit| u16::from(*bit)).collect();
        let written = self.set(Table::Coil, start, &words).await;
        self.counted(written)
    }

    async fn write_words(&self, _: u8, start: u16, words: &[u16]) -> Result<(), Refusal> {
        let written = self.set(Table::Holding, start, words).await;
        self.counted(written)
    }

    async fn mask_word(&self, _: u8, _: u16, _: u16, _: u16) -> Result<(), Refusal> {
        // single bits of a tag mean nothing
        self.counted(Err(Refusal::Address))
    }

    fn identity(&self, _: u8) -> Option<Identity> {
        Some(self.identity.clone())
    }

    fn manner(&self, unit: u8) -> Manner {
        // 0 and 255 are what masters write when they mean "you" (Modbus messaging on TCP/IP V1.0b §4.4.2.1)
        if unit == self.unit || unit == 0 || unit == 255 { Manner::Prompt } else { Manner::Silent }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Taken(Mutex<Vec<(usize, Value)>>);

    #[async_trait]
    impl Writer for Taken {
        async fn set(&self, tag: usize, value: Value) -> Result<(), Refusal> {
            if value == Value::U64(999) {
                return Err(Refusal::Value);
            }
            self.0.lock().unwrap().push((tag, value));
            Ok(())
        }
    }

    fn tag(address: &str, quality: Option<&str>, writable: bool) -> TagRegister {
        TagRegister { address: address.parse().unwrap(), quality: quality.map(|at| at.parse().unwrap()), writable }
    }

    fn registers() -> (TagRegisters, Arc<Taken>) {
        let taken = Arc::new(Taken::default());
        let tags = vec![
            tag("holding:0:float32:cdab", None, false),
            tag("holding:2:float32", Some("input:0"), false),
            tag("holding:4:uint16", None, true),
            tag("coil:0", None, true),
        ];
        let identity = Identity { vendor: String::new(), product: String::new(), version: String::new() };
        (TagRegisters::new(1, tags, Arc::clone(&taken) as Arc<dyn Writer>, identity), taken)
    }

    fn read(registers: &TagRegisters, table: Table, start: u16, count: u16) -> Result<Vec<u16>, Refusal> {
        registers.read_words(1, table, start, count)
    }

    #[test]
    fn what_is_bad_or_stale_is_refused_or_says_so_beside_its_last_value() {
        let (registers, _) = registers();
        let value = Value::from_f64(1.0).unwrap();
        assert_eq!(read(&registers, Table::Holding, 0, 2), Err(Refusal::Failure), "nothing was shown yet");
        registers.show([(0, Some(&value), Quality::GOOD), (1, Some(&value), Quality::GOOD)]);
        assert_eq!(read(&registers, Table::Holding, 0, 4), Ok(vec![0, 0x3F80, 0x3F80, 0]));
        assert_eq!(read(&registers, Table::Input, 0, 1), Ok(vec![0]));
        for (quality, code) in [(Quality::STALE, 1), (Quality::SENSOR_FAILURE, 2)] {
            let shown = Some(&value).filter(|_| !quality.is_bad());
            registers.show([(0, shown, quality), (1, shown, quality)]);
            assert_eq!(read(&registers, Table::Holding, 0, 2), Err(Refusal::Failure), "{quality}");
            assert_eq!(read(&registers, Table::Holding, 2, 2), Ok(vec![0x3F80, 0]), "{quality}");
            assert_eq!(read(&registers, Table::Input, 0, 1), Ok(vec![code]), "{quality}");
        }
        registers.show([(0, Some(&value), Quality::OUT_OF_RANGE)]);
        assert!(read(&registers, Table::Holding, 0, 2).is_ok(), "an uncertain value is one");
    }

    #[test]
    fn a_value_that_does_not_fit_is_no_value() {
        let (registers, _) = registers();
        registers.show([(2, Some(&Value::U64(70_000)), Quality::GOOD)]);
        assert_eq!(read(&registers, Table::Holding, 4, 1), Err(Refusal::Failure));
        assert_eq!(read(&registers, Table::Holding, 4, 2), Err(Refusal::Address), "nothing is mapped behind it");
        assert_eq!(read(&registers, Table::Input, 65_535, 2), Err(Refusal::Address));
    }

    #[tokio::test]
    async fn only_a_whole_writable_tag_is_written_and_reads_back_at_once() {
        let (registers, taken) = registers();
        assert_eq!(registers.write_words(1, 0, &[0, 0]).await, Err(Refusal::Address), "it is read-only");
        assert_eq!(registers.write_words(1, 3, &[0, 7]).await, Err(Refusal::Address), "half of one and one");
        assert_eq!(registers.write_words(1, 4, &[999]).await, Err(Refusal::Value), "the writer refused");
        assert_eq!(read(&registers, Table::Holding, 4, 1), Err(Refusal::Failure), "and nothing was shown");
        assert_eq!(registers.write_words(1, 4, &[7]).await, Ok(()));
        assert_eq!(read(&registers, Table::Holding, 4, 1), Ok(vec![7]));
        assert_eq!(registers.write_bits(1, 0, &[true]).await, Ok(()));
        assert_eq!(*taken.0.lock().unwrap(), [(2, Value::U64(7)), (3, Value::Bool(true))]);
        assert_eq!(registers.traffic(), Traffic { answered: 3, refused: 4, written: 2 });
    }
}
