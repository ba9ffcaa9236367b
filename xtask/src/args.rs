//! The words after `cargo xtask`, read by hand: there are too few to justify an argument parser.

use std::collections::VecDeque;

use anyhow::{Result, bail};

use crate::part::Part;

pub(crate) struct Args(VecDeque<String>);

impl Args {
    pub(crate) fn new(words: impl Iterator<Item = String>) -> Self {
        Self(words.collect())
    }

    pub(crate) fn next(&mut self) -> Option<String> {
        self.0.pop_front()
    }

    /// Everything that is left, for a program that reads its own arguments.
    pub(crate) fn rest(self) -> Vec<String> {
        self.0.into()
    }

    /// Refuses what nobody has read.
    pub(crate) fn end(&self) -> Result<()> {
        match self.0.front() {
            None => Ok(()),
            Some(word) => bail!("`{word}` is not understood here"),
        }
    }

    /// Takes the word `name`, true when it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != name);
        self.0.len() != before
    }

    /// Takes every `name VALUE`.
    pub(crate) fn values(&mut self, name: &str) -> Result<Vec<String>> {
        let mut values = Vec::new();
        while let Some(at) = self.0.iter().position(|word| word == name) {
            self.0.remove(at);
            match self.0.remove(at) {
                Some(value) => values.push(value),
                None => bail!("`{name}` needs a value"),
            }
        }
        Ok(values)
    }

    /// Takes every `--without PART`.
    pub(crate) fn without(&mut self) -> Result<Vec<Part>> {
        self.values("--without")?.iter().map(|name| Part::from_name(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn parts_to_leave_out_may_be_said_several_times() {
        let mut given = args("--without web --without postgres");
        assert_eq!(given.without().unwrap(), [Part::Web, Part::Postgres]);
        given.end().unwrap();
    }

    #[test]
    fn an_unknown_part_and_a_missing_value_are_refused() {
        assert!(args("--without brakes").without().is_err());
        assert!(args("--without").without().is_err());
    }

    #[test]
    fn what_nobody_read_is_refused() {
        let mut given = args("--check now");
        assert!(given.flag("--check"));
        assert!(given.end().is_err());
    }
}
