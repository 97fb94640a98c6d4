//! Reading records although a field of theirs cannot be read: a computation that fails, or that
//! needs a right which the user lacks, would fail the whole of a read that did not even ask
//! for it.
//!
//! Odoo reads all fields of a call or none, and its error seldom names the field. So after a
//! failure the fields are read in halves until those that fail are alone; the answer has the
//! others, and says what was left out and why. Fields that were asked for by name are no
//! matter of this: their failure is the answer.

use super::UserSession;
use super::operations::reading_context;
use super::present::{Output, note};
use crate::client::{Page, SearchRead};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::{clean, quoted};
use crate::schema::{FieldSchema, ModelSchema};

/// The most reads that look for the fields that fail. It is enough for four of them among two
/// dozen; where more fail, others may be left out with them.
const MAX_READS: usize = 40;
/// How much of Odoo's reason is told, in characters.
const MAX_REASON: usize = 120;

/// Which records are read.
pub(super) enum Source<'a> {
    /// Those that a search finds.
    Search(&'a SearchRead),
    /// Those with these ids.
    Ids(&'a str, &'a [i64]),
}

/// Records, and the fields that they could not be read with.
pub(super) struct Sifted {
    /// The records, with what could be read.
    pub(super) page: Page,
    /// The fields that were left out, each with Odoo's reason.
    pub(super) left_out: Vec<(String, String)>,
}

impl Sifted {
    /// Says in both forms of an answer what was left out.
    pub(super) fn tell(&self, output: &mut Output) {
        if self.left_out.is_empty() {
            return;
        }
        let fields: Vec<String> = self
            .left_out
            .iter()
            .map(|(field, reason)| format!("{field} ({})", quoted(reason, MAX_REASON)))
            .collect();
        let fields = fields.join(", ");
        note(
            output,
            &format!("left out, since Odoo fails to read them: {fields}"),
        );
    }
}

impl UserSession {
    /// Reads records with as many of these fields as Odoo can read.
    pub(super) async fn read_what_can_be(
        &self,
        source: Source<'_>,
        fields: &[String],
        schema: Option<&ModelSchema>,
    ) -> Result<Sifted> {
        let error = match self.read_from(&source, fields).await {
            Ok(page) => return Ok(Sifted::whole(page)),
            Err(error) if !may_be_a_fields(&error) => return Err(error),
            Err(error) => error,
        };
        // Unless it is the record or the model that cannot be read.
        let Some(plain) = schema.and_then(stored_field) else {
            return Err(error);
        };
        let Ok(page) = self.read_from(&source, &[plain.to_owned()]).await else {
            return Err(error);
        };
        let mut sieve = Sieve::new(fields, &error);
        while let Some(some) = sieve.next() {
            match self.read_from(&source, &some).await {
                Ok(_) => sieve.keep(some),
                Err(error) if may_be_a_fields(&error) => sieve.split(some, &error),
                Err(error) => return Err(error),
            }
        }
        let (kept, mut left_out) = sieve.finish();
        left_out.sort_by_key(|(name, _)| fields.iter().position(|field| field == name));
        let page = if kept.is_empty() {
            page
        } else {
            self.read_from(&source, &kept).await?
        };
        Ok(Sifted { page, left_out })
    }

    async fn read_from(&self, source: &Source<'_>, fields: &[String]) -> Result<Page> {
        let (client, context) = (self.client()?, reading_context());
        match source {
            Source::Search(search) => {
                let search = SearchRead {
                    fields: fields.to_vec(),
                    ..(*search).clone()
                };
                client.search_read(&search, &context).await
            }
            Source::Ids(model, ids) => {
                let records = client.read(model, ids, fields, &context).await?;
                let count = records.len() as u64;
                Ok(Page { count, records })
            }
        }
    }
}

impl Sifted {
    /// Records of which everything could be read.
    pub(super) fn whole(page: Page) -> Self {
        Self {
            page,
            left_out: Vec::new(),
        }
    }
}

/// Whether a read may have failed for one of its fields.
fn may_be_a_fields(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AccessDenied
            | ErrorKind::Validation
            | ErrorKind::Server
            | ErrorKind::MissingRecord
    )
}

/// A field whose reading fails only with that of its record: a column of the table.
fn stored_field(schema: &ModelSchema) -> Option<&str> {
    let is_column = |field: &FieldSchema| {
        field.store == Some(true)
            && !field.computed
            && !field.field_type.is_relational()
            && !field.field_type.is_binary()
    };
    let by_name = ["create_date", "write_date"]
        .into_iter()
        .filter_map(|name| schema.fields.get_key_value(name));
    by_name
        .chain(&schema.fields)
        .find(|(_, field)| is_column(field))
        .map(|(name, _)| name.as_str())
}

/// Fields in two heaps: those that can be read, and those that cannot.
struct Sieve {
    /// What is not known yet, each with the reason why it failed together with others.
    waiting: Vec<(Vec<String>, String)>,
    kept: Vec<String>,
    left_out: Vec<(String, String)>,
    reads: usize,
}

impl Sieve {
    /// Of these fields, at least one fails.
    fn new(fields: &[String], error: &Error) -> Self {
        let mut sieve = Self {
            waiting: Vec::new(),
            kept: Vec::new(),
            left_out: Vec::new(),
            reads: 0,
        };
        sieve.split(fields.to_vec(), error);
        sieve
    }

    /// The fields to read next.
    fn next(&mut self) -> Option<Vec<String>> {
        if self.reads == MAX_READS {
            for (fields, reason) in self.waiting.drain(..) {
                let with_reason = fields.into_iter().map(|field| (field, reason.clone()));
                self.left_out.extend(with_reason);
            }
        }
        self.reads += 1;
        self.waiting.pop().map(|(fields, _)| fields)
    }

    /// All of these can be read.
    fn keep(&mut self, fields: Vec<String>) {
        self.kept.extend(fields);
    }

    /// One of these cannot be read.
    fn split(&mut self, mut fields: Vec<String>, error: &Error) {
        let reason = clean(error.message(), MAX_REASON);
        if fields.len() == 1 {
            self.left_out
                .extend(fields.into_iter().map(|field| (field, reason.clone())));
            return;
        }
        let second = fields.split_off(fields.len() / 2);
        for half in [second, fields] {
            if !half.is_empty() {
                self.waiting.push((half, reason.clone()));
            }
        }
    }

    /// What can be read, and what not.
    fn finish(self) -> (Vec<String>, Vec<(String, String)>) {
        (self.kept, self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("f{number}")).collect()
    }

    /// What comes through when these fail, and how many reads it took.
    fn sift(fields: &[String], fails: impl Fn(&String) -> bool) -> (Sieve, usize) {
        let failure = |field: &String| Error::new(ErrorKind::Server, format!("of {field}"));
        let first = fields.iter().find(|field| fails(field)).unwrap();
        let mut sieve = Sieve::new(fields, &failure(first));
        let mut reads = 0;
        while let Some(some) = sieve.next() {
            reads += 1;
            match some.iter().find(|field| fails(field)).map(failure) {
                None => sieve.keep(some),
                Some(error) => sieve.split(some, &error),
            }
        }
        (sieve, reads)
    }

    #[test]
    fn one_of_two_dozen_is_found_with_few_reads_and_its_reason() {
        let (sieve, reads) = sift(&names(24), |field| field == "f17");
        let (kept, left_out) = sieve.finish();
        assert_eq!(left_out, [("f17".to_owned(), "of f17".to_owned())]);
        assert_eq!(kept.len(), 23);
        assert!(reads <= 10, "{reads}");
    }

    #[test]
    fn the_search_ends_where_everything_fails() {
        let (sieve, reads) = sift(&names(200), |_| true);
        assert_eq!(reads, MAX_READS);
        let (kept, left_out) = sieve.finish();
        assert_eq!((kept.len(), left_out.len()), (0, 200));
    }

    proptest! {
        #[test]
        fn every_field_comes_to_one_heap(fails in prop::collection::vec(any::<bool>(), 1..40)) {
            prop_assume!(fails.iter().any(|fails| *fails));
            let fields = names(fails.len());
            let is_bad = |field: &String| fails[field[1..].parse::<usize>().unwrap()];
            let (sieve, reads) = sift(&fields, is_bad);
            let (kept, left_out) = sieve.finish();
            prop_assert_eq!(kept.len() + left_out.len(), fields.len());
            prop_assert!(!kept.iter().any(is_bad));
            if reads < MAX_READS {
                prop_assert!(left_out.iter().all(|(field, _)| is_bad(field)));
            }
        }
    }
}
