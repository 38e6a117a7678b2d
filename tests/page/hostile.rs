//! Texts that mean harm are shown as texts, in every view that shows any.

use crate::served::{Served, claim, party};

const SCRIPT: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg/onload=alert(3)>";
const TURNED: &str = "safe\u{202e}\u{2067}txt.exe";

#[tokio::test]
async fn a_script_an_override_and_a_pile_of_marks_are_shown_harmlessly_everywhere() {
    let mut server = Served::empty().await;
    let piled = format!("a{}", "\u{301}".repeat(2048));
    let mut disputed = claim(4, "2025-01/..", "Disputed.");
    disputed.note = SCRIPT.to_owned();
    server
        .append(vec![
            party("AAA", SCRIPT),
            party("BBB", TURNED),
            claim(1, "2025-01/..", SCRIPT),
            claim(2, "2025-01/..", TURNED),
            claim(3, "2025-01/..", &piled),
            disputed,
        ])
        .await;
    let id = |number: u32| format!("/claim/00000000-0000-0000-0000-{number:012}");
    let mut views: Vec<String> = (1..=4).map(id).collect();
    views.extend(
        [
            "/",
            "/?q=safe",
            "/party/AAA",
            "/relationship/AAA-BBB?valid_at=2025-07",
            "/gaps",
            "/feed",
            "/diff?relationship=AAA-BBB",
            "/upcoming?from=2024&until=2026",
            "/conflicts",
            "/what-if?relationship=AAA-BBB&valid_at=2025-07&text=%3Cscript%3Ealert(1)%3C/script%3E",
            "/?q=%3Cscript%3Ealert(1)%3C/script%3E",
            "/series?relationship=%3Cscript%3E",
        ]
        .map(str::to_owned),
    );
    for view in &views {
        let answer = server.ask("GET", view, "", "").await;
        // Page::of looks for scripts, handlers and styles that are not the page's own.
        let page = crate::served::Page::of(view, &answer);
        assert!(!page.source.contains("<script>alert") && !page.source.contains("<img"), "{view}");
        assert!(!page.source.contains(&"\u{301}".repeat(9)), "{view}: marks piled high");
        for place in ["title", "svg text"] {
            assert!(page.all(place).iter().all(|text| !text.contains('\u{202e}')), "{view}: {place} turns direction");
        }
        for (name, selector) in [("aria-label", "[aria-label]"), ("value", "input[value]")] {
            assert!(
                page.attrs(selector, name).iter().all(|text| !text.contains('\u{202e}')),
                "{view}: {name} turns direction"
            );
        }
        assert_eq!(
            page.source.matches('\u{202e}').count(),
            isolated_count(&page),
            "{view}: an override outside of a bdi"
        );
    }
    server.end().await;
}

/// Counts the overrides in elements that isolate them.
fn isolated_count(page: &crate::served::Page) -> usize {
    page.all("bdi").iter().map(|text| text.matches('\u{202e}').count()).sum()
}
