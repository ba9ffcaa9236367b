//! What a bench ran on, in words. Never the name of the machine.

use std::fs;
use std::process::Command;
use std::thread;

use crate::paths;
use crate::shell::output;

/// Processor, cores, memory, system, disk, compiler, revision, and how busy the machine was.
pub(crate) fn facts() -> String {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown processor".into());
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    let system = field_with("/etc/os-release", "PRETTY_NAME", '=').unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let disk = said(Command::new("stat").args(["-f", "-c", "%T"]).arg(paths::root()));
    let rustc = said(Command::new("rustc").arg("--version"));
    let git = |words: &[&str]| said(Command::new("git").current_dir(paths::root()).args(words));
    let day = git(&["log", "-1", "--format=%cs"]);
    let revision = git(&["describe", "--always", "--dirty"]);
    format!(
        "{processor}, {cores} cores, {:.0} GB of memory, {system}, Linux {}, disk {disk}, {rustc}; revision {revision} of \
         {day}; load average at the end {}",
        memory.unwrap_or(0.0) / 1e6,
        kernel.split('-').next().unwrap_or_default().trim(),
        load.split(' ').next().unwrap_or_default()
    )
}

fn field(file: &str, name: &str) -> Option<String> {
    field_with(file, name, ':')
}

fn field_with(file: &str, name: &str, between: char) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once(between)?;
    Some(value.trim().trim_matches('"').to_owned())
}

fn said(command: &mut Command) -> String {
    output(command).map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
}
