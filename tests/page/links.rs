//! Addresses: a permalink gives the same answer for ever, every link of a page leads somewhere, and a wrong one is
//! reported.

use crate::served::{FOUNDING, Page, Served, claim, party};
use detente_domain::position::RecordedAt;
use detente_ledger::clock::ManualClock;
use std::collections::BTreeSet;
use std::sync::Arc;

#[tokio::test]
async fn a_browser_finds_a_page_where_nothing_is_and_what_it_asks_of_every_host() {
    let server = Served::empty().await;
    let browser = "accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    for path in ["/none", "/relationship", "/api/v1/none", "/%3Cb%3E"] {
        let answer = server.ask("GET", path, browser, "").await;
        assert_eq!(answer.status, 404, "{path}");
        let page = Page::of(path, &answer);
        let links = page.attrs("a", "href");
        for link in ["/", "/conflicts", "/api/v1/openapi.json", "/metrics"] {
            assert!(links.iter().any(|href| href == link), "{path}: {links:?}");
        }
        for link in links.iter().filter(|link| link.starts_with('/')) {
            assert_eq!(server.ask("GET", link, "", "").await.status, 200, "{link}");
        }
    }
    let arabic = server.ask("GET", "/none", &format!("{browser}accept-language: ar\r\n"), "").await;
    assert!(String::from_utf8(arabic.body).unwrap().contains("dir=\"rtl\""));
    for headers in ["", "accept: */*\r\n", "accept: application/json\r\n"] {
        let answer = server.ask("GET", "/none", headers, "").await;
        assert!(answer.status == 404 && answer.head.contains("application/json"), "{headers}: {}", answer.head);
    }
    for (path, kind) in [("/favicon.ico", "image/svg+xml"), ("/robots.txt", "text/plain")] {
        let answer = server.ask("GET", path, "", "").await;
        assert!(answer.status == 200 && answer.head.contains(kind), "{path}: {}", answer.head);
    }
    server.end().await;
}

#[tokio::test]
async fn a_permalink_answers_the_same_after_more_has_been_recorded() {
    let mut server = Served::empty().await;
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland"), claim(1, "2025-01/..", "The first.")]).await;
    let page = server.page("/relationship/AAA-BBB?valid_at=2025-07").await;
    let permalink = page.attrs(".answer a.permalink", "href").remove(0);
    assert!(permalink.contains("valid_at=2025-07") && permalink.contains("basis=3-"), "{permalink}");
    let before = server.page(&permalink).await;
    server.append(vec![claim(2, "2025-02/..", "The second.")]).await;
    let after = server.page(&permalink).await;
    assert_eq!(before.source, after.source);
    assert_eq!(after.attrs(".answer a.permalink", "href"), [permalink]);
    let now = server.page("/relationship/AAA-BBB?valid_at=2025-07").await;
    assert_eq!((after.all("ol.state li").len(), now.all("ol.state li").len()), (1, 2));
    server.end().await;
}

#[tokio::test]
async fn the_permalink_of_every_view_stays_when_time_passes_and_more_is_recorded() {
    const DAY: i64 = 86_400_000_000;
    let start = RecordedAt(20_000 * DAY);
    let clock = Arc::new(ManualClock::at(start));
    let mut server = Served::by(Arc::clone(&clock) as Arc<dyn detente_ledger::clock::Clock>).await;
    let claims = ["2024-01/..", "2024-11/2024-12", "2024-12/2025-03", "../2026-02"];
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland")]).await;
    server.append((1..).zip(claims).map(|(id, valid)| claim(id, valid, &format!("Number {id}."))).collect()).await;
    let mut answers = Vec::new();
    for view in [
        "/relationship/AAA-BBB",
        "/claim/00000000-0000-0000-0000-000000000001",
        "/conflicts?relationship=AAA-BBB",
        "/upcoming?relationship=AAA-BBB",
        "/gaps?relationship=AAA-BBB",
        "/series?relationship=AAA-BBB",
        "/diff?relationship=AAA-BBB",
        "/what-if?relationship=AAA-BBB&text=A+pact",
    ] {
        let permalink = server.page(view).await.attrs("a.permalink", "href").remove(0);
        let page = server.page(&permalink).await;
        answers.push((permalink, page.source));
    }
    clock.set(RecordedAt(start.0 + 500 * DAY));
    server.append(vec![claim(9, "2024-02/2026-01", "The ninth.")]).await;
    for (permalink, before) in answers {
        let after = server.page(&permalink).await;
        assert_eq!(after.source, before, "{permalink}");
    }
    server.end().await;
}

#[tokio::test]
async fn an_address_is_read_as_people_paste_it() {
    let mut server = Served::empty().await;
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland")]).await;
    let hour = "2025-06-30T23:30:00-02:00/2025-07-01T02:30:00+01:00";
    server.append(vec![claim(1, hour, "Midnight.")]).await;
    // In a query a `+` is a space; scripts and dashboards write milliseconds.
    for valid_at in
        ["2025-07-01T02:30:00+01:00", "2025-07-01T02:30:00%2B01:00", "2025-07-01T01:30:00Z", "1751333400000"]
    {
        let page = server.page(&format!("/relationship/AAA-BBB?valid_at={valid_at}")).await;
        assert_eq!(page.all("ol.state li").len(), 1, "{valid_at}");
    }
    for at in ["2026-06-01T02:00:00+04:00", "1780264800000", "2026-06-01T02:00:00.5%2B04:00", "2026-06-01"] {
        for view in [
            "relationship/AAA-BBB?known_at",
            "diff?from_known_at",
            "diff?from_known_at=2026-05-01&to_known_at",
            "feed?known_at",
        ] {
            assert_eq!(server.ask("GET", &format!("/{view}={at}"), "", "").await.status, 200, "{view}={at}");
        }
    }
    for span in [
        "upcoming?from=2025-06-30T00:00:00+04:00",
        "gaps?until=2025-06-30T00:00:00+04:00",
        "series?until=2025-06-30T00:00:00+04:00",
    ] {
        assert_eq!(server.ask("GET", &format!("/{span}"), "", "").await.status, 200, "{span}");
    }
    server.end().await;
}

#[tokio::test]
async fn every_link_of_every_view_leads_somewhere() {
    let server = Served::demo().await;
    let mut seen = BTreeSet::new();
    let mut next: Vec<String> = ["/", FOUNDING, "/diff", "/feed"].map(str::to_owned).into();
    while let Some(address) = next.pop() {
        let view = address.split(['?', '#']).next().unwrap().to_owned();
        // One address of each view is followed, so that the walk ends.
        if !seen.insert(view.clone()) || seen.len() > 160 {
            continue;
        }
        let answer = server.ask("GET", &address, "", "").await;
        assert_eq!(answer.status, 200, "{address}");
        if answer.head.contains("text/html") {
            next.extend(Page::of(&address, &answer).attrs("a[href^='/'], link[href]", "href"));
        }
    }
    assert!(seen.len() > 100, "{}", seen.len());
    server.end().await;
}

#[tokio::test]
async fn what_cannot_be_answered_is_told_as_a_page_with_its_status() {
    let server = Served::demo().await;
    for (path, status) in [
        ("/relationship/AZE-RUS?valid_at=soon", 400),
        ("/relationship/AZE-RUS?known_at=yesterday", 400),
        ("/relationship/AZE-RUS?basis=no-basis", 400),
        ("/relationship/%3Cscript%3E", 400),
        ("/claim/019862ed-ac00-7000-8000-0000000fffff", 404),
        ("/party/NOBODY", 404),
        ("/series?from=soon", 400),
    ] {
        let answer = server.ask("GET", path, "", "").await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(Page::of(path, &answer).all(".notice").len(), 1, "{path}");
    }
    let unknown = server.page("/relationship/XXX-YYY?valid_at=2025-07").await;
    assert_eq!(unknown.all(".answer h2"), ["Nothing was recorded by then"]);
    server.end().await;
}

#[tokio::test]
async fn nothing_can_be_recorded_here() {
    let server = Served::demo().await;
    for path in ["/", "/relationship/AZE-RUS", "/claim/x", "/diff", "/feed"] {
        assert_eq!(server.ask("POST", path, "", "").await.status, 405, "{path}");
    }
    server.end().await;
}
