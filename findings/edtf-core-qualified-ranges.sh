#!/bin/sh
# Version: edtf-core 1.2.3 of crates.io
#
# edtf-core reads a member of a set that is uncertain, and a range without a limit whose one end is uncertain. A range with two ends of which
# one is uncertain it refuses, so that "from 2020 or so to 2021" can be written as an interval and not in a set.
#
#   [2020?,2021] read      [2020?..] read      [..2021?] read      2020?/2021 read
#   [2020?..2021] refused  [2020..2021?] refused
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "read"
version = "0.0.0"
edition = "2024"

[dependencies]
edtf-core = "=1.2.3"
TOML
cat > src/main.rs <<'RUST'
use edtf_core::Edtf;

fn main() {
    for (text, is_read) in [
        ("[2020?,2021]", true),
        ("[2020?..]", true),
        ("[..2021?]", true),
        ("2020?/2021", true),
        ("[2020..2021]", true),
        ("[2020?..2021]", false),
        ("[2020..2021?]", false),
    ] {
        let read = Edtf::parse(text);
        println!("{text:14} {}", read.as_ref().map_or_else(|e| e.message, |_| "read"));
        assert_eq!(read.is_ok(), is_read, "{text}");
    }
}
RUST
CARGO_TARGET_DIR="$folder/target" cargo run --quiet
