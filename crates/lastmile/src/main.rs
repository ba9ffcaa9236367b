//! `lastmile`: subcommands only, no logic. Each is a file in `commands/`; what they do lives in the crates below.

mod args;
mod commands;
mod out;

use clap::Parser;

/// Gives memory back to the system: reading a configuration of 100,000 tags takes hundreds of megabytes for a second, and
/// the allocator of the C library would keep most of them for ever.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc.h; the crate has no name for it.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Memory that is free goes back at once instead of after a second without use, which on a busy edge never comes: what reading
/// a configuration of 10,000 tags took stayed for ever, 35 MB of it.
fn give_memory_back_at_once() {
    #[expect(unsafe_code, reason = "a setting of the allocator; the call only stores a number")]
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, 0);
    }
}

fn main() -> std::process::ExitCode {
    give_memory_back_at_once();
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _closed = error.print();
            let asked_for_help = !error.use_stderr();
            return if asked_for_help { out::Exit::Ok } else { out::Exit::Usage }.into();
        }
    };
    commands::run(cli).into()
}
