//! What a query asks for, without the types that say what it reads.
//!
//! Everything here is compiled once, in this crate; [`Query`](super::Query) puts the types of a
//! model around it. Async code that is generic is what made typed clients large.

use crate::client::{Grouping, RawRecord, RecordGroup, SearchRead};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Measure, Sort};

use super::domain::Node;
use super::{Odoo, guilty};

/// How many records one request asks for when the caller set no limit: few enough for an
/// answer of some megabytes, many enough that the requests do not show.
const PAGE: u64 = 1000;

/// Everything about a query but what it reads.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) odoo: Odoo,
    pub(super) model: &'static str,
    pub(super) domain: Node,
    pub(super) order: Option<String>,
    pub(super) limit: Option<u64>,
    pub(super) offset: u64,
    pub(super) left_out: Vec<&'static str>,
}

impl Plan {
    pub(super) fn new(odoo: &Odoo, model: &'static str) -> Self {
        Self {
            odoo: odoo.clone(),
            model,
            domain: Node::default(),
            order: None,
            limit: None,
            offset: 0,
            left_out: Vec::new(),
        }
    }

    pub(super) fn narrow(&mut self, condition: Node) {
        let before = std::mem::take(&mut self.domain);
        self.domain = before.and(condition);
    }

    pub(super) fn sort(&mut self, order: &str) {
        match &mut self.order {
            Some(before) => {
                before.push_str(", ");
                before.push_str(order);
            }
            None => self.order = Some(order.to_owned()),
        }
    }

    /// The fields to ask for: each once, without those left out.
    pub(super) fn fields(&self, mut fields: Vec<&'static str>) -> Vec<&'static str> {
        let mut seen = std::collections::HashSet::new();
        fields.retain(|name| seen.insert(*name) && !self.left_out.contains(name));
        fields
    }

    pub(super) async fn count(&self) -> Result<u64> {
        let (client, context) = (self.odoo.client(), self.odoo.context());
        client
            .search_count(self.model, self.domain.to_json(), context)
            .await
    }

    /// Every row up to the limit, with these fields.
    pub(super) async fn all(&self, names: Vec<&'static str>) -> Result<Vec<RawRecord>> {
        self.rows(&self.fields(names), PAGE).await
    }

    /// The first row, if there is one.
    pub(super) async fn first(&self, names: Vec<&'static str>) -> Result<Vec<RawRecord>> {
        self.page(&self.fields(names), 0, 1).await
    }

    /// Every row up to the limit, in requests of at most `size`.
    pub(super) async fn rows(&self, fields: &[&str], size: u64) -> Result<Vec<RawRecord>> {
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
            model: self.model.to_owned(),
            domain: self.domain.to_json(),
            // An empty list would mean every field.
            fields: if fields.is_empty() {
                vec!["id".to_owned()]
            } else {
                fields.iter().map(|name| (*name).to_owned()).collect()
            },
            limit: Some(size),
            offset: self.offset + skip,
            order: self.order.clone(),
        };
        let (client, context) = (self.odoo.client(), self.odoo.context());
        match client.search_read(&search, context).await {
            Ok(page) => Ok(page.records),
            Err(error) => Err(guilty::explain(&self.odoo, &search, error).await),
        }
    }

    /// The only row.
    pub(super) async fn one(&self, names: Vec<&'static str>) -> Result<RawRecord> {
        let mut rows = self.page(&self.fields(names), 0, 2).await?;
        match (rows.len(), rows.pop()) {
            (1, Some(row)) => Ok(row),
            (0, _) => Err(self.not_one("no record")),
            _ => Err(self.not_one("more than one record")),
        }
    }

    fn not_one(&self, found: &str) -> Error {
        Error::new(
            ErrorKind::MissingRecord,
            format!(
                "{found} of {} where exactly one was expected: {}",
                self.model,
                self.domain.to_json()
            ),
        )
    }

    /// The groups of a grouped query.
    pub(super) async fn groups(
        &self,
        keys: Vec<String>,
        measures: Vec<Measure>,
        sort: Option<Sort>,
    ) -> Result<Vec<RecordGroup>> {
        let grouping = Grouping {
            domain: self.domain.to_json(),
            keys,
            measures,
            order: sort.into_iter().collect(),
            limit: self.limit,
            offset: self.offset,
            ..Grouping::new(self.model)
        };
        let (client, context) = (self.odoo.client(), self.odoo.context());
        client.read_groups(&grouping, context).await
    }
}
