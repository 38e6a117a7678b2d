//! Each view of the demo.

use crate::served::{FOUNDING, Page, Served, claim, party};

const DISPUTED: &str = "/claim/019862ed-ac00-7000-8000-000000000302";
const RETRACTED: &str = "/claim/019862ed-ac00-7000-8000-000000001601";
const AGREED: &str = "/claim/019862ed-ac00-7000-8000-000000090001";

#[tokio::test]
async fn the_founding_question_is_one_click_away_and_the_answer_names_who_says_so() {
    let server = Served::demo().await;
    let home = server.page("/").await;
    let question = home.attrs(".founding a", "href").remove(0);
    let answer = server.page(&question).await;
    assert!(answer.all(".answer h2")[0].starts_with("Recorded absence"), "{:?}", answer.all(".answer h2"));
    assert!(answer.all(".answer h2")[0].contains("definite"));
    let said = answer.all(".answer ol.state li");
    assert_eq!(said.len(), 4);
    assert!(said.iter().all(|line| line.contains("The founding explainer, in its own voice publishes")), "{said:?}");
    assert!(answer.all(".answer .basis")[0].contains("113-81f50060d4142a7c"));
    let later = home.attrs(".founding .later a", "href");
    let said = [server.page(&later[0]).await, server.page(&later[1]).await].map(|page| page.all("ol.state li").len());
    assert_eq!(said, [1, 0], "in September there is an agreement, in November it has ended");
    server.end().await;
}

#[tokio::test]
async fn what_was_recorded_later_is_part_of_later_answers_alone() {
    let server = Served::demo().await;
    let ask = |known: &str| {
        format!("/relationship/AZE-RUS?valid_at=2025-09-20&known_at={known}&kind=agreement&mode=holds-at")
    };
    let before = server.page(&ask("2025-09-01")).await;
    let after = server.page(&ask("2025-09-16")).await;
    assert_eq!(before.all("ol.state li").len(), 0);
    assert_eq!(before.all(".answer h2"), ["Something is recorded, but nothing for this date"]);
    assert!(after.all("ol.state li")[0].contains("SYNTHETIC: Moscow and Baku have a comprehensive agreement"));
    let nothing = server.page("/relationship/AZE-RUS?valid_at=2025-07&known_at=2025-07-01").await;
    assert_eq!(nothing.all(".answer h2"), ["Nothing was recorded by then"]);
    server.end().await;
}

#[tokio::test]
async fn the_chart_has_a_row_for_each_row_of_the_table_and_draws_what_is_not_certain_as_such() {
    let server = Served::demo().await;
    let page = server.page("/relationship/AZE-RUS?valid_at=2025-07&known_at=2025-08-20&span=all").await;
    let drawn = page.attrs("svg.chart a.row", "data-claim");
    assert_eq!(drawn, page.attrs("table.record tr[data-claim]", "data-claim"));
    assert!(drawn.len() > 50);
    for (what, class) in [
        ("a faded bound", "rect[mask]"),
        ("a point", "path.point"),
        ("an open end", "path.arrow"),
        ("an unknown end", "text.unknown"),
        ("a dispute", "rect.disputed"),
        ("a retraction", "line.struck"),
        ("the asked date", "rect.asked"),
        ("a claim without time", "circle.timeless"),
    ] {
        assert!(
            !page.attrs(&format!("svg.chart {class}"), "class").is_empty()
                || !page.attrs(&format!("svg.chart {class}"), "x").is_empty(),
            "{what}"
        );
    }
    for (name, title) in page.attrs("svg.chart a.row", "aria-label").iter().zip(page.all("svg.chart a.row > title")) {
        assert_eq!(name.split_whitespace().collect::<Vec<_>>().join(" "), title);
    }
    server.end().await;
}

#[tokio::test]
async fn a_claim_tells_who_recorded_each_revision_when_and_why() {
    let server = Served::demo().await;
    let disputed = server.page(DISPUTED).await;
    assert!(
        disputed.all("ol.history li").last().unwrap().contains("Azerbaijan: SYNTHETIC"),
        "{:?}",
        disputed.all("ol.history li")
    );
    let retracted = server.page(RETRACTED).await;
    let history = retracted.all("ol.history li");
    assert_eq!(history.len(), 3);
    assert!(
        history[1].contains("retracted · its source withdrew it")
            && history[1].contains("2025-08-10 12:00Z · recorded by desk")
    );
    assert!(history[2].starts_with("reinstated"));
    let agreed = server.page(AGREED).await;
    assert_eq!(agreed.all("svg.plane g.band").len(), 2);
    assert!(agreed.all("ol.history li")[1].contains("the world changed"));
    server.end().await;
}

#[tokio::test]
async fn every_view_is_there_in_both_languages() {
    let server = Served::demo().await;
    let views = [
        "/",
        "/?q=gas",
        FOUNDING,
        DISPUTED,
        "/party/AZE",
        "/party/DOC",
        "/conflicts",
        "/conflicts?relationship=AZE-RUS",
        "/upcoming?from=2024-12&until=2026",
        "/gaps?relationship=AZE-RUS",
        "/series?relationship=AZE-RUS",
        "/series?relationship=AZE-RUS&bucket=year&group=kind&from=2000",
        "/diff?relationship=AZE-RUS",
        "/feed",
        "/feed?before=20",
        "/diff?relationship=AZE-RUS&from_known_at=2025-08-02&to_known_at=2025-09-16&from_valid_at=2025-09&to_valid_at=2025-09",
        "/what-if",
        "/what-if?relationship=AZE-RUS&valid_at=2025-07&text=A+pact",
    ];
    for view in views {
        let english = server.page(view).await;
        assert_eq!(english.attrs("html", "dir"), ["ltr"]);
        let mark = if view.contains('?') { '&' } else { '?' };
        let arabic = server.page(&format!("{view}{mark}lang=ar")).await;
        assert_eq!(
            (arabic.attrs("html", "dir"), arabic.attrs("html", "lang")),
            (vec!["rtl".into()], vec!["ar".into()])
        );
        assert_ne!(english.all("nav a"), arabic.all("nav a"), "{view}");
        assert!(arabic.all("nav a").iter().all(|word| !word.is_ascii()), "{view}: {:?}", arabic.all("nav a"));
    }
    let accepted = server.ask("GET", "/", "accept-language: ar-QA, en;q=0.4\r\n", "").await;
    assert_eq!(Page::of("/", &accepted).attrs("html", "lang"), ["ar"]);
    server.end().await;
}

#[tokio::test]
async fn a_supposed_claim_enters_the_state_and_not_the_record() {
    let mut server = Served::demo().await;
    let form = "relationship=AZE-RUS&valid_at=2025-07-15&known_at=2025-08-02&text=A+supposed+pact&valid=2025-07-01/..&kind=agreement&mode=holds-at";
    let page = server.page(&format!("/what-if?{form}")).await;
    let supposed = page.all(".supposed .change");
    assert!(supposed[0].starts_with("enters") && supposed[0].contains("A supposed pact"), "{supposed:?}");
    let posted = server.ask("POST", "/what-if", "content-type: application/x-www-form-urlencoded\r\n", form).await;
    assert_eq!(Page::of("/what-if", &posted).all(".supposed .change"), supposed);
    let info = server.client.get_server_info(detente_proto::v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(info.head.unwrap().position, 124);
    server.end().await;
}

#[tokio::test]
async fn a_diff_tells_the_world_from_our_knowledge_of_it() {
    let server = Served::demo().await;
    let page = server.page("/diff?relationship=AZE-RUS&from_known_at=2025-08-02&to_known_at=2025-10-02").await;
    let reasons = page.all(".change > div > strong");
    for reason in ["sharper", "disputed", "retracted", "correction", "new", "reported late"] {
        assert!(reasons.iter().any(|one| one == reason), "{reason} is not in {reasons:?}");
    }
    assert!(page.all(".answer h2")[0].contains("because of our knowledge of it"));
    server.end().await;
}

#[tokio::test]
async fn a_date_with_gaps_is_drawn_on_its_days_alone() {
    let mut server = Served::empty().await;
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland")]).await;
    let dates = ["[2024-12-25,2025-01-07]", "2025-XX-31", "[2024-12-25..2025-01-07]", "2024-12/2025-01"];
    server.append((1..).zip(dates).map(|(id, valid)| claim(id, valid, valid)).collect()).await;
    let page = server.page("/relationship/AAA-BBB?valid_at=2025-01").await;
    let bars = |id: u32| page.attrs(&format!("a.row[data-claim$='{id:012}'] rect.maybe"), "x").len();
    assert_eq!([1, 2, 3].map(bars), [2, 7, 1], "a bar for each stretch of days");
    assert_eq!(page.attrs("a.row[data-claim$='000000000004'] rect.sure", "x").len(), 3, "between two dates it holds");
    assert_eq!(page.all("label[for=field-known_at]"), ["known at (UTC)"]);
    server.end().await;
}
