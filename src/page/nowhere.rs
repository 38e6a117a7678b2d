//! The page where nothing is: it leads to the first page and names the views and the routes.

use super::lang::Lang;
use super::layout::PLACES;
use super::text::line;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, html};

/// Routes that are no views.
const ROUTES: [(&str, &str, &str); 4] = [
    ("/api/v1/openapi.json", "JSON and tables: all routes", "المسالك كلّها بصيغة JSON وجداول"),
    ("/healthz", "Health", "السلامة"),
    ("/readyz", "Readiness", "الجاهزيّة"),
    ("/metrics", "Metrics", "المقاييس"),
];

/// Returns true if a request is one of a reader who wants a page.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|accepted| accepted.split(',').any(is_page))
}

/// Returns true for an element of `Accept` that names HTML and does not refuse it.
fn is_page(accepted: &str) -> bool {
    let mut parts = accepted.split(';').map(str::trim);
    let is_html = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("text/html"));
    let is_refused = parts.any(|part| part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0));
    is_html && !is_refused
}

/// The page for a path at which nothing is.
pub fn page(path: &str, headers: &HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let lang = Lang::best_of(accepted.unwrap_or_default());
    let title = lang.t("There is nothing here", "لا شيء هنا");
    let page = html! {
        (DOCTYPE)
        html lang=(lang.tag()) dir=(lang.dir()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Detente" }
                link rel="icon" href="/page/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/page/page.css";
            }
            body {
                a.skip href="#main" { (lang.t("Skip to the content", "إلى المحتوى")) }
                main #main tabindex="-1" {
                    h1 { (title) }
                    p { code dir="ltr" { (line(path, 200)) } }
                    p { a href="/" { (lang.t("To the first page", "إلى الصفحة الأولى")) } }
                    ul {
                        @for (path, en, ar) in PLACES.iter().chain(&ROUTES).filter(|(path, ..)| *path != "/") {
                            li { a href=(path) { code dir="ltr" { (path) } } " " (lang.t(en, ar)) }
                        }
                    }
                }
            }
        }
    };
    super::with_policy((StatusCode::NOT_FOUND, Html(page.into_string())).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_a_request_that_names_html_and_does_not_refuse_it_wants_a_page() {
        let wanted = |accepted: &'static str| {
            is_wanted(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accepted))]))
        };
        for accepted in ["text/html", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json, TEXT/HTML;q=0.5"]
        {
            assert!(wanted(accepted), "{accepted}");
        }
        for accepted in ["", "*/*", "application/json", "text/htmlx", "application/json, text/html;q=0"] {
            assert!(!wanted(accepted), "{accepted}");
        }
    }
}
