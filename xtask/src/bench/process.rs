//! What running programs use, read from `/proc`: a program and everything it started, together.

use std::fs;
use std::io;

use anyhow::{Context, Result};

/// Clock ticks per second that the kernel tells times in (`USER_HZ`, the same on every Linux).
const TICKS: f64 = 100.0;

/// What a program and its descendants use now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Seconds of processor time since they began, ended children that were waited for included.
    pub(crate) cpu_s: f64,
    /// Bytes of memory in use (resident set; memory that two share counts twice).
    pub(crate) rss: u64,
    /// Bytes of memory, what several share counted in parts (proportional set).
    pub(crate) pss: u64,
    /// Bytes that they caused to be written to a disk.
    pub(crate) written: u64,
}

impl Usage {
    /// Of `pid` and its descendants. An error when `pid` is gone; descendants may go meanwhile.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let mut sum = one(pid).with_context(|| format!("process {pid} is gone"))?;
        for child in descendants(pid)? {
            if let Ok(usage) = one(child) {
                sum.cpu_s += usage.cpu_s;
                sum.rss += usage.rss;
                sum.pss += usage.pss;
                sum.written += usage.written;
            }
        }
        Ok(sum)
    }
}

fn one(pid: u32) -> io::Result<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields = fields_of(&stat);
    // utime, stime, cutime, cstime: fields 14 to 17 of proc(5), of which the first two stand before ours
    let ticks: f64 = fields.get(11..15).unwrap_or_default().iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Ok(Usage {
        cpu_s: ticks / TICKS,
        rss: kilobytes(&format!("/proc/{pid}/status"), "VmRSS:"),
        pss: kilobytes(&format!("/proc/{pid}/smaps_rollup"), "Pss:"),
        written: number(&format!("/proc/{pid}/io"), "write_bytes:"),
    })
}

/// What stands behind the name of the program, which may have spaces and brackets in it.
fn fields_of(stat: &str) -> Vec<&str> {
    stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect()
}

fn descendants(root: u32) -> Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        parents.extend(fields_of(&stat).get(1).and_then(|parent| Some((pid, parent.parse::<u32>().ok()?))));
    }
    let mut family = vec![root];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        family.extend(parents.iter().filter(|(_, known)| *known == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    family.remove(0);
    Ok(family)
}

fn kilobytes(file: &str, name: &str) -> u64 {
    number(file, name) * 1024
}

fn number(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    value.split_whitespace().next().and_then(|value| value.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_program_counts_with_what_it_started() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let family = descendants(std::process::id()).unwrap();
        assert!(family.contains(&child.id()));
        let all = Usage::of(std::process::id()).unwrap();
        let alone = one(std::process::id()).unwrap();
        assert!(alone.rss > 0 && all.rss > alone.rss, "{all:?} {alone:?}");
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(Usage::of(child.id()).is_err());
    }
}
