//! Queries: which records of a model, in which order, and what of them.

use crate::client::{Context, RawRecord, SearchRead};
use crate::error::{Error, ErrorKind, Result};

use super::group::GroupKeys;
use super::guilty;
use super::{
    Custom, Domain, Field, Grouped, Id, Ids, Model, Odoo, Order, Pages, Projection, Record, Row,
    Whole,
};

/// How many records one request asks for when the caller set no limit: few enough for an
/// answer of some megabytes, many enough that the requests do not show.
pub(super) const PAGE: u64 = 1000;

/// How many ids one request asks for.
const ID_PAGE: u64 = 20_000;

/// A search of records of the model `M` that reads the projection `P`.
///
/// Nothing is sent before [`all`](Self::all), [`first`](Self::first) or another method that
/// is awaited. There is no default limit: without [`limit`](Self::limit), `all` returns every
/// record, page by page.
#[must_use = "a query does nothing before one of its async methods is awaited"]
pub struct Query<M, P = Whole> {
    pub(super) plan: Plan<M>,
    pub(super) projection: P,
}

/// Everything about a query but what it reads.
pub(super) struct Plan<M> {
    pub(super) odoo: Odoo,
    pub(super) domain: Domain<M>,
    pub(super) order: Option<String>,
    pub(super) limit: Option<u64>,
    pub(super) offset: u64,
    pub(super) left_out: Vec<&'static str>,
}

impl<M> Clone for Plan<M> {
    fn clone(&self) -> Self {
        Self {
            odoo: self.odoo.clone(),
            domain: self.domain.clone(),
            order: self.order.clone(),
            limit: self.limit,
            offset: self.offset,
            left_out: self.left_out.clone(),
        }
    }
}

impl<M, P: Clone> Clone for Query<M, P> {
    fn clone(&self) -> Self {
        Self {
            plan: self.plan.clone(),
            projection: self.projection.clone(),
        }
    }
}

impl<M: Model> Query<M> {
    pub(super) fn new(odoo: Odoo) -> Self {
        Self {
            plan: Plan {
                odoo,
                domain: Domain::all(),
                order: None,
                limit: None,
                offset: 0,
                left_out: Vec::new(),
            },
            projection: Whole,
        }
    }
}

impl<M: Model, P> Query<M, P> {
    /// Narrows the search; called again, both conditions hold.
    pub fn filter(mut self, domain: Domain<M>) -> Self {
        let before = std::mem::take(&mut self.plan.domain);
        self.plan.domain = before.and(domain);
        self
    }

    /// Sorts; called again, where the orders before leave records equal.
    #[allow(clippy::needless_pass_by_value)] // an order is made for the query that takes it
    pub fn order(mut self, order: Order<M>) -> Self {
        let text = order.as_str();
        self.plan.order = Some(match self.plan.order {
            Some(before) => format!("{before}, {text}"),
            None => text.to_owned(),
        });
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
    /// Any failure of a call; see [`ErrorKind`].
    pub async fn count(&self) -> Result<u64> {
        let plan = &self.plan;
        let client = plan.odoo.client();
        client
            .search_count(M::NAME, plan.domain.to_json(), plan.odoo.context())
            .await
    }

    /// Whether there is a record.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`].
    pub async fn exists(&self) -> Result<bool> {
        let found = self.plan.page(&["id"], 0, 1).await?;
        Ok(!found.is_empty())
    }

    /// The ids of the records alone.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`].
    pub async fn ids(&self) -> Result<Ids<M>> {
        let id = Field::<M, super::kind::Id<M>>::new("id");
        let rows = self.plan.rows(&["id"], ID_PAGE).await?;
        let ids: Result<Vec<Id<M>>> = rows.iter().map(|row| read_row(&id, &[], row)).collect();
        Ok(ids?.into())
    }
}

impl<M: Model, P> Query<M, P> {
    /// Every record (up to the limit).
    ///
    /// # Errors
    /// Any failure of a call, and [`ErrorKind::Decode`] naming model, record and field. When
    /// Odoo fails because of one field, the error names that field.
    pub async fn all(&self) -> Result<Vec<P::Output>>
    where
        P: Projection<M>,
    {
        let fields = self.fields();
        let rows = self.plan.rows(&fields, PAGE).await?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    /// The first record, if there is one.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn first(&self) -> Result<Option<P::Output>>
    where
        P: Projection<M>,
    {
        let rows = self.plan.page(&self.fields(), 0, 1).await?;
        rows.first().map(|row| self.read(row)).transpose()
    }

    /// The only record.
    ///
    /// # Errors
    /// As [`all`](Self::all); [`ErrorKind::MissingRecord`] when there is none or more than
    /// one.
    pub async fn one(&self) -> Result<P::Output>
    where
        P: Projection<M>,
    {
        let rows = self.plan.page(&self.fields(), 0, 2).await?;
        match rows.as_slice() {
            [row] => self.read(row),
            [] => Err(self.not_one("no record")),
            _ => Err(self.not_one("more than one record")),
        }
    }

    /// The records in pages of this size, fetched as they are asked for.
    ///
    /// Without an order of its own the query is paged by id, so that records created or
    /// deleted meanwhile neither repeat nor hide others.
    pub fn pages(self, size: u64) -> Pages<M, P>
    where
        P: Projection<M>,
    {
        Pages::new(self, size)
    }

    fn not_one(&self, found: &str) -> Error {
        Error::new(
            ErrorKind::MissingRecord,
            format!(
                "{found} of {} where exactly one was expected: {}",
                M::NAME,
                self.plan.domain.to_json()
            ),
        )
    }

    pub(super) fn fields(&self) -> Vec<&'static str>
    where
        P: Projection<M>,
    {
        let mut fields = Vec::new();
        self.projection.fields(&mut fields);
        let mut seen = std::collections::HashSet::new();
        fields.retain(|name| seen.insert(*name) && !self.plan.left_out.contains(name));
        fields
    }

    pub(super) fn read(&self, row: &RawRecord) -> Result<P::Output>
    where
        P: Projection<M>,
    {
        read_row(&self.projection, &self.plan.left_out, row)
    }
}

pub(super) fn read_row<M: Model, P: Projection<M>>(
    projection: &P,
    left_out: &[&'static str],
    fields: &RawRecord,
) -> Result<P::Output> {
    let mut row = Row::without(M::NAME, fields, left_out);
    let record = projection.read(&mut row);
    row.finish().map(|()| record)
}

impl<M: Model> Plan<M> {
    /// Every row up to the limit, in requests of at most `size`.
    async fn rows(&self, fields: &[&str], size: u64) -> Result<Vec<RawRecord>> {
        let limit = self.limit.unwrap_or(u64::MAX);
        let mut rows: Vec<RawRecord> = Vec::new();
        loop {
            let had = rows.len() as u64;
            let ask = size.min(limit - had);
            if ask == 0 {
                return Ok(rows);
            }
            let page = self.page(fields, had, ask).await?;
            let got = page.len() as u64;
            rows.extend(page);
            if got < ask {
                return Ok(rows);
            }
        }
    }

    /// At most `size` rows after the first `skip` of the query.
    pub(super) async fn page(
        &self,
        fields: &[&str],
        skip: u64,
        size: u64,
    ) -> Result<Vec<RawRecord>> {
        let left = self.limit.unwrap_or(u64::MAX).saturating_sub(skip);
        let size = size.min(left);
        if size == 0 {
            return Ok(Vec::new());
        }
        let search = SearchRead {
            model: M::NAME.to_owned(),
            domain: self.domain.to_json(),
            // An empty list would mean every field.
            fields: if fields.is_empty() {
                vec!["id".to_owned()]
            } else {
                owned(fields)
            },
            limit: Some(size),
            offset: self.offset + skip,
            order: self.order.clone(),
        };
        match self
            .odoo
            .client()
            .search_read(&search, self.odoo.context())
            .await
        {
            Ok(page) => Ok(page.records),
            Err(error) => Err(guilty::explain(&self.odoo, &search, error).await),
        }
    }
}

fn owned(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|name| (*name).to_owned()).collect()
}
