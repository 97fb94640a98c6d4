//! Asks a live Odoo to describe many models: in batches, a few at a time.
//!
//! On the data's way: **live Odoo → descriptors** → snapshot, schema files, lists of tools.
//! The generator's command, `butopea-mcp-server gen` and the server at start all ask this way.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use tokio::task::JoinSet;

use super::{Capabilities, Client, Context, SchemaBatch};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{ModelSchema, Patterns};

/// How many models one request asks for: few enough that progress is seen and a retry is
/// cheap, many enough that the requests themselves do not show.
const BATCH: usize = 88;

/// How many requests are under way at once: Odoo computes schemas, it does not wait, and the
/// threads of one Odoo process hinder each other. With two, one is computed while the other's
/// answer is read.
const CONCURRENCY: usize = 2;

/// How often a batch is asked for again when the failure may pass.
const RETRIES: u32 = 2;

/// The language in which labels and help are kept: the same whoever asks.
pub const LABEL_LANGUAGE: &str = "en_US";

/// What came back for one batch of models.
#[derive(Debug)]
pub struct Answer {
    /// The models that were asked for.
    pub asked: Vec<String>,
    /// What Odoo said of them, or why the request as a whole failed.
    pub outcome: Result<SchemaBatch>,
    /// How many models have been asked for by now, this batch included.
    pub done: usize,
    /// How many will be.
    pub total: usize,
}

/// The descriptors that came, and why the others did not.
#[derive(Debug, Default)]
pub struct Described {
    /// The descriptors, by model.
    pub schemas: BTreeMap<String, ModelSchema>,
    /// The reasons, by model.
    pub failures: BTreeMap<String, Error>,
    /// The fingerprint under which all of them were described; `None` where Odoo gave none, or
    /// another one in the middle.
    pub fingerprint: Option<String>,
}

impl Described {
    /// Takes a batch in.
    pub fn take(&mut self, answer: Answer) {
        let mut batch = match answer.outcome {
            Ok(batch) => batch,
            Err(error) => {
                let failures = answer.asked.into_iter().map(|model| (model, error.clone()));
                self.failures.extend(failures);
                return;
            }
        };
        let is_first = self.schemas.is_empty();
        if is_first {
            self.fingerprint = batch.fingerprint;
        } else if self.fingerprint != batch.fingerprint {
            self.fingerprint = None;
        }
        for model in answer.asked {
            let said = batch.schemas.remove(&model);
            let failed = batch.errors.remove(&model);
            match (said, failed) {
                (Some(schema), _) => {
                    self.schemas.insert(model, schema);
                }
                (None, Some(error)) => {
                    self.failures.insert(model, error);
                }
                (None, None) => {
                    let error =
                        Error::new(ErrorKind::Protocol, "Odoo did not answer for this model");
                    self.failures.insert(model, error);
                }
            }
        }
    }
}

/// Describes these models. Each batch is handed over as it comes; one that fails for a reason
/// that may pass is asked for again first.
///
/// When the future is dropped, the requests under way are given up.
pub async fn describe(
    client: &Client,
    models: &[String],
    context: &Context,
    mut each: impl FnMut(Answer),
) {
    let mut waiting: Vec<Vec<String>> = models.chunks(BATCH).map(<[_]>::to_vec).rev().collect();
    let mut running: JoinSet<Result<SchemaBatch>> = JoinSet::new();
    let mut asked = BTreeMap::new();
    let mut done = 0;
    loop {
        while running.len() < CONCURRENCY
            && let Some(batch) = waiting.pop()
        {
            let (client, context, models) = (client.clone(), context.clone(), batch.clone());
            let task = running.spawn(async move { ask(&client, &models, &context).await });
            asked.insert(task.id(), batch);
        }
        let (id, outcome) = match running.join_next_with_id().await {
            None => return,
            Some(Ok((id, outcome))) => (id, outcome),
            Some(Err(fault)) => (fault.id(), Err(lost(&fault))),
        };
        let Entry::Occupied(batch) = asked.entry(id) else {
            continue;
        };
        let asked = batch.remove();
        done += asked.len();
        each(Answer {
            asked,
            outcome,
            done,
            total: models.len(),
        });
    }
}

fn lost(fault: &tokio::task::JoinError) -> Error {
    Error::new(
        ErrorKind::Server,
        format!("the request for these models was lost: {fault}"),
    )
}

/// One batch, asked for again while the failure may pass.
async fn ask(client: &Client, models: &[String], context: &Context) -> Result<SchemaBatch> {
    let mut attempt = 0;
    loop {
        match client.schemas(models, context).await {
            Err(error) if error.kind().is_transient() && attempt < RETRIES => {
                attempt += 1;
                tokio::time::sleep(Duration::from_millis(500 << attempt)).await;
            }
            answer => return answer,
        }
    }
}

/// The models to ask for, sorted: those of the user's menus that are wanted, and those that
/// are named in full, which need no menu.
pub fn wanted_models(
    capabilities: &Capabilities,
    named: &Patterns,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<String> {
    let reached = capabilities.models.iter().map(|model| model.model.as_str());
    let mut models: Vec<String> = reached
        .chain(named.names())
        .filter(|name| is_wanted(name))
        .map(str::to_owned)
        .collect();
    models.sort_unstable();
    models.dedup();
    models
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(models: &[&str], fingerprint: &str) -> Answer {
        let schema = |name: &&str| {
            let wire = json!({"model": name, "fields": {"name": {"type": "char"}}});
            ((*name).to_owned(), ModelSchema::from_wire(&wire).unwrap())
        };
        Answer {
            asked: models.iter().map(|&name| name.to_owned()).collect(),
            outcome: Ok(SchemaBatch {
                schemas: models.iter().skip(1).map(schema).collect(),
                errors: BTreeMap::new(),
                fingerprint: Some(fingerprint.to_owned()),
            }),
            done: 0,
            total: 0,
        }
    }

    #[test]
    fn what_odoo_keeps_silent_about_is_a_failure() {
        let mut described = Described::default();
        described.take(answer(&["a", "b"], "1"));
        assert_eq!(described.schemas.keys().collect::<Vec<_>>(), ["b"]);
        assert_eq!(described.failures["a"].kind(), ErrorKind::Protocol);
        described.take(Answer {
            outcome: Err(Error::new(ErrorKind::Timeout, "too slow")),
            ..answer(&["c", "d"], "1")
        });
        assert_eq!(described.failures["d"].message(), "too slow");
    }

    #[test]
    fn a_schema_that_changes_in_the_middle_has_no_fingerprint() {
        let mut described = Described::default();
        described.take(answer(&["", "a"], "1"));
        described.take(answer(&["", "b"], "1"));
        assert_eq!(described.fingerprint.as_deref(), Some("1"));
        described.take(answer(&["", "c"], "2"));
        described.take(answer(&["", "d"], "1"));
        assert_eq!(described.fingerprint, None);
    }

    #[test]
    fn models_are_wanted_by_menu_or_by_full_name() {
        let capabilities: Capabilities = serde_json::from_value(json!({
            "user": {"id": 2},
            "models": [{"model": "sale.order"}, {"model": "res.partner"}, {"model": "x.y"}],
        }))
        .unwrap();
        let named = Patterns::new(["sale.*", "sale.order.line", "res.partner"]).unwrap();
        let wanted = wanted_models(&capabilities, &named, |name| named.matches(name));
        assert_eq!(wanted, ["res.partner", "sale.order", "sale.order.line"]);
        let all = wanted_models(&capabilities, &Patterns::default(), |_| true);
        assert_eq!(all, ["res.partner", "sale.order", "x.y"]);
    }
}
