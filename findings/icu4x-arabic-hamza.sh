#!/bin/sh
# Version: icu_collator 2.4.0 of crates.io
#
# ICU4X with the data of CLDR 48; needs Rust 1.88 or later.
#
# Expected: a hamza on its seat sorts as the letter of the seat, or as a letter of its own, at primary strength: alef with hamza
# and waw with hamza are two letters, as in the root collation.
# Seen: in the Arabic and the Persian collation bare hamza and all of its seats are one and the same letter, "سأل", "سئل", "سؤل"
# and "سءل" one word; in the Arabic one it is the letter of the bare alef too, "سال". A search that takes either collation and
# ignores the hamza above its seat as well, as most do, makes alef, waw and ya a single letter.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"
cat >"$dir/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.1.0"
edition = "2024"
[dependencies]
icu_collator = "=2.4.0"
icu_locale_core = "=2.4.0"
TOML
cat >"$dir/src/main.rs" <<'RUST'
use icu_collator::{Collator, options::{CollatorOptions, Strength}};
use icu_locale_core::Locale;

fn main() {
    for collation in ["und", "ar", "fa"] {
        let mut options = CollatorOptions::default();
        options.strength = Some(Strength::Primary);
        let collator = Collator::try_new(collation.parse::<Locale>().unwrap().into(), options).unwrap();
        let with = |word| format!("{:?}", collator.compare("سأل", word));
        println!("{collation}: {} {} {} {}", with("سئل"), with("سؤل"), with("سءل"), with("سال"));
    }
}
RUST
seen=$(cargo run --quiet --manifest-path "$dir/Cargo.toml")
expected='und: Less Less Greater Less
ar: Equal Equal Equal Equal
fa: Equal Equal Equal Greater'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "this has changed; seen before:"; echo "$expected"; exit 1; }
