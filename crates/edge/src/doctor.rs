//! What is wrong on this computer, in words: the same looks for `lastmile doctor` and for System.

use std::path::Path;

use domain::said::doctor as said;
use domain::{Arg, Said};
use server::api::health::{DoctorLine, DoctorState};
use store::disk::{Disk, RealDisk};

/// Looks at the data folder, the room on its disk, the clock and the model engine.
pub fn look(data: &Path) -> Vec<DoctorLine> {
    vec![folder(data), room(data), clock(), engine()]
}

/// One thing that was looked at.
pub(crate) fn line(code: &str, state: DoctorState, said: Said) -> DoctorLine {
    DoctorLine { code: code.to_owned(), state, words: said.words(), hint: said.hint(), said: Some(said.into()) }
}

/// Whether a file can be made, synced and removed again.
fn folder(data: &Path) -> DoctorLine {
    let probe = data.join(".doctor");
    let tried = std::fs::create_dir_all(data)
        .and_then(|()| std::fs::File::create(&probe))
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::remove_file(&probe));
    let folder = ("folder", Arg::from(data.display().to_string()));
    match tried {
        Ok(()) => line("data.folder", DoctorState::Ok, said::FOLDER.say([folder])),
        Err(error) => {
            let said = said::FOLDER_BAD.say([folder, ("error", error.to_string().into())]);
            line("data.folder", DoctorState::Wrong, said)
        }
    }
}

/// Below this much room the log begins to drop its oldest days.
const LITTLE: u64 = 1 << 30;

fn room(data: &Path) -> DoctorLine {
    match RealDisk.free(data) {
        Ok(free) if free < LITTLE => {
            line("disk.room", DoctorState::Look, said::ROOM_LITTLE.say([("free_bytes", free.into())]))
        }
        Ok(free) => line("disk.room", DoctorState::Ok, said::ROOM.say([("free_bytes", free.into())])),
        Err(error) => {
            line("disk.room", DoctorState::Look, said::ROOM_UNKNOWN.say([("error", error.to_string().into())]))
        }
    }
}

/// A wrong clock stops nothing, but people should know.
fn clock() -> DoctorLine {
    // 2026-01-01, before which no version of this program existed
    const FIRST_VERSION_MS: i64 = 1_767_225_600_000;
    let now = crate::clock::Clock::start().now();
    if now.millis() < FIRST_VERSION_MS {
        return line("clock.wrong", DoctorState::Look, said::CLOCK_WRONG.plain());
    }
    line("clock.wrong", DoctorState::Ok, said::CLOCK.plain())
}

fn engine() -> DoctorLine {
    match inference::library_path() {
        Ok(path) => {
            line("runtime.found", DoctorState::Ok, said::ENGINE.say([("library", path.display().to_string().into())]))
        }
        Err(problem) => DoctorLine { code: "runtime.found".to_owned(), ..crate::ports::doctor::wrong(&problem) },
    }
}
