//! Asks the linker to leave in the client where its functions refer to each other. `cargo xtask
//! bundle` needs that to cut the file into the parts that [`lazy`](src/lazy.rs) marks.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg-cdylib=--emit-relocs");
    }
}
