//! The client bundle is embedded at compile time, so a build must notice a new one. A checkout that
//! has none yet still compiles: the folder is made empty, and `cargo xtask bundle` fills it.

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=../dist");
    println!("cargo::rerun-if-changed=../dist/pkg");
    std::fs::create_dir_all("../dist/pkg")
}
