//! Writes the description of the interface: `cargo run -p server --example openapi > web/openapi.json`.
#![expect(clippy::print_stdout, reason = "that is what it is for")]

fn main() {
    print!("{}", server::openapi());
}
