//! Queries: which records of a model, in which order, and what of them.

use std::marker::PhantomData;

use crate::client::{Context, RawRecord};
use crate::error::Result;

use super::group::GroupKeys;
use super::plan::Plan;
use super::{
    Custom, Domain, Field, Grouped, Id, Ids, Model, Odoo, Order, Pages, Projection, Record, Row,
    Whole,
};

/// How many ids one request asks for.
const ID_PAGE: u64 = 20_000;

/// A search of records of the model `M` that reads the projection `P`.
///
/// Nothing is sent before [`all`](Self::all), [`first`](Self::first) or another method that
/// is awaited. There is no default limit: without [`limit`](Self::limit), `all` returns every
/// record, page by page.
#[must_use = "a query does nothing before one of its async methods is awaited"]
pub struct Query<M, P = Whole> {
    plan: Plan,
    projection: P,
    model: PhantomData<fn() -> M>,
}

impl<M, P: Clone> Clone for Query<M, P> {
    fn clone(&self) -> Self {
        Self {
            plan: self.plan.clone(),
            projection: self.projection.clone(),
            model: PhantomData,
        }
    }
}

impl<M: Model> Query<M> {
    pub(super) fn new(odoo: &Odoo) -> Self {
        Self {
            plan: Plan::new(odoo, M::NAME),
            projection: Whole,
            model: PhantomData,
        }
    }
}

impl<M: Model, P> Query<M, P> {
    /// Narrows the search; called again, both conditions hold.
    pub fn filter(mut self, domain: Domain<M>) -> Self {
        self.plan.narrow(domain.into_node());
        self
    }

    /// Sorts; called again, where the orders before leave records equal.
    #[allow(clippy::needless_pass_by_value)] // an order is made for the query that takes it
    pub fn order(mut self, order: Order<M>) -> Self {
        self.plan.sort(order.as_str());
        self
    }

    /// At most this many records.
    pub fn limit(mut self, limit: u64) -> Self {
        self.plan.limit = Some(limit);
        self
    }

    /// Skips this many records.
    pub fn offset(mut self, offset: u64) -> Self {
        self.plan.offset = offset;
        self
    }

    /// In this context: language, time zone, companies, archived records. Keys that it does
    /// not name keep the value of the connection's context.
    pub fn with_context(mut self, context: &Context) -> Self {
        self.plan.odoo = self.plan.odoo.with_context(context);
        self
    }

    /// Finds archived records too.
    pub fn with_archived(self) -> Self {
        self.with_context(&Context::new().active_test(false))
    }

    /// Leaves a field out of what is read: the record then holds the empty value of its type.
    /// For a field whose compute fails on the server.
    pub fn without<K>(mut self, field: Field<M, K>) -> Self {
        self.plan.left_out.push(field.name());
        self
    }

    /// Reads other fields than the default set: a field or a tuple of them.
    pub fn select<Q: Projection<M>>(self, projection: Q) -> Query<M, Q> {
        Query {
            plan: self.plan,
            projection,
            model: PhantomData,
        }
    }

    /// Reads a struct made by [`record!`](crate::record).
    pub fn select_as<R: Record<Model = M>>(self) -> Query<M, Custom<R>> {
        self.select(Custom::new())
    }

    /// Groups the records and aggregates over them, instead of reading them.
    pub fn group_by<G: GroupKeys<M>>(self, keys: G) -> Grouped<M, G, ()> {
        Grouped::new(self.plan, keys)
    }

    /// How many records there are, whatever limit and offset are.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`](crate::ErrorKind).
    pub async fn count(&self) -> Result<u64> {
        self.plan.count().await
    }

    /// Whether there is a record.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`](crate::ErrorKind).
    pub async fn exists(&self) -> Result<bool> {
        let found = self.plan.page(&["id"], 0, 1).await?;
        Ok(!found.is_empty())
    }

    /// The ids of the records alone.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`](crate::ErrorKind).
    pub async fn ids(&self) -> Result<Ids<M>> {
        let id = Field::<M, super::kind::Id<M>>::new("id");
        let rows = self.plan.rows(&["id"], ID_PAGE).await?;
        let ids: Vec<Id<M>> = read_rows::<M, _>(&id, &[], &rows)?;
        Ok(ids.into())
    }
}

impl<M: Model, P> Query<M, P> {
    /// Every record (up to the limit).
    ///
    /// # Errors
    /// Any failure of a call, and [`ErrorKind::Decode`](crate::ErrorKind::Decode) naming model, record and field. When
    /// Odoo fails because of one field, the error names that field.
    pub async fn all(&self) -> Result<Vec<P::Output>>
    where
        P: Projection<M>,
    {
        let rows = self.plan.all(self.names()).await?;
        read_rows::<M, P>(&self.projection, &self.plan.left_out, &rows)
    }

    /// The first record, if there is one.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn first(&self) -> Result<Option<P::Output>>
    where
        P: Projection<M>,
    {
        let rows = self.plan.first(self.names()).await?;
        let records = read_rows::<M, P>(&self.projection, &self.plan.left_out, &rows)?;
        Ok(records.into_iter().next())
    }

    /// The only record.
    ///
    /// # Errors
    /// As [`all`](Self::all); [`ErrorKind::MissingRecord`](crate::ErrorKind::MissingRecord) when there is none or more than
    /// one.
    pub async fn one(&self) -> Result<P::Output>
    where
        P: Projection<M>,
    {
        let row = self.plan.one(self.names()).await?;
        read_row::<M, P>(&self.projection, &self.plan.left_out, &row)
    }

    /// The records in pages of this size, fetched as they are asked for.
    ///
    /// Without an order of its own the query is paged by id, so that records created or
    /// deleted meanwhile neither repeat nor hide others.
    pub fn pages(self, size: u64) -> Pages<M, P>
    where
        P: Projection<M>,
    {
        Pages::new(self.plan, self.projection, size)
    }

    fn names(&self) -> Vec<&'static str>
    where
        P: Projection<M>,
    {
        let mut names = Vec::new();
        self.projection.fields(&mut names);
        names
    }
}

/// Reads every row of an answer.
///
/// `inline` makes it be compiled beside its caller, with whom it then shares the code that drops
/// a record; that is larger than this function.
#[inline]
pub(super) fn read_rows<M: Model, P: Projection<M>>(
    projection: &P,
    left_out: &[&'static str],
    rows: &[RawRecord],
) -> Result<Vec<P::Output>> {
    let mut records = Vec::with_capacity(rows.len());
    for fields in rows {
        records.push(read_row::<M, P>(projection, left_out, fields)?);
    }
    Ok(records)
}

#[inline]
fn read_row<M: Model, P: Projection<M>>(
    projection: &P,
    left_out: &[&'static str],
    fields: &RawRecord,
) -> Result<P::Output> {
    let mut row = Row::without(M::NAME, fields, left_out);
    let record = projection.read(&mut row);
    row.finish().map(|()| record)
}
