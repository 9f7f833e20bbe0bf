//! Puts the memory map where the linker looks for it.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=memory.x");
    if env::var_os("CARGO_FEATURE_BOARD").is_some()
        && let Some(out) = env::var_os("OUT_DIR").map(PathBuf::from)
    {
        fs::copy("memory.x", out.join("memory.x"))?;
        println!("cargo:rustc-link-search={}", out.display());
        println!("cargo:rustc-link-arg-bin=meter=-Tlink.x");
    }
    Ok(())
}
