//! Checks calls against what the connected Odoo says about its models, before they are sent.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Map, Value, json};

use super::UserSession;
use super::args::Arguments;
use super::policy::Crossings;
use super::present::{Output, zone_of};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::ModelSchema;
use crate::schema::validate::names::NameBook;
use crate::schema::validate::{
    Findings, Known, Problems, Resolved, describe_resolved, plain_filter, prepare_filter,
};

/// A call that is to be checked.
pub(super) struct Asked<'a> {
    /// The model that it is about.
    pub(super) model: &'a str,
    /// The dotted paths that it crosses.
    pub(super) paths: Vec<String>,
    /// What is wrong with it so far.
    pub(super) mistakes: Problems,
    /// What it says besides, where it is about the records of `model`.
    pub(super) args: Option<&'a Arguments>,
}

/// A call that was checked.
pub(super) struct Checked<T> {
    /// What the check prepared; `None` where the older Odoo module cannot describe the model
    /// and no schema file does.
    pub(super) prepared: Option<T>,
    pub(super) schema: Option<Arc<ModelSchema>>,
    /// What was given by name or as a relative date.
    pub(super) resolved: Vec<Resolved>,
}

impl UserSession {
    /// Checks a call against the model's schema, in two rounds: what looks wrong is checked
    /// again with a schema that was just fetched, so a refusal is never out of date.
    ///
    /// Names of records are looked up, and the time zone of the user is asked for when a date
    /// depends on it; then the check runs once more. Where something else is wrong, the names
    /// are looked up all the same, so that all mistakes are told at once.
    pub(super) async fn checked<T>(
        &self,
        asked: Asked<'_>,
        check: impl Fn(&ModelSchema, &Known<'_>, &mut Problems) -> T,
    ) -> Result<Checked<T>> {
        let Asked {
            model,
            paths,
            mistakes,
            args,
        } = asked;
        let Some(mut schema) = self.schema_for(model, &mistakes).await? else {
            mistakes.into_result(model)?;
            self.admit_records(model, None, args).await?;
            return Ok(Checked {
                prepared: None,
                schema: None,
                resolved: Vec::new(),
            });
        };
        if let Some(args) = args {
            self.admit_crossings(&schema, &args.crossings()).await?;
        }
        self.fetch_along(&schema, &paths).await?;
        let models = |name: &str| self.schemas.known(name);
        let run = |schema: &ModelSchema, names: &NameBook, now: &Zoned| {
            let known = Known::new(&models, names, now);
            let mut problems = mistakes.clone();
            let prepared = check(schema, &known, &mut problems);
            (prepared, problems, known.into_findings())
        };
        let mut names = NameBook::default();
        let mut now = Timestamp::now().to_zoned(TimeZone::UTC);
        let (mut prepared, mut problems, mut findings) = run(&schema, &names, &now);
        if !problems.is_empty()
            && let Some(renewed) = self.schemas.renew(self.client()?, model).await?
        {
            (prepared, problems, findings) = run(&renewed, &names, &now);
            schema = renewed;
        }
        if !problems.is_empty() {
            if let Some(names) = self.look_up_besides(&findings.wanted).await {
                let (_, problems, _) = run(&schema, &names, &now);
                problems.into_result_besides_names(model)?;
            }
            return Err(refusal(problems, model));
        }
        self.admit_records(model, Some(&schema), args).await?;
        if findings.uses_clock || !findings.wanted.is_empty() {
            if findings.uses_clock {
                now = now.with_time_zone(self.time_zone().await?);
            }
            names = self.look_up(&findings.wanted).await?;
            let problems;
            (prepared, problems, findings) = run(&schema, &names, &now);
            problems.into_result_of_names()?;
        }
        let Findings { resolved, .. } = findings;
        Ok(Checked {
            prepared: Some(prepared),
            schema: Some(schema),
            resolved,
        })
    }

    /// Refuses records that belong to one of a model that this server keeps from assistants.
    /// Asks Odoo, so it comes when nothing else is wrong.
    async fn admit_records(
        &self,
        model: &str,
        schema: Option<&Arc<ModelSchema>>,
        args: Option<&Arguments>,
    ) -> Result<()> {
        let Some(args) = args else { return Ok(()) };
        self.admit_owners(model, schema.map(Arc::as_ref), &args.named_ids())
            .await
    }

    /// The same for what a check made of the call: texts in it were read as Python.
    pub(super) async fn admit_prepared<'a>(
        &self,
        schema: Option<&Arc<ModelSchema>>,
        prepared: impl IntoIterator<Item = &'a Value>,
    ) -> Result<()> {
        let Some(schema) = schema else { return Ok(()) };
        let mut crossings = Crossings::default();
        prepared.into_iter().for_each(|value| crossings.add(value));
        self.admit_crossings(schema, &crossings).await
    }

    /// The schema to check with. When Odoo does not answer, a call that is wrong in itself is
    /// refused for that.
    async fn schema_for(
        &self,
        model: &str,
        mistakes: &Problems,
    ) -> Result<Option<Arc<ModelSchema>>> {
        let fetched = match self.client() {
            Ok(client) => self.schemas.get(client, model).await,
            Err(error) => Err(error),
        };
        match fetched {
            Ok(schema) => Ok(schema.or_else(|| self.shared.catalogue.generated_schema(model))),
            Err(error) if mistakes.is_empty() || error.kind() == ErrorKind::UnknownModel => {
                Err(error)
            }
            Err(_) => Err(refusal(mistakes.clone(), model)),
        }
    }

    /// Fetches the schemas of the models that dotted paths cross. A model that the user may
    /// not see stays unknown; Odoo answers for it.
    async fn fetch_along(&self, start: &Arc<ModelSchema>, paths: &[String]) -> Result<()> {
        for path in paths {
            let mut model = Some(Arc::clone(start));
            for step in path.split('.') {
                let relation = model
                    .as_deref()
                    .and_then(|model| model.field(step))
                    .and_then(|field| field.relation.clone());
                let Some(relation) = relation else { break };
                model = self
                    .schemas
                    .get(self.client()?, &relation)
                    .await
                    .ok()
                    .flatten();
            }
        }
        Ok(())
    }

    /// Where the user is; UTC, where Odoo does not say.
    pub(super) async fn time_zone(&self) -> Result<TimeZone> {
        Ok(zone_of(&*self.capabilities().await?))
    }

    /// Checks which records are meant, next to `check`.
    pub(super) async fn checked_filter(
        &self,
        model: &str,
        args: &Arguments,
        mistakes: Problems,
        check: impl Fn(&ModelSchema, &mut Problems),
    ) -> Result<(Value, Checked<Value>)> {
        let filter = &args.filter();
        let asked = Asked {
            model,
            paths: filter.paths(),
            mistakes,
            args: Some(args),
        };
        let checked = self
            .checked(asked, |schema, known, problems| {
                check(schema, problems);
                prepare_filter(schema, filter, known, problems)
            })
            .await?;
        let domain = checked
            .prepared
            .clone()
            .unwrap_or_else(|| unchecked(|known| plain_filter(filter, known)));
        self.admit_prepared(checked.schema.as_ref(), [&domain])
            .await?;
        let domain = self
            .with_open_owners(model, checked.schema.as_deref(), domain)
            .await?;
        Ok((domain, checked))
    }
}

/// What is made of a call where nothing is known of its model.
pub(super) fn unchecked<T>(make: impl FnOnce(&Known<'_>) -> T) -> T {
    let (names, now) = (
        NameBook::default(),
        Timestamp::now().to_zoned(TimeZone::UTC),
    );
    make(&Known::new(&|_| None, &names, &now))
}

/// The refusal of a call that has mistakes.
fn refusal(mistakes: Problems, model: &str) -> Error {
    mistakes
        .into_result(model)
        .err()
        .unwrap_or_else(|| Error::invalid_call("the call is wrong"))
}

/// Says what was understood, where it was said in other words than Odoo's.
pub(super) fn with_resolved(mut output: Output, resolved: &[Resolved]) -> Output {
    if let Some(line) = describe_resolved(resolved) {
        output.text.push('\n');
        output.text.push_str(&line);
        output.structured["resolved"] = json!(resolved);
    }
    output
}

/// The values as they were given, where nothing can be checked.
pub(super) fn or_given(
    prepared: Option<Vec<Map<String, Value>>>,
    given: &[Map<String, Value>],
) -> Vec<Map<String, Value>> {
    prepared.unwrap_or_else(|| given.to_vec())
}
