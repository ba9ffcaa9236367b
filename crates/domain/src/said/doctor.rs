//! What the doctor finds on this computer.

super::sentences! {
    FOLDER: "doctor.folder" = "{folder} can be written and synced.";
    FOLDER_BAD: "doctor.folder-bad" = "{folder} can't be written: {error}", hint "Give this user the folder, or choose another with --data.";
    ROOM: "doctor.room" = "{free_bytes} are free for history.";
    ROOM_LITTLE: "doctor.room-little" = "Only {free_bytes} are free for history.", hint "Make room, or lower `history.max_size`.";
    ROOM_UNKNOWN: "doctor.room-unknown" = "The free room is not known: {error}";
    CLOCK: "doctor.clock" = "The clock is plausible.";
    CLOCK_WRONG: "doctor.clock-wrong" = "This computer's clock is wrong: it says a time before this program was made.", hint "Set it, or let a time service do it. Reading and advising go on.";
    CLOCK_STEPS: "doctor.clock-steps" = "The clock was set {count}× since the start.", hint "History marks each step. A time service keeps it from happening.";
    HISTORY_OFF: "doctor.history-off" = "History is off: nothing is kept, so there are no trends.", hint "To keep it, set `on = true` under `[history]` in site.toml.";
    DAMAGED: "doctor.history-damaged" = "{count} damaged places in history were passed over; everything else is served.", hint "Check the disk. If the number grows, replace it.";
    ENGINE: "doctor.engine" = "Models run with {library}";
}
