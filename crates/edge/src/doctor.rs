//! What is wrong on this computer, in words: the same looks for `lastmile doctor` and for System.

use std::path::Path;

use domain::Problem;
use server::api::health::{DoctorLine, DoctorState};
use store::disk::{Disk, RealDisk};

/// Looks at the data folder, the room on its disk, the clock and the model engine.
pub fn look(data: &Path) -> Vec<DoctorLine> {
    vec![folder(data), room(data), clock(), engine()]
}

fn line(code: &str, state: DoctorState, words: impl Into<String>, hint: &str) -> DoctorLine {
    DoctorLine { code: code.to_owned(), state, words: words.into(), hint: hint.to_owned() }
}

/// Whether a file can be made, synced and removed again.
fn folder(data: &Path) -> DoctorLine {
    let probe = data.join(".doctor");
    let tried = std::fs::create_dir_all(data)
        .and_then(|()| std::fs::File::create(&probe))
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) => line("data.folder", DoctorState::Ok, format!("{} can be written and synced", data.display()), ""),
        Err(error) => line(
            "data.folder",
            DoctorState::Wrong,
            format!("{} cannot be written: {error}", data.display()),
            "give this user the folder, or choose another with --data",
        ),
    }
}

/// Below this much room the log begins to drop its oldest days.
const LITTLE: u64 = 1 << 30;

fn room(data: &Path) -> DoctorLine {
    match RealDisk.free(data) {
        Ok(free) if free < LITTLE => line(
            "disk.room",
            DoctorState::Look,
            format!("only {} MB are free for history", free / 1_000_000),
            "make room, or lower `history.max_size`",
        ),
        Ok(free) => line("disk.room", DoctorState::Ok, format!("{} GB are free for history", free / 1_000_000_000), ""),
        Err(error) => line("disk.room", DoctorState::Look, format!("the free room is not known: {error}"), ""),
    }
}

/// A wrong clock stops nothing, but people should know.
fn clock() -> DoctorLine {
    // 2026-01-01, before which no version of this program existed
    const FIRST_VERSION_MS: i64 = 1_767_225_600_000;
    let now = crate::clock::Clock::start().now();
    if now.millis() < FIRST_VERSION_MS {
        let words = "this computer's clock is wrong: it says a time before this program was made";
        return line(
            "clock.wrong",
            DoctorState::Look,
            words,
            "set it, or let a time service do it; reading and advising go on",
        );
    }
    line("clock.wrong", DoctorState::Ok, "the clock is plausible", "")
}

fn engine() -> DoctorLine {
    match inference::library_path() {
        Ok(path) => line("runtime.found", DoctorState::Ok, format!("models run with {}", path.display()), ""),
        Err(Problem { what, hint, .. }) => line("runtime.found", DoctorState::Wrong, what, &hint),
    }
}
