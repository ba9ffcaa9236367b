//! A release build embeds the web app: it has to be built again when the app was.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
