//! Records page by page, as a stream.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde_json::json;

use crate::client::RawRecord;
use crate::error::Result;

use super::{Domain, Model, Projection, Query, decode};

type Fetch<M, P> = Pin<Box<dyn Future<Output = (Box<Walk<M, P>>, Result<Vec<RawRecord>>)> + Send>>;

/// Pages of records of the model `M`, each a vector. A [`Stream`], and with
/// [`next_page`](Self::next_page) usable without one. After a failure it ends.
pub struct Pages<M, P>
where
    P: Projection<M>,
{
    state: State<M, P>,
}

enum State<M, P> {
    Idle(Box<Walk<M, P>>),
    Fetching(Fetch<M, P>),
    Ended,
}

/// Where the walk over the records stands.
struct Walk<M, P> {
    query: Query<M, P>,
    size: u64,
    seen: u64,
    /// The last id, where the walk goes by id instead of by offset.
    last: Option<i64>,
    by_id: bool,
}

impl<M: Model, P: Projection<M> + Sync + 'static> Pages<M, P> {
    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn next_page(&mut self) -> Result<Option<Vec<P::Output>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }
}

impl<M: Model, P: Projection<M>> Pages<M, P> {
    pub(super) fn new(mut query: Query<M, P>, size: u64) -> Self {
        let by_id = query.plan.order.is_none() && query.plan.offset == 0;
        if by_id {
            query.plan.order = Some("id asc".to_owned());
        }
        Self {
            state: State::Idle(Box::new(Walk {
                query,
                size: size.max(1),
                seen: 0,
                last: None,
                by_id,
            })),
        }
    }
}

impl<M: Model, P: Projection<M>> Walk<M, P> {
    async fn fetch(&mut self) -> Result<Vec<RawRecord>> {
        let mut fields = self.query.fields();
        if !fields.contains(&"id") {
            fields.push("id");
        }
        let mut plan = self.query.plan.clone();
        let left = plan
            .limit
            .map_or(u64::MAX, |limit| limit - self.seen.min(limit));
        let mut skip = self.seen;
        if self.by_id {
            plan.limit = None;
            skip = 0;
            if let Some(last) = self.last {
                plan.domain = plan.domain.and(Domain::leaf("id", ">", &json!(last)));
            }
        }
        let rows = plan.page(&fields, skip, self.size.min(left)).await?;
        self.seen += rows.len() as u64;
        self.last = rows
            .last()
            .and_then(|row| row.get("id"))
            .and_then(decode::whole);
        Ok(rows)
    }
}

impl<M: Model, P: Projection<M> + Sync + 'static> Stream for Pages<M, P> {
    type Item = Result<Vec<P::Output>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Idle(mut walk) => {
                    if walk
                        .query
                        .plan
                        .limit
                        .is_some_and(|limit| walk.seen >= limit)
                    {
                        return Poll::Ready(None);
                    }
                    self.state = State::Fetching(Box::pin(async move {
                        let rows = walk.fetch().await;
                        (walk, rows)
                    }));
                }
                State::Fetching(mut fetch) => {
                    let Poll::Ready((walk, rows)) = fetch.as_mut().poll(context) else {
                        self.state = State::Fetching(fetch);
                        return Poll::Pending;
                    };
                    return Poll::Ready(self.turn(walk, rows));
                }
            }
        }
    }
}

impl<M: Model, P: Projection<M>> Pages<M, P> {
    fn turn(
        &mut self,
        walk: Box<Walk<M, P>>,
        rows: Result<Vec<RawRecord>>,
    ) -> Option<Result<Vec<P::Output>>> {
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => return Some(Err(error)),
        };
        if rows.is_empty() {
            return None;
        }
        let page: Result<Vec<P::Output>> = rows.iter().map(|row| walk.query.read(row)).collect();
        if page.is_ok() && rows.len() as u64 == walk.size {
            self.state = State::Idle(walk);
        }
        Some(page)
    }
}

// The boxed future is the only part that is moved, and a box can be.
impl<M, P: Projection<M>> Unpin for Pages<M, P> {}
