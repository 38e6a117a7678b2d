#!/bin/sh
# Version: icu_collator 2.4.0 and icu_casemap 2.4.0 of crates.io
#
# ICU4X; needs Rust 1.88 or later.
#
# Expected: a word equals both of its upper cases, the one of Unicode (ԵՐԵՒԱՆ) and the one of its language (ԵՐԵՎԱՆ), at primary
# strength, in the collation of its language if not in the root collation, which the former extends.
# Seen: the ligature of "Երևան" equals one in each. The root collation knows only the first, which is its compatibility
# decomposition; the Armenian collation only the second, and keeps the first apart. A search that compares by either loses half
# of the headlines, and with both it still needs what follows from the two.
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
icu_casemap = "=2.4.0"
icu_collator = "=2.4.0"
icu_locale_core = "=2.4.0"
TOML
cat >"$dir/src/main.rs" <<'RUST'
use icu_casemap::CaseMapper;
use icu_collator::{Collator, options::{CollatorOptions, Strength}};
use icu_locale_core::{LanguageIdentifier, Locale};

fn main() {
    let word = "Երևան";
    for collation in ["und", "hy"] {
        for language in ["und", "hy"] {
            let upper = CaseMapper::new().uppercase_to_string(word, &language.parse::<LanguageIdentifier>().unwrap());
            let mut options = CollatorOptions::default();
            options.strength = Some(Strength::Primary);
            let collator = Collator::try_new(collation.parse::<Locale>().unwrap().into(), options).unwrap();
            println!("collation {collation}, upper case of {language} {upper}: {:?}", collator.compare(word, &upper));
        }
    }
}
RUST
seen=$(cargo run --quiet --manifest-path "$dir/Cargo.toml")
expected='collation und, upper case of und ԵՐԵՒԱՆ: Equal
collation und, upper case of hy ԵՐԵՎԱՆ: Greater
collation hy, upper case of und ԵՐԵՒԱՆ: Less
collation hy, upper case of hy ԵՐԵՎԱՆ: Equal'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "this has changed; seen before:"; echo "$expected"; exit 1; }
