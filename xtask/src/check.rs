//! `cargo xtask check`: everything that can be judged without running the product.

use anyhow::{Result, bail};

use crate::cross;
use crate::deny;
use crate::generate;
use crate::shell::{cargo, find_program, run};
use crate::suite::Report;
use crate::tidy;

/// Runs every check, also after a failed one, and prints what took how long. `build` is how the program is built that
/// knows the generated files: when tests follow, in the way that they will need it.
pub(crate) fn command(build: [&str; 3]) -> bool {
    let mut report = Report::default();
    report.step("format", || run(cargo().args(["fmt", "--all", "--check"])));
    report.step("house rules", || passed(tidy::command()?));
    report.step("licences, sources, banned crates", || {
        if find_program("cargo-deny").is_some() {
            run(cargo().args(["deny", "--locked", "check", "licenses", "bans", "sources"]))
        } else {
            passed(deny::check()?)
        }
    });
    report.step("lints", || {
        run(cargo().args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    report.step("other platforms", cross::check);
    report.step("generated files", || passed(generate::run_all(true, build)?));
    report.print();
    report.all_passed()
}

fn passed(ok: bool) -> Result<()> {
    if ok {
        return Ok(());
    }
    bail!("see above");
}
