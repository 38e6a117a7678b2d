//! Sizes: what a relationship with many claims costs to look at.

use crate::served::{Served, claim, party};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_relationship_with_a_thousand_claims_is_small_and_quick() {
    let mut server = Served::empty().await;
    server.append(vec![party("AAA", "Aland"), party("BBB", "Bland")]).await;
    for hundred in 0..10u128 {
        let text = |at: u128| {
            format!("Claim {at} says that the two agreed on matter {}, with some words about it.", at * 7919)
        };
        let claims = (hundred * 100..hundred * 100 + 100).map(|at| claim(at + 1, "2025-01/..", &text(at))).collect();
        server.append(claims).await;
    }
    let path = "/relationship/AAA-BBB?valid_at=2025-07";
    let page = server.page(path).await;
    let titles = page.all(".overview svg.plot g > title");
    assert!(titles.iter().any(|title| title == "2025-07: 1000 + 0"), "more claims than rows are counted: {titles:?}");
    let begin = Instant::now();
    let answer = server.ask("GET", path, "accept-encoding: gzip\r\n", "").await;
    let took = begin.elapsed();
    assert!(answer.head.contains("content-encoding: gzip"), "{}", answer.head);
    assert!(answer.body.len() < 150 * 1024, "{} bytes", answer.body.len());
    println!("1,000 claims: {} bytes, {took:?}", answer.body.len());
    // The promise is 200 ms of an optimised server; a debug build on a busy machine is given more.
    assert!(took < Duration::from_secs(2), "{took:?}");
    let mut counted = 0;
    let mut next = Some(path.to_owned());
    while let Some(address) = next {
        let page = server.page(&address).await;
        assert!(page.source.len() < 4 << 20);
        counted += page.all("ol.state li").len();
        next = page.attrs(".answer a[rel=next]", "href").pop();
    }
    assert_eq!(counted, 1000);
    server.end().await;
}
