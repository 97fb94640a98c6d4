//! `completion/complete`: values for the arguments of resource templates and prompts, while a
//! person types them.
//!
//! What was typed is met by the beginning first, then anywhere inside, then by the label, so
//! `quotation` finds `sale.order`. What the user may not see completes to nothing.

use std::collections::HashMap;

use rmcp::ErrorData;
use rmcp::model::{CompleteRequestParams, CompleteResult, CompletionInfo, Reference};
use serde_json::{Value, json};

use super::UserSession;
use super::ask::{Answered, refusal};
use super::present::visible;
use super::prompts::PROMPTS;
use super::resources::ATTACHMENT;
use super::resources::templates::TEMPLATES;
use crate::client::{Context, SearchRead};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::join_bounded;
use crate::schema::{FieldSchema, FieldType};

/// What separates several names in one argument. Names of products have commas.
pub(super) const LIST_SEPARATOR: char = ';';

/// Where the values of an argument come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The models that the user reaches.
    Model,
    /// The fields of the model in the argument `model`.
    Field,
    /// The values of the field in the argument `field`.
    Value,
    /// Ids of records of the model in the argument `model`, found by name.
    RecordId,
    /// Ids of attachments, found by name.
    AttachmentId,
    /// The reports of the model in the argument `model`.
    Report,
    /// Names of records of this model.
    Name(&'static str),
    /// Names of records of this model, several of them.
    Names(&'static str),
}

/// Values in the order in which they are shown.
#[derive(Debug, Default, PartialEq)]
struct Found {
    values: Vec<String>,
    /// How many there are in all, where that is known.
    total: Option<usize>,
}

/// What the client has filled in already.
type Given = HashMap<String, String>;

impl UserSession {
    /// The values that complete an argument.
    pub(super) async fn complete(
        &self,
        request: CompleteRequestParams,
    ) -> Answered<CompleteResult> {
        let source = source_of(&request.r#ref, &request.argument.name)?;
        let given = request
            .context
            .and_then(|context| context.arguments)
            .unwrap_or_default();
        let typed = request.argument.value.trim();
        let found = match self.find(source, typed, &given).await {
            Ok(found) => found,
            Err(error) if is_nothing(error.kind()) => Found::all(Vec::new()),
            Err(error) => {
                self.note(&error);
                return Err(refusal(&error));
            }
        };
        Ok(CompleteResult::new(found.into_info()))
    }

    async fn find(&self, source: Source, typed: &str, given: &Given) -> Result<Found> {
        let model = || given.get("model").map(String::as_str).unwrap_or_default();
        match source {
            Source::Model => self.complete_model(typed).await,
            Source::Field => self.complete_field(model(), typed).await,
            Source::Value => {
                let field = given.get("field").map(String::as_str).unwrap_or_default();
                self.complete_value(model(), field, typed).await
            }
            Source::RecordId => self.complete_id(model(), typed).await,
            Source::AttachmentId => self.complete_id(ATTACHMENT, typed).await,
            Source::Report => {
                let reports = self.reports_of(checked(model())?).await?;
                let pairs = reports
                    .iter()
                    .map(|report| (report.name.as_str(), report.title.as_str()));
                Ok(matching(typed, pairs))
            }
            Source::Name(model) => self.complete_name(model, typed).await,
            Source::Names(model) => self.complete_last_name(model, typed).await,
        }
    }

    async fn complete_model(&self, typed: &str) -> Result<Found> {
        let capabilities = self.capabilities().await?;
        let readable = capabilities.models.iter().filter(|model| model.access.read);
        Ok(matching(
            typed,
            readable.map(|model| {
                let label = model.name.as_deref().unwrap_or_default();
                (model.model.as_str(), label)
            }),
        ))
    }

    async fn complete_field(&self, model: &str, typed: &str) -> Result<Found> {
        let Some(schema) = self.schema_of(checked(model)?).await? else {
            return Ok(Found::default());
        };
        let fields = schema
            .fields
            .iter()
            .filter(|(_, field)| schema.can_search(field));
        Ok(matching(
            typed,
            fields.map(|(name, field)| {
                let label = field.label.as_deref().unwrap_or_default();
                (name.as_str(), label)
            }),
        ))
    }

    async fn complete_value(&self, model: &str, field: &str, typed: &str) -> Result<Found> {
        let Some(schema) = self.schema_of(checked(model)?).await? else {
            return Ok(Found::default());
        };
        match schema.field(field) {
            Some(FieldSchema {
                selection: Some(options),
                ..
            }) => {
                let options: Vec<(String, &str)> = options
                    .iter()
                    .map(|option| (option.key.to_string(), option.label.as_str()))
                    .collect();
                let pairs = options.iter().map(|(key, label)| (key.as_str(), *label));
                Ok(matching(typed, pairs))
            }
            Some(field) if field.field_type == FieldType::Boolean => {
                Ok(matching(typed, [("true", "yes"), ("false", "no")]))
            }
            Some(FieldSchema {
                relation: Some(relation),
                ..
            }) => self.complete_name(relation, typed).await,
            _ => Ok(Found::all(Vec::new())),
        }
    }

    /// Ids, since the argument is one: of the record whose id was typed, then of those whose
    /// name was.
    async fn complete_id(&self, model: &str, typed: &str) -> Result<Found> {
        let found = self.search_names(checked(model)?, typed).await?;
        let mut ids: Vec<i64> = Vec::new();
        let mut total = found.total;
        let schema = self.schema_of(model).await.ok().flatten();
        let is_open = async |id| {
            self.admit_owners(model, schema.as_deref(), &[id])
                .await
                .is_ok()
        };
        if self
            .admit_owners(model, schema.as_deref(), &found.ids())
            .await
            .is_ok()
        {
            ids = found.ids();
        } else {
            // Few models have such records, and fewer records are some.
            for id in found.ids() {
                if is_open(id).await {
                    ids.push(id);
                }
            }
            total = None;
        }
        if let Ok(id) = typed.parse::<i64>() {
            if let Some(place) = ids.iter().position(|found| *found == id) {
                ids[..=place].rotate_right(1);
            } else if self.exists(model, id).await? && is_open(id).await {
                ids.insert(0, id);
                total = total.map(|total| total + 1);
            }
        }
        Ok(Found {
            values: ids.iter().map(i64::to_string).collect(),
            total,
        })
    }

    async fn complete_name(&self, model: &str, typed: &str) -> Result<Found> {
        let found = self.search_names(model, typed).await?;
        let mut values: Vec<String> = Vec::new();
        let mut total = found.total;
        for (_, name) in found.names {
            let name = one_line(&name);
            if values.contains(&name) || name.is_empty() {
                // Two records of one name are one value.
                total = total.map(|total| total - 1);
            } else {
                values.push(name);
            }
        }
        Ok(Found { values, total })
    }

    /// The last of several names; those before it stay.
    async fn complete_last_name(&self, model: &str, typed: &str) -> Result<Found> {
        let Some((before, last)) = typed.rsplit_once(LIST_SEPARATOR) else {
            return self.complete_name(model, typed).await;
        };
        let mut found = self.complete_name(model, last.trim()).await?;
        for value in &mut found.values {
            *value = format!("{before}{LIST_SEPARATOR} {value}");
        }
        Ok(found)
    }

    async fn search_names(&self, model: &str, typed: &str) -> Result<FoundNames> {
        self.shared.catalogue.policy().admit(model)?;
        let client = self.client()?;
        let most = CompletionInfo::MAX_VALUES;
        let names = client
            .name_search(model, typed, most as u64 + 1, &Context::new())
            .await?;
        let total = if names.len() <= most {
            Some(names.len())
        } else if typed.is_empty() {
            let count = client
                .search_count(model, json!([]), &Context::new())
                .await?;
            usize::try_from(count).ok()
        } else {
            None
        };
        Ok(FoundNames { names, total })
    }

    async fn exists(&self, model: &str, id: i64) -> Result<bool> {
        let request = SearchRead {
            domain: json!([["id", "=", id]]),
            fields: vec!["id".to_owned()],
            limit: Some(1),
            ..SearchRead::new(model)
        };
        let context = Context::new().active_test(false);
        let page = self.client()?.search_read(&request, &context).await?;
        Ok(page.records.first().and_then(|raw| raw.get("id")) == Some(&Value::from(id)))
    }
}

/// Records found by name; one more than is shown, where there are more.
struct FoundNames {
    names: Vec<(i64, String)>,
    total: Option<usize>,
}

impl FoundNames {
    fn ids(&self) -> Vec<i64> {
        self.names.iter().map(|(id, _)| *id).collect()
    }
}

impl Found {
    /// These are all.
    fn all(values: Vec<String>) -> Self {
        Self {
            total: Some(values.len()),
            values,
        }
    }

    fn into_info(mut self) -> CompletionInfo {
        let found = self.values.len();
        self.values.truncate(CompletionInfo::MAX_VALUES);
        let shown = self.values.len();
        let mut info = CompletionInfo::default();
        info.values = self.values;
        info.total = self.total.and_then(|total| u32::try_from(total).ok());
        info.has_more = Some(found > shown || self.total.is_some_and(|total| total > shown));
        info
    }
}

/// The candidates, each a value and its label, that fit what was typed: best first, and
/// otherwise in their order.
fn matching<'a>(typed: &str, candidates: impl IntoIterator<Item = (&'a str, &'a str)>) -> Found {
    let wanted = typed.to_lowercase();
    let rank = |value: &str, label: &str| {
        let value = value.to_lowercase();
        if value.starts_with(&wanted) {
            Some(0)
        } else if value.contains(&wanted) {
            Some(1)
        } else {
            label.to_lowercase().contains(&wanted).then_some(2)
        }
    };
    let mut ranked: Vec<(u8, &str)> = candidates
        .into_iter()
        .filter_map(|(value, label)| Some((rank(value, label)?, value)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    Found::all(
        ranked
            .into_iter()
            .map(|(_, value)| one_line(value))
            .collect(),
    )
}

fn one_line(text: &str) -> String {
    visible(text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// A model has to be known before what depends on it can be completed.
fn checked(model: &str) -> Result<&str> {
    if model.is_empty() {
        return Err(Error::new(
            ErrorKind::UnknownModel,
            "no model was given yet",
        ));
    }
    Ok(model)
}

/// Failures that mean that there is nothing to choose from.
fn is_nothing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnknownModel
            | ErrorKind::AccessDenied
            | ErrorKind::MissingRecord
            | ErrorKind::UnknownMethod
            | ErrorKind::InvalidCall
            | ErrorKind::Validation
            | ErrorKind::Server
    )
}

fn source_of(reference: &Reference, argument: &str) -> Answered<Source> {
    let (what, arguments): (&str, Vec<(&str, Source)>) = match reference {
        Reference::Resource(named) => TEMPLATES
            .iter()
            .find(|template| template.uri == named.uri)
            .map(|template| (template.uri, template.arguments.to_vec()))
            .ok_or_else(|| {
                let known = TEMPLATES.iter().map(|template| template.uri);
                unknown("resource template", &named.uri, known)
            })?,
        Reference::Prompt(named) => PROMPTS
            .iter()
            .find(|prompt| prompt.name == named.name)
            .map(|prompt| {
                let arguments = prompt.arguments.iter();
                let arguments = arguments.map(|argument| (argument.name, argument.source));
                (prompt.name, arguments.collect())
            })
            .ok_or_else(|| {
                let known = PROMPTS.iter().map(|prompt| prompt.name);
                unknown("prompt", &named.name, known)
            })?,
        _ => {
            return Err(ErrorData::invalid_params(
                "only resource templates and prompts have arguments to complete",
                None,
            ));
        }
    };
    let known = arguments.iter().find(|(name, _)| *name == argument);
    known.map(|(_, source)| *source).ok_or_else(|| {
        let names = arguments.iter().map(|(name, _)| *name);
        unknown(&format!("argument of {what}"), argument, names)
    })
}

fn unknown<'a>(what: &str, named: &str, known: impl Iterator<Item = &'a str>) -> ErrorData {
    let known = join_bounded(known, 12);
    let known = if known.is_empty() { "none" } else { &known };
    ErrorData::invalid_params(
        format!("there is no {what} \"{named}\"; there are {known}"),
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_goes_before_the_middle_and_the_label() {
        let models = [
            ("res.partner", "Contact"),
            ("sale.order", "Sales Order"),
            ("purchase.order", "Purchase Order"),
            ("order.template", "Template"),
        ];
        let found = |typed| matching(typed, models).values;
        assert_eq!(
            found("Order"),
            ["order.template", "sale.order", "purchase.order"]
        );
        assert_eq!(found("contact"), ["res.partner"]);
        assert_eq!(found("").len(), 4);
        assert!(found("zzz").is_empty());
    }

    #[test]
    fn a_hundred_are_shown_and_all_are_counted() {
        let names: Vec<String> = (0..150).map(|number| format!("x{number}")).collect();
        let found = matching("x", names.iter().map(|name| (name.as_str(), "")));
        let info = found.into_info();
        assert_eq!(info.values.len(), 100);
        assert_eq!((info.total, info.has_more), (Some(150), Some(true)));
        let few = Found::all(vec!["a".to_owned()]).into_info();
        assert_eq!((few.total, few.has_more), (Some(1), Some(false)));
        let unknown = Found {
            values: names[..101].to_vec(),
            total: None,
        };
        let info = unknown.into_info();
        assert_eq!((info.total, info.has_more), (None, Some(true)));
    }

    #[test]
    fn every_argument_has_its_source() {
        let model = source_of(&Reference::for_resource("odoo://{model}/{id}"), "model");
        assert_eq!(model.unwrap(), Source::Model);
        let customer = source_of(&Reference::for_prompt("overdue_invoices"), "customer");
        assert_eq!(customer.unwrap(), Source::Name("res.partner"));
        let wrong = source_of(&Reference::for_resource("odoo://{model}/{id}"), "modle");
        assert!(wrong.unwrap_err().message.contains("model, id"));
        assert!(source_of(&Reference::for_resource("odoo://x"), "model").is_err());
        assert!(source_of(&Reference::for_prompt("x"), "model").is_err());
    }
}
