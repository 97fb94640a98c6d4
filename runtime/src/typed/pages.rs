//! Records page by page, as a stream.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde_json::json;

use crate::client::RawRecord;
use crate::error::Result;

use super::domain::Node;
use super::plan::Plan;
use super::query::read_rows;
use super::{Model, Projection, decode};

type Fetch = Pin<Box<dyn Future<Output = (Box<Walk>, Result<Vec<RawRecord>>)> + Send>>;

/// Pages of records of the model `M`, each a vector. A [`Stream`], and with
/// [`next_page`](Self::next_page) usable without one. After a failure it ends.
pub struct Pages<M, P> {
    state: State,
    projection: P,
    left_out: Vec<&'static str>,
    model: PhantomData<fn() -> M>,
}

enum State {
    Idle(Box<Walk>),
    Fetching(Fetch),
    Ended,
}

/// Where the walk over the records stands.
struct Walk {
    plan: Plan,
    fields: Vec<&'static str>,
    size: u64,
    seen: u64,
    /// The last id, where the walk goes by id instead of by offset.
    last: Option<i64>,
    by_id: bool,
}

impl<M: Model, P: Projection<M>> Pages<M, P> {
    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// As [`Query::all`](super::Query::all).
    pub async fn next_page(&mut self) -> Result<Option<Vec<P::Output>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }
}

impl<M: Model, P: Projection<M>> Pages<M, P> {
    pub(super) fn new(mut plan: Plan, projection: P, size: u64) -> Self {
        let by_id = plan.order.is_none() && plan.offset == 0;
        if by_id {
            plan.order = Some("id asc".to_owned());
        }
        let mut fields = Vec::new();
        projection.fields(&mut fields);
        let mut fields = plan.fields(fields);
        if !fields.contains(&"id") {
            fields.push("id");
        }
        Self {
            left_out: plan.left_out.clone(),
            state: State::Idle(Box::new(Walk {
                plan,
                fields,
                size: size.max(1),
                seen: 0,
                last: None,
                by_id,
            })),
            projection,
            model: PhantomData,
        }
    }
}

impl Walk {
    async fn fetch(&mut self) -> Result<Vec<RawRecord>> {
        let mut plan = self.plan.clone();
        let left = plan
            .limit
            .map_or(u64::MAX, |limit| limit - self.seen.min(limit));
        let mut skip = self.seen;
        if self.by_id {
            plan.limit = None;
            skip = 0;
            if let Some(last) = self.last {
                plan.narrow(Node::leaf("id", ">", &json!(last)));
            }
        }
        let rows = plan.page(&self.fields, skip, self.size.min(left)).await?;
        self.seen += rows.len() as u64;
        self.last = rows
            .last()
            .and_then(|row| row.get("id"))
            .and_then(decode::whole);
        Ok(rows)
    }
}

impl State {
    /// Goes on until the next rows are there; `None` after the last.
    fn poll_rows(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Vec<RawRecord>>>> {
        loop {
            match std::mem::replace(self, Self::Ended) {
                Self::Ended => return Poll::Ready(None),
                Self::Idle(mut walk) => {
                    if walk.plan.limit.is_some_and(|limit| walk.seen >= limit) {
                        return Poll::Ready(None);
                    }
                    *self = Self::Fetching(Box::pin(async move {
                        let rows = walk.fetch().await;
                        (walk, rows)
                    }));
                }
                Self::Fetching(mut fetch) => {
                    let Poll::Ready((walk, rows)) = fetch.as_mut().poll(context) else {
                        *self = Self::Fetching(fetch);
                        return Poll::Pending;
                    };
                    return Poll::Ready(self.turn(walk, rows));
                }
            }
        }
    }

    fn turn(
        &mut self,
        walk: Box<Walk>,
        rows: Result<Vec<RawRecord>>,
    ) -> Option<Result<Vec<RawRecord>>> {
        if let Ok(rows) = &rows {
            if rows.is_empty() {
                return None;
            }
            if rows.len() as u64 == walk.size {
                *self = Self::Idle(walk);
            }
        }
        Some(rows)
    }
}

impl<M: Model, P: Projection<M>> Stream for Pages<M, P> {
    type Item = Result<Vec<P::Output>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.state.poll_rows(context).map(|rows| {
            let page =
                rows?.and_then(|rows| read_rows::<M, P>(&this.projection, &this.left_out, &rows));
            if page.is_err() {
                this.state = State::Ended;
            }
            Some(page)
        })
    }
}

// The boxed future is the only part that is polled in place, and a box can be moved.
impl<M, P> Unpin for Pages<M, P> {}
