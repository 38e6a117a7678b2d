//! An answer in pages, as one sequence of entries.
//!
//! A page token pins the cut of the first page, so the entries are one answer at one basis, however much is recorded meanwhile
//! and however often the connection breaks.

use super::question::{PagedQuestion, Question};
use super::stream::unfold;
use super::{Client, Error};
use detente_proto::v1::ReplyContext;
use std::collections::VecDeque;
use tokio_stream::Stream;

/// As many entries as a server gives at once.
const LARGEST_PAGE: u32 = 1000;

/// The entries of an answer, page by page.
#[derive(Debug)]
pub struct Pages<Q: PagedQuestion> {
    client: Client,
    /// The question of the next page, if there is one.
    question: Option<Q>,
    read: VecDeque<Q::Entry>,
    context: Option<ReplyContext>,
}

impl<Q: PagedQuestion> Pages<Q> {
    /// The question is fixed here, basis and all: a token belongs to the very question of its first page.
    pub(super) fn new(client: Client, mut question: Q) -> Self {
        if *question.page_size() == 0 {
            *question.page_size() = LARGEST_PAGE;
        }
        client.stand(&mut question);
        Self { client, question: Some(question), read: VecDeque::new(), context: None }
    }

    /// Returns the next entry; nothing after the last.
    ///
    /// # Errors
    /// As [`Client::ask`]. The page can be requested again.
    pub async fn next(&mut self) -> Result<Option<Q::Entry>, Error> {
        loop {
            if let Some(entry) = self.read.pop_front() {
                return Ok(Some(entry));
            }
            match self.next_page().await? {
                Some(page) => self.read = Q::entries(page).into(),
                None => return Ok(None),
            }
        }
    }

    /// Returns the next page, whole, with all that it has besides entries; nothing after the last. Not to be mixed with
    /// [`Pages::next`].
    ///
    /// # Errors
    /// As [`Client::ask`]. The page can be requested again.
    pub async fn next_page(&mut self) -> Result<Option<Q::Answer>, Error> {
        let Some(question) = &self.question else { return Ok(None) };
        let page = self.client.put(question.clone()).await?;
        if let Some(context) = <Q as Question>::context(&page) {
            self.context = Some(context.clone());
        }
        let token = Q::next_page(&page).to_owned();
        match &mut self.question {
            Some(question) if !token.is_empty() => *question.page_token() = token,
            question => *question = None,
        }
        Ok(Some(page))
    }

    /// The coordinates of the answer, once there is a page.
    #[must_use]
    pub const fn context(&self) -> Option<&ReplyContext> {
        self.context.as_ref()
    }

    /// The entries as a stream, which ends after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Q::Entry, Error>> + Send + Unpin {
        unfold(Some(self), |pages| {
            Box::pin(async move {
                let mut pages = pages?;
                match pages.next().await {
                    Ok(entry) => entry.map(|entry| (Ok(entry), Some(pages))),
                    Err(error) => Some((Err(error), None)),
                }
            })
        })
    }
}
