//! A register image in memory: what is mapped can be read, what is marked writable can be written, the rest is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use drivers::modbus::Table;

use super::registers::{Identity, Manner, Refusal, Registers};

/// The tables of one unit.
#[derive(Clone, Debug, Default)]
pub struct UnitImage {
    bits: [BTreeMap<u16, bool>; 2],
    words: [BTreeMap<u16, u16>; 2],
    writable_bits: BTreeSet<u16>,
    writable_words: BTreeSet<u16>,
    /// What it tells about itself.
    pub identity: Option<Identity>,
}

impl UnitImage {
    /// A unit without any address.
    pub fn new() -> Self {
        Self::default()
    }

    /// Maps bits from `start` on, or changes them.
    pub fn set_bits(&mut self, table: Table, start: u16, bits: &[bool]) {
        if let Some(map) = self.bits.get_mut(bits_index(table)).filter(|_| table.is_bits()) {
            map.extend((start..=u16::MAX).zip(bits.iter().copied()));
        }
    }

    /// Maps registers from `start` on, or changes them.
    pub fn set_words(&mut self, table: Table, start: u16, words: &[u16]) {
        if let Some(map) = self.words.get_mut(words_index(table)).filter(|_| !table.is_bits()) {
            map.extend((start..=u16::MAX).zip(words.iter().copied()));
        }
    }

    /// Allows masters to write these coils.
    pub fn allow_bits(&mut self, start: u16, count: u16) {
        self.writable_bits.extend((start..=u16::MAX).zip(0..count).map(|(at, _)| at));
    }

    /// Allows masters to write these holding registers.
    pub fn allow_words(&mut self, start: u16, count: u16) {
        self.writable_words.extend((start..=u16::MAX).zip(0..count).map(|(at, _)| at));
    }

    /// One register as it is now.
    pub fn word(&self, table: Table, at: u16) -> Option<u16> {
        self.words.get(words_index(table)).filter(|_| !table.is_bits())?.get(&at).copied()
    }

    /// One bit as it is now.
    pub fn bit(&self, table: Table, at: u16) -> Option<bool> {
        self.bits.get(bits_index(table)).filter(|_| table.is_bits())?.get(&at).copied()
    }
}

fn bits_index(table: Table) -> usize {
    usize::from(table == Table::Discrete)
}

fn words_index(table: Table) -> usize {
    usize::from(table == Table::Input)
}

/// The positions `start..start + count`, if there are that many.
fn positions(start: u16, count: usize) -> Result<impl Iterator<Item = u16>, Refusal> {
    let last = count.checked_sub(1).and_then(|more| usize::from(start).checked_add(more)).ok_or(Refusal::Value)?;
    let last = u16::try_from(last).map_err(|_| Refusal::Address)?;
    Ok(start..=last)
}

/// Several units in memory, shared between the server and whoever fills it.
#[derive(Debug, Default)]
pub struct Image {
    units: Mutex<BTreeMap<u8, UnitImage>>,
}

impl Image {
    /// Units by their numbers.
    pub fn new(units: impl IntoIterator<Item = (u8, UnitImage)>) -> Self {
        Self { units: Mutex::new(units.into_iter().collect()) }
    }

    /// Changes one unit in one go: no request sees it half changed. None when there is no such unit.
    pub fn change<T>(&self, unit: u8, change: impl FnOnce(&mut UnitImage) -> T) -> Option<T> {
        self.units().get_mut(&unit).map(change)
    }

    fn units(&self) -> MutexGuard<'_, BTreeMap<u8, UnitImage>> {
        self.units.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, unit: u8, ask: impl FnOnce(&mut UnitImage) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.units().get_mut(&unit).map_or(Err(Refusal::Failure), ask)
    }
}

#[async_trait]
impl Registers for Image {
    fn read_bits(&self, unit: u8, table: Table, start: u16, count: u16) -> Result<Vec<bool>, Refusal> {
        self.with(unit, |image| {
            let positions = positions(start, usize::from(count))?;
            positions.map(|at| image.bit(table, at).ok_or(Refusal::Address)).collect()
        })
    }

    fn read_words(&self, unit: u8, table: Table, start: u16, count: u16) -> Result<Vec<u16>, Refusal> {
        self.with(unit, |image| {
            let positions = positions(start, usize::from(count))?;
            positions.map(|at| image.word(table, at).ok_or(Refusal::Address)).collect()
        })
    }

    async fn write_bits(&self, unit: u8, start: u16, bits: &[bool]) -> Result<(), Refusal> {
        self.with(unit, |image| {
            if !positions(start, bits.len())?.all(|at| image.writable_bits.contains(&at)) {
                return Err(Refusal::Address);
            }
            image.set_bits(Table::Coil, start, bits);
            Ok(())
        })
    }

    async fn write_words(&self, unit: u8, start: u16, words: &[u16]) -> Result<(), Refusal> {
        self.with(unit, |image| {
            if !positions(start, words.len())?.all(|at| image.writable_words.contains(&at)) {
                return Err(Refusal::Address);
            }
            image.set_words(Table::Holding, start, words);
            Ok(())
        })
    }

    async fn mask_word(&self, unit: u8, at: u16, and: u16, or: u16) -> Result<(), Refusal> {
        self.with(unit, |image| {
            let old = image.word(Table::Holding, at).filter(|_| image.writable_words.contains(&at));
            let old = old.ok_or(Refusal::Address)?;
            image.set_words(Table::Holding, at, &[old & and | or & !and]);
            Ok(())
        })
    }

    fn identity(&self, unit: u8) -> Option<Identity> {
        self.units().get(&unit).and_then(|image| image.identity.clone())
    }

    fn manner(&self, unit: u8) -> Manner {
        if self.units().contains_key(&unit) { Manner::Prompt } else { Manner::Silent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image {
        let mut unit = UnitImage::new();
        unit.set_words(Table::Holding, 0, &[1, 2, 3]);
        unit.set_words(Table::Holding, 65_535, &[9]);
        unit.allow_words(1, 2);
        Image::new([(1, unit)])
    }

    #[test]
    fn what_is_not_mapped_is_refused_even_in_part() {
        assert_eq!(image().read_words(1, Table::Holding, 0, 3), Ok(vec![1, 2, 3]));
        assert_eq!(image().read_words(1, Table::Holding, 2, 2), Err(Refusal::Address));
        assert_eq!(image().read_words(1, Table::Input, 0, 1), Err(Refusal::Address));
        assert_eq!(image().read_words(1, Table::Holding, 65_535, 1), Ok(vec![9]));
        assert_eq!(image().read_words(1, Table::Holding, 65_535, 2), Err(Refusal::Address));
    }

    #[tokio::test]
    async fn a_write_that_is_not_allowed_as_a_whole_changes_nothing() {
        let image = image();
        assert_eq!(image.write_words(1, 0, &[7, 7]).await, Err(Refusal::Address));
        assert_eq!(image.write_words(1, 1, &[7, 8]).await, Ok(()));
        assert_eq!(image.read_words(1, Table::Holding, 0, 3), Ok(vec![1, 7, 8]));
        assert_eq!(image.mask_word(1, 0, 0, 1).await, Err(Refusal::Address));
        assert_eq!(image.mask_word(1, 1, 0xFFFE, 0).await, Ok(()));
        assert_eq!(image.read_words(1, Table::Holding, 1, 1), Ok(vec![6]));
    }
}
