//! Sources: what a client writes, what was recorded, what is shown.

use super::limits::{MAX_NAME_BYTES, MAX_URL_BYTES};
use super::parts::{external_ids, render, render_date, render_external_id};
use super::path::At;
use super::scalar::{date, each_once, language, party_id, required_text, source_id, text};
use super::sink::{Sink, Unreadable};
use detente_domain::source::Source;
use detente_proto::v1;

/// Parses a source. Errors go to the sink; if there are any, the source is not to be used.
pub fn parse_source(source: v1::Source, at: &At<'_>, sink: &mut Sink) -> Option<Source> {
    let id = source_id(&source.source_id, &at.field("source_id"), sink);
    Some(Source {
        publishers: each_once(source.publishers, &at.field("publishers"), sink, |id, at, sink| party_id(&id, at, sink)),
        title: required_text(source.title, MAX_NAME_BYTES, &at.field("title"), sink),
        url: text(source.url, MAX_URL_BYTES, &at.field("url"), sink),
        published: date(&source.published, &at.field("published"), sink),
        language: if source.language.is_empty() {
            Box::default()
        } else {
            language(source.language, &at.field("language"), sink)
        },
        derives_from: each_once(source.derives_from, &at.field("derives_from"), sink, |id, at, sink| {
            source_id(&id, at, sink)
        }),
        external_ids: external_ids(source.external_ids, &at.field("external_ids"), sink),
        id: id?,
    })
}

/// Reads back the content of a source that was recorded.
///
/// # Errors
/// [`Unreadable`] when it lacks what no source can be without.
pub fn read_source(source: v1::Source) -> Result<Source, Unreadable> {
    let mut sink = Sink::for_stored();
    let source = parse_source(source, &At::root(""), &mut sink);
    sink.read("source", source)
}

/// The message with the content of a source.
#[must_use]
pub fn render_source(source: &Source) -> v1::Source {
    into_message(source.clone())
}

/// The message with the content of a source, made of its strings.
pub(super) fn into_message(source: Source) -> v1::Source {
    v1::Source {
        source_id: source.id.as_str().to_owned(),
        publishers: render(source.publishers, |id| id.as_str().to_owned()),
        title: source.title.into(),
        url: source.url.into(),
        published: render_date(source.published),
        language: source.language.into(),
        derives_from: render(source.derives_from, |id| id.as_str().to_owned()),
        external_ids: render(source.external_ids, render_external_id),
        ..v1::Source::default()
    }
}
