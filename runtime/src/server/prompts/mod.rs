//! Prompts: work that people ask for often, written down as the calls that do it.
//!
//! A prompt is listed where the user may do what it needs, in this Odoo and through the tools
//! that this server serves. Its text names those tools alone: the typed one where it is listed
//! for the user, else the generic one. What a person typed stands in the text as quoted data.

mod any_model;
mod desk;
mod inventory;
mod invoices;
mod sales;
mod work;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rmcp::ErrorData;
use rmcp::model::{
    CacheScope, GetPromptRequestParams, GetPromptResult, ListPromptsResult, Prompt as ListedPrompt,
    PromptArgument, PromptMessage, Role,
};
use serde_json::{Map, Value};

use super::UserSession;
use super::ask::{Answered, refusal};
use super::catalogue::Catalogue;
use super::completion::Source;
use super::freshness::List;
use super::handler::LIST_LASTS_MS;
use super::pages::{digest, page};
use super::present::zone_of;
use super::reach::Reach;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Operation;
use crate::schema::text::{clean, join_bounded, nearest};
use desk::Desk;

/// The longest value of an argument that goes into a text.
const MAX_ARGUMENT: usize = 300;

/// Something that a prompt does, and needs or can do without.
type Use = (&'static str, Operation);

/// A prompt of this server.
pub(super) struct Prompt {
    pub(super) name: &'static str,
    title: &'static str,
    description: &'static str,
    pub(super) arguments: &'static [Argument],
    /// What the user must be able to do.
    needs: &'static [Use],
    /// What the text mentions where the user can do it, too.
    uses: &'static [Use],
    write: fn(&Desk<'_>) -> Result<String>,
}

/// An argument of a prompt.
pub(super) struct Argument {
    pub(super) name: &'static str,
    title: &'static str,
    description: &'static str,
    is_required: bool,
    /// What completes it.
    pub(super) source: Source,
}

/// All prompts, in the order of the list.
pub(super) const PROMPTS: [&Prompt; 8] = [
    &work::MY_DAY,
    &sales::WEEKLY_PIPELINE,
    &sales::PREPARE_QUOTATION,
    &invoices::OVERDUE_INVOICES,
    &inventory::STOCK_SHORTAGES,
    &work::OPEN_TASKS,
    &any_model::FIND_RECORDS,
    &any_model::EXPLAIN_RECORD,
];

/// The models that prompts are about.
pub(super) fn models() -> impl Iterator<Item = &'static str> {
    PROMPTS
        .iter()
        .flat_map(|prompt| prompt.needs.iter().chain(prompt.uses))
        .map(|(model, _)| *model)
}

impl Prompt {
    fn is_available(&self, catalogue: &Catalogue, reach: Option<&Reach>) -> bool {
        self.needs.iter().all(|(model, operation)| {
            let is_allowed = reach.is_none_or(|reach| reach.allows(model, operation));
            is_allowed && catalogue.tool_for(model, operation, reach).is_some()
        })
    }

    fn listed(&self) -> ListedPrompt {
        let arguments = self.arguments.iter().map(|argument| {
            PromptArgument::new(argument.name)
                .with_title(argument.title)
                .with_description(argument.description)
                .with_required(argument.is_required)
        });
        ListedPrompt::new(self.name, Some(self.description), Some(arguments.collect()))
            .with_title(self.title)
    }

    /// The arguments of a request, cleaned; every mistake is told at once.
    fn read_arguments(&self, sent: Option<Map<String, Value>>) -> Result<BTreeMap<String, String>> {
        let mut given = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, value) in sent.unwrap_or_default() {
            if !self.arguments.iter().any(|known| known.name == name) {
                problems.push(self.unknown_argument(&name));
                continue;
            }
            let text = match value {
                Value::String(text) => text,
                Value::Null => continue,
                other => other.to_string(),
            };
            let text = clean(&text, MAX_ARGUMENT);
            if !text.is_empty() {
                given.insert(name, text);
            }
        }
        for argument in self.arguments {
            if argument.is_required && !given.contains_key(argument.name) {
                problems.push(format!(
                    "the argument \"{}\" is missing: {}",
                    argument.name, argument.description
                ));
            }
        }
        if problems.is_empty() {
            Ok(given)
        } else {
            Err(Error::invalid_call(problems.join("; ")))
        }
    }

    fn unknown_argument(&self, name: &str) -> String {
        let names = || self.arguments.iter().map(|argument| argument.name);
        let takes = match join_bounded(names(), 12) {
            none if none.is_empty() => "it takes none".to_owned(),
            names => format!("it takes {names}"),
        };
        let near = match nearest(name, names()).first() {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None => String::new(),
        };
        format!(
            "{} has no argument \"{}\"{near} ({takes})",
            self.name,
            clean(name, 60)
        )
    }
}

impl UserSession {
    /// A page of the prompts that are of use to this user.
    pub(super) async fn list_prompts(&self, cursor: Option<&str>) -> Answered<ListPromptsResult> {
        let reach = self.reach_soon().await;
        let prompts = self.listed_prompts(reach.as_deref());
        let names = prompts.iter().map(|prompt| prompt.name);
        self.freshness.serve(List::Prompts, digest(names));
        let page = page(prompts, cursor, |prompt| prompt.name)?;
        let listed = page.items.into_iter().map(Prompt::listed);
        let mut list = ListPromptsResult::with_all_items(listed.collect())
            .with_ttl_ms(if reach.is_some() { LIST_LASTS_MS } else { 0 })
            .with_cache_scope(CacheScope::Private);
        list.next_cursor = page.next;
        Ok(list)
    }

    /// The prompts that are listed for this user; all that the server can serve while their
    /// rights are not known.
    pub(super) fn listed_prompts(&self, reach: Option<&Reach>) -> Vec<&'static Prompt> {
        let catalogue = &self.shared.catalogue;
        PROMPTS
            .into_iter()
            .filter(|prompt| prompt.is_available(catalogue, reach))
            .collect()
    }

    /// A prompt's text, for this user and these arguments.
    pub(super) async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
    ) -> Answered<GetPromptResult> {
        let named = PROMPTS.iter().find(|prompt| prompt.name == request.name);
        let prompt = named.ok_or_else(|| unknown_prompt(&request.name))?;
        let text = match self.write_prompt(prompt, request.arguments).await {
            Ok(text) => text,
            Err(error) if is_of_the_caller(error.kind()) => {
                let refused = refusal(&error);
                return Err(ErrorData::invalid_params(refused.message, refused.data));
            }
            Err(error) => {
                self.note(&error);
                return Err(refusal(&error));
            }
        };
        let message = PromptMessage::new_text(Role::User, text);
        Ok(GetPromptResult::new(vec![message]).with_description(prompt.description))
    }

    async fn write_prompt(
        &self,
        prompt: &Prompt,
        arguments: Option<Map<String, Value>>,
    ) -> Result<String> {
        let given = prompt.read_arguments(arguments)?;
        let capabilities = self.capabilities().await?;
        let reach = self.reach().await?;
        if !prompt.is_available(&self.shared.catalogue, Some(&reach)) {
            return Err(not_available(prompt));
        }
        let schema = match given.get("model") {
            Some(model) => match self.schema_of(model).await {
                Ok(schema) => schema,
                Err(error) => return Err(self.with_nearest_model(error, Some(model)).await),
            },
            None => None,
        };
        let known = |model: &str| self.schemas.known(model);
        let desk = Desk {
            catalogue: &self.shared.catalogue,
            reach: &reach,
            user: capabilities.user.id,
            today: Timestamp::now().to_zoned(zone_of(&capabilities)).date(),
            given: &given,
            schema: schema.as_deref(),
            known: &known,
        };
        (prompt.write)(&desk)
    }
}

fn is_of_the_caller(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidCall | ErrorKind::UnknownModel | ErrorKind::AccessDenied
    )
}

fn not_available(prompt: &Prompt) -> Error {
    let needs: Vec<String> = prompt
        .needs
        .iter()
        .map(|(model, operation)| format!("{} {model}", operation.as_str()))
        .collect();
    Error::new(
        ErrorKind::AccessDenied,
        format!(
            "the prompt {} is of no use here: this user, or this server, cannot {}",
            prompt.name,
            needs.join(" and ")
        ),
    )
}

fn unknown_prompt(name: &str) -> ErrorData {
    let names = || PROMPTS.iter().map(|prompt| prompt.name);
    let hint = match nearest(name, names()).first() {
        Some(near) => format!("did you mean {near}?"),
        None => format!("there are {}", join_bounded(names(), 12)),
    };
    ErrorData::invalid_params(
        format!("there is no prompt \"{}\"; {hint}", clean(name, 60)),
        None,
    )
}

#[cfg(test)]
mod tests;
