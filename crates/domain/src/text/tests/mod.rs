//! Search by the rule of `super`: pairs that readers take for one word, what stays found, and what is kept apart.

mod boundaries;
mod collations;

use super::*;
use proptest::prelude::*;

/// All tokens of a text.
fn tokens_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    tokens(text, |token| found.push(token.to_owned()));
    found
}

fn finds(recorded: &str, asked: &str) -> bool {
    SearchWords::parse(asked).matches(&[recorded])
}

/// Each text is found by each of its words as others write them.
fn assert_found(cases: &[(&str, &[&str])]) {
    for (recorded, asked) in cases {
        for asked in *asked {
            assert!(finds(recorded, asked), "{recorded:?} is not found by {asked:?}: {:?}", tokens_of(recorded));
        }
    }
}

#[test]
fn every_word_must_be_there_and_the_last_one_may_be_a_beginning() {
    let text = "Russia and Azerbaijan signed a border agreement";
    assert!(finds(text, "agreement azer"));
    assert!(!finds(text, "azer agreement"));
    assert!(!finds(text, "agreement turkey"));
    assert!(finds(text, ""));
    assert!(SearchWords::parse(" .,'\u{ad} ").is_empty());
}

#[test]
fn case_does_not_matter_in_any_language_that_writes_it_in_its_own_way() {
    assert_found(&[
        ("Şuşa qalasında görüş", &["ŞUŞA", "QALASINDA", "qalasinda", "GÖRÜŞ"]),
        ("QARABAĞ AZADDIR", &["qarabağ", "azaddır", "azaddir"]),
        ("İzmir'in ışıkları", &["izmir", "IŞIKLARI", "isiklari", "İZMİRİN"]),
        ("Οι πρόεδροι συναντήθηκαν στους Δελφούς", &["ΔΕΛΦΟΥΣ", "δελφουσ", "ΠΡΟΕΔΡΟΙ"]),
        ("Die Weiße Straße", &["weisse", "STRASSE", "WEIẞE"]),
        ("DIE WEISSE STRASSE", &["weiße", "straße"]),
        ("საქართველო", &["ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ"]),
        ("Երևան", &["ԵՐԵՎԱՆ", "ԵՐԵՒԱՆ", "երեւան", "երեվան"]),
        ("ԵՐԵՎԱՆ", &["Երևան", "Երեւան"]),
        ("ἐν τῷ οἴκῳ", &["ΤΩΙ", "τω", "ΟΙΚΩΙ", "οικω"]),
    ]);
}

#[test]
fn letters_that_sort_as_one_are_one() {
    assert_found(&[
        ("Wałęsa in Wrocław", &["walesa", "WROCLAW"]),
        ("Åse Bjørnsdatter, Ærø", &["bjornsdatter", "aero", "ase"]),
        ("Đukanović", &["dukanovic"]),
        ("Għawdex", &["ghawdex"]),
        ("manœuvre", &["manoeuvre"]),
        ("Ґалаґан", &["галаган"]),
        ("کمیسیون گفت‌وگو", &["كميسيون"]),
        ("بۆ هەموو", &["ههموو"]),
        ("ہمسایہ", &["همسایه", "همسايه"]),
        ("שלום", &["שלומ"]),
        ("ﷲ ﻻ", &["الله", "لا"]),
        ("१२ मार्च ২০২৪", &["12", "2024"]),
        ("Əhməd", &["Ehmed", "ǝhmǝd", "ӘhmӘd"]),
    ]);
}

#[test]
fn what_was_found_before_the_folding_was_derived_from_the_collations_stays_found() {
    assert_found(&[
        ("Élysée, ÇATALCA", &["elysee", "catalca"]),
        ("إتِّفاقيّة", &["اتفاقيه", "اتفاقية"]),
        ("أذربيجــان", &["اذربيجان"]),
        ("موسى مسؤول", &["موسي", "مسوول", "موسی"]),
        ("هيئة", &["هييه"]),
        ("عام ٢٠١٠", &["2010", "۲۰۱۰"]),
        ("Чайковский", &["чаиковскии"]),
        ("Hyundai 현대", &["현", "혀"]),
        ("½ km²", &["1", "2", "km2"]),
        ("pʰa", &["pha"]),
        ("U.S. and l'accord", &["s", "u", "accord", "l"]),
    ]);
}

#[test]
fn characters_that_nobody_sees_cut_no_word_and_its_parts_stay_found() {
    let invisible = "\u{ad}\u{61c}\u{180e}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
                     \u{2060}\u{2061}\u{2062}\u{2063}\u{2064}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{e0001}";
    for c in invisible.chars() {
        let (split, twice) = (format!("cease{c}fire"), format!("cease{c}{c}fire"));
        for asked in ["ceasefire", "CEASEFIRE", split.as_str(), "cease", "fire"] {
            assert!(finds(&split, asked) && finds(&twice, asked), "{c:?} {asked}");
        }
        assert!(finds("a ceasefire", &split), "{c:?}");
    }
    for mark in ['\u{34f}', '\u{fe0f}', '\u{301}'] {
        assert!(finds(&format!("cease{mark}fire"), "ceasefire") && finds("ceasefire", &format!("cease{mark}fire")));
    }
    assert!(finds("Frie\u{ad}dens\u{ad}ver\u{ad}trags\u{ad}ent\u{ad}wurf", "Friedensvertragsentwurf"));
    assert!(finds("l'in\u{ad}ter\u{ad}na\u{ad}tio\u{ad}na\u{ad}le", "internationale"));
    assert!(finds("هم\u{200c}کاری\u{200c}ها", "همکاریها") && finds("هم\u{200c}کاری\u{200c}ها", "کاری ها"));
    assert!(!finds("cease\u{200b}fire", "ceasefire"), "a zero-width space divides words");
}

#[test]
fn apostrophes_primes_and_half_rings_may_be_left_out_or_be_one_another() {
    let mut signs: Vec<char> = ('\u{2b9}'..='\u{2ff}').filter(|c| !('\u{2e0}'..='\u{2e4}').contains(c)).collect();
    signs.extend(['\'', '\u{2018}', '\u{2019}', '\u{201b}', '\u{2032}', '`', '\u{b4}', '\u{ff07}', '\u{a78c}']);
    for sign in &signs {
        let (inside, around) = (format!("Ar{sign}tsakh"), format!("{sign}Artsakh{sign}"));
        for asked in ["artsakh", "Ar'tsakh", "Ar\u{2019}tsakh", "Ar\u{2bf}tsakh", "'artsakh'", inside.as_str()] {
            assert!(finds(&inside, asked) && finds("Artsakh", asked) && finds(&around, asked), "{sign:?} {asked}");
        }
        assert!(finds(&inside, "tsakh"), "{sign:?}");
    }
    for sign in ('\u{2b0}'..='\u{2b8}').chain('\u{2e0}'..='\u{2e4}') {
        assert!(finds(&format!("Ar{sign}tsakh"), "artsakh"), "{sign:?}");
    }
    assert_found(&[
        ("d'O'Brien", &["obrien", "O’Brien", "dobrien", "brien"]),
        ("l'accord de paix", &["accord de", "laccord", "l’accord", "l accord"]),
        ("п'ятниця", &["пʼятниця", "пятниця", "п’ят"]),
    ]);
}

#[test]
fn marks_inside_a_word_do_not_divide_it() {
    assert_found(&[
        ("Ի՞նչ է սա, գնա՜նք", &["ինչ", "գնանք"]),
        ("col·lecció", &["colleccio", "coŀlecció", "lecció"]),
        ("צה\"ל וצה״ל", &["צהל", "צה״ל"]),
        ("U.S.A. paid 1,250,000 manat", &["usa", "1250000", "1,250"]),
        ("snake_case", &["snakecase", "case"]),
    ]);
    assert!(!finds("one, two", "onetwo") && !finds("he said \"no\"", "saidno") && !finds("a..b", "ab"));
}

#[test]
fn other_letters_of_other_words_are_kept_apart() {
    for (one, other) in [
        ("Қазақ", "Казак"),
        ("ұлт", "улт"),
        ("þing", "thing"),
        ("κα", "και"),
        ("سال", "سول"),
        ("سول", "سيل"),
        ("ء", "ا"),
        ("the agreement", "agreements"),
        ("zəng", "zanq"),
    ] {
        assert!(!finds(one, other), "{one} is found by {other}");
    }
}

#[test]
fn the_folding_of_a_beginning_is_the_beginning_of_the_folding() {
    let texts = [
        "Straße",
        "œuvre",
        "Երևան",
        "d'O'Brien",
        "می\u{200c}خواهم",
        "Τῷδε",
        "현대",
        "ﷲlong",
        "x1,000",
        "pʰa",
        "և",
        "ÆON",
    ];
    for text in texts {
        for (end, c) in text.char_indices() {
            let beginning = &text[..end + c.len_utf8()];
            if SearchWords::parse(beginning).is_empty() {
                continue;
            }
            assert!(finds(text, beginning), "{text} by {beginning}");
        }
    }
    let long = "ß".repeat(100);
    assert!(finds(&long, &long) && finds(&long, &"ss".repeat(100)) && finds(&long, &"s".repeat(63)));
}

/// Texts of letters, digits and signs that do something to each other.
fn odd_text() -> impl Strategy<Value = String> {
    let pieces: Vec<char> = "aA1ßœıİեւվևαΙ\u{345}ʰʹ'’.,:_\"\u{ad}\u{200c}\u{200b}\u{301}אبﷺ현½ -".chars().collect();
    prop::collection::vec(prop::sample::select(pieces), 0..14).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn every_text_is_found_by_each_of_its_beginnings(text in prop_oneof![odd_text(), any::<String>()]) {
        for (end, c) in text.char_indices() {
            let beginning = &text[..end + c.len_utf8()];
            prop_assert!(finds(&text, beginning), "{:?} by {:?}: {:?}", text, beginning, tokens_of(&text));
        }
    }
}
