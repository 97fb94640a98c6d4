//! What the signed-in user can do with the typed tools: their rights, the buttons of their
//! forms, and whether the tools still fit what they see.
//!
//! On the data's way: schema files → **the user's live Odoo** → list of tools. It costs nothing
//! where the Odoo vouches by its fingerprint that the files are what this user sees. Otherwise
//! the models are asked for, in batches, and what is known by then can be listed already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rmcp::model::Tool;
use tokio::sync::Mutex;

use super::UserSession;
use super::catalogue::{Catalogue, Target};
use super::drift::{Drift, ModelDrift, Writer, generic_call};
use super::prompts;
use crate::client::{Answer, Capabilities, Context, describe};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::join_bounded;
use crate::schema::{
    Access, Fitting, Misfit, ModelSchema, Operation, line_models, misfits, misread,
};

/// How long a request waits to learn what the user may do. A list that comes later is not shown
/// by clients that give up; one without the rights offers too much.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long models are left alone that could not be asked for: an Odoo in trouble is not helped
/// by being asked at every call.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// What the signed-in user may do with each model of the typed tools.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach {
    models: BTreeMap<String, Reached>,
    /// Whether everything is known: then a model that is absent does not exist in the connected
    /// Odoo, or not for this user.
    is_complete: bool,
    /// How the schema files differ from what this user sees.
    pub(crate) drift: Drift,
}

/// The tools that are withheld of one model, by operation, with the reasons.
type Withheld = BTreeMap<Operation, Vec<Misfit>>;

/// What the signed-in user may do with one model.
#[derive(Debug, Clone)]
struct Reached {
    access: Access,
    /// The methods behind the buttons of the user's form; `None` while they are not known.
    buttons: Option<BTreeSet<String>>,
    /// The tools that would lead into an error.
    withheld: Withheld,
}

impl Reached {
    /// What the access rights alone say.
    fn by_rights(access: Access) -> Self {
        Self {
            access,
            buttons: None,
            withheld: Withheld::new(),
        }
    }

    /// What the user's own schema of the model says. One without fields is of an older
    /// module, which knows nothing about buttons either.
    fn by_schema(schema: &ModelSchema) -> Self {
        let buttons = schema.actions.iter().map(|action| action.method.clone());
        Self {
            buttons: (!schema.fields.is_empty()).then(|| buttons.collect()),
            ..Self::by_rights(schema.access)
        }
    }

    fn has_button_of(&self, operation: &Operation) -> bool {
        match (operation, &self.buttons) {
            (Operation::Action(method), Some(buttons)) => buttons.contains(method),
            _ => true,
        }
    }
}

impl Reach {
    /// Whether everything is known.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Whether it is known what the user may do with this model.
    pub(crate) fn knows(&self, model: &str) -> bool {
        self.models.contains_key(model)
    }

    /// Whether the user may do this, through one tool or another.
    pub(crate) fn allows(&self, model: &str, operation: &Operation) -> bool {
        match self.models.get(model) {
            Some(reached) => reached.access.allows(operation) && reached.has_button_of(operation),
            None => !self.is_complete,
        }
    }

    /// Whether the typed tool that does this is listed for the user.
    pub(crate) fn lists(&self, model: &str, operation: &Operation) -> bool {
        let reached = self.models.get(model);
        let fits = reached.is_none_or(|reached| !reached.withheld.contains_key(operation));
        fits && self.allows(model, operation)
    }

    /// Everything known, with these rights.
    #[cfg(test)]
    pub(super) fn with_rights<'a>(rights: impl IntoIterator<Item = (&'a str, Access)>) -> Self {
        Self {
            models: rights
                .into_iter()
                .map(|(model, access)| (model.to_owned(), Reached::by_rights(access)))
                .collect(),
            is_complete: true,
            drift: Drift::default(),
        }
    }

    /// Why the tool that does this would lead into an error, if it would.
    fn misfit(&self, model: &str, operation: &Operation) -> Option<String> {
        let reached = self.models.get(model)?;
        if let Some(reasons) = reached.withheld.get(operation) {
            let reasons: Vec<String> = reasons.iter().map(Misfit::to_string).collect();
            return Some(join_bounded(reasons.iter().map(String::as_str), 5));
        }
        (!reached.has_button_of(operation)).then(|| {
            format!(
                "the action {} is gone, or this user may not see it",
                operation.as_str()
            )
        })
    }
}

/// What is known of the user's reach, while it is being found out and afterwards.
#[derive(Default)]
pub(super) struct ReachCell {
    /// Taken by who finds it out; others wait.
    work: Mutex<Work>,
    /// What is known so far.
    so_far: RwLock<Option<Arc<Reach>>>,
    /// What was told of the drift last.
    told: std::sync::Mutex<Option<String>>,
}

/// The finding out, kept between requests that give up waiting.
#[derive(Default)]
struct Work {
    /// The models to ask for; `None` before it has begun.
    waiting: Option<Vec<String>>,
    reach: Reach,
    /// What the user sees of each model that was asked for.
    live: BTreeMap<String, Arc<ModelSchema>>,
    /// Models that Odoo does not have.
    gone: Vec<String>,
    /// When a request failed as a whole.
    failed: Option<Instant>,
}

impl ReachCell {
    /// Forgets everything; it is found out anew.
    pub(super) async fn forget(&self) {
        *self.work.lock().await = Work::default();
        self.publish(None);
    }

    fn publish(&self, reach: Option<Reach>) {
        *self.so_far.write().unwrap_or_else(PoisonError::into_inner) = reach.map(Arc::new);
    }

    fn so_far(&self) -> Option<Arc<Reach>> {
        let so_far = self.so_far.read().unwrap_or_else(PoisonError::into_inner);
        so_far.clone()
    }

    /// Tells the log, once, when Odoo moved.
    fn tell(&self, drift: &Drift) {
        let text = drift.text();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told == text {
            return;
        }
        match &text {
            Some(text) if drift.is_certain() => tracing::warn!("{text}"),
            Some(text) => tracing::info!("{text}"),
            None => tracing::info!("the typed tools fit the connected Odoo again"),
        }
        *told = text;
    }
}

impl UserSession {
    /// What the user may do with the models of the typed tools, found out once until something
    /// changes. Models that cannot be described are left out.
    ///
    /// # Errors
    /// A failure of the connection, when not even the rights are known for it.
    pub(super) async fn reach(&self) -> Result<Arc<Reach>> {
        let mut work = self.reach.work.lock().await;
        if let Some(reach) = self.reach.so_far().filter(|reach| reach.is_complete) {
            return Ok(reach);
        }
        let capabilities = self.capabilities().await?;
        if work.waiting.is_none() {
            let is_vouched_for = self.is_vouched_for(&capabilities).await;
            *work = Work::begin(&self.shared.catalogue, &capabilities, is_vouched_for);
            self.reach.publish(Some(work.reach.clone()));
        }
        self.ask(&mut work).await?;
        if work.failed.is_none() {
            self.finish(&mut work, &capabilities);
        }
        let reach = self.reach.so_far();
        reach.ok_or_else(|| Error::new(ErrorKind::Server, "the user's rights are unknown"))
    }

    /// The same, within the patience of a client: what is known by then.
    pub(super) async fn reach_soon(&self) -> Option<Arc<Reach>> {
        match tokio::time::timeout(PATIENCE, self.reach()).await {
            Ok(Ok(reach)) => Some(reach),
            Ok(Err(error)) => {
                self.note(&error);
                tracing::debug!(%error, "the user's rights are unknown");
                None
            }
            Err(_) => self.reach.so_far(),
        }
    }

    /// Lets a tool be called, or says which generic one does what it would: a tool that does
    /// not fit any more is not listed, but a client may hold an older list.
    pub(super) fn admit_typed(&self, model: &str, operation: &Operation, name: &str) -> Result<()> {
        let Some(reach) = self.reach.so_far() else {
            return Ok(());
        };
        let Some(reason) = reach.misfit(model, operation) else {
            return Ok(());
        };
        let error = Error::invalid_call(format!(
            "{name} does not fit this Odoo any more, or not for this user: {reason}. Nothing was \
             sent."
        ));
        let (generic, call) = generic_call(model, operation);
        let error = match self.shared.catalogue.tool(generic) {
            Some(_) => error.with_hint(format!(
                "Use {call} instead; odoo_schema(model=\"{model}\") shows the model as it is."
            )),
            None => error,
        };
        Err(error.with_hint(format!(
            "To mend the tool, run `{}` and restart the server.",
            self.shared.catalogue.mend()
        )))
    }

    /// Whether the connected Odoo says by its fingerprint that the schema files are what this
    /// user sees.
    async fn is_vouched_for(&self, capabilities: &Capabilities) -> bool {
        let Some(manifest) = self.shared.catalogue.manifest() else {
            return false;
        };
        let Some(fingerprint) = &manifest.schema_fingerprint else {
            return false;
        };
        if capabilities.schema_fingerprint.as_ref() == Some(fingerprint) {
            return true;
        }
        // Labels are a part of it: the user may have another language than the files.
        let Ok(client) = self.client() else {
            return false;
        };
        let configured = client.config().language.as_ref();
        if configured.or(capabilities.user.lang.as_ref()) == Some(&manifest.language) {
            return false;
        }
        let context = Context::new().lang(&manifest.language);
        let asked = client.capabilities(&context).await;
        asked.is_ok_and(|there| there.schema_fingerprint.as_ref() == Some(fingerprint))
    }

    /// Asks for the models that are still waiting. Who gives up waiting loses nothing: what has
    /// come is kept.
    async fn ask(&self, work: &mut Work) -> Result<()> {
        let waiting = work.waiting.clone().unwrap_or_default();
        let is_too_early = work
            .failed
            .is_some_and(|failed| failed.elapsed() < RETRY_AFTER);
        if waiting.is_empty() || is_too_early {
            return Ok(());
        }
        work.failed = None;
        let client = self.client()?;
        describe(client, &waiting, &Context::new(), |answer| {
            self.take(work, answer);
            self.reach.publish(Some(work.reach.clone()));
        })
        .await;
        Ok(())
    }

    fn take(&self, work: &mut Work, answer: Answer) {
        let mut batch = match answer.outcome {
            Ok(batch) => batch,
            Err(error) => {
                self.note(&error);
                tracing::debug!(%error, "not everything is known of the user's rights");
                work.failed = Some(Instant::now());
                return;
            }
        };
        if let Some(waiting) = &mut work.waiting {
            waiting.retain(|model| !answer.asked.contains(model));
        }
        for model in answer.asked {
            if let Some(schema) = batch.schemas.remove(&model) {
                work.reach
                    .models
                    .insert(model.clone(), Reached::by_schema(&schema));
                if let Some(schema) = self.schemas.keep_fetched(&model, schema) {
                    work.live.insert(model, schema);
                }
                continue;
            }
            work.reach.models.remove(&model);
            match batch.errors.remove(&model) {
                Some(error) if error.kind() == ErrorKind::UnknownModel => work.gone.push(model),
                Some(error) => {
                    tracing::debug!(model, "left out: {}", error.message());
                }
                None => tracing::debug!(model, "left out: Odoo did not answer for it"),
            }
        }
    }

    /// Judges the tools by what the user sees, now that all of it is known.
    fn finish(&self, work: &mut Work, capabilities: &Capabilities) {
        let catalogue = &self.shared.catalogue;
        let writer = writer(catalogue, work, capabilities);
        let mut drifted = Vec::new();
        for model in catalogue.typed_models() {
            if work.gone.iter().any(|gone| gone == model) {
                drifted.push(ModelDrift::gone(model));
                continue;
            }
            let (Some(live), Some(written)) = (work.live.get(model), catalogue.written(model))
            else {
                continue;
            };
            let withheld = judge(catalogue, &work.live, written, live);
            let names = by_name(catalogue, model, &withheld);
            drifted.extend(ModelDrift::between(written, live, &writer, names));
            if let Some(reached) = work.reach.models.get_mut(model) {
                reached.withheld = withheld;
            }
        }
        let mut reach = std::mem::take(&mut work.reach);
        reach.is_complete = true;
        reach.drift = Drift::new(drifted, writer, catalogue.mend().to_owned());
        *work = Work::default();
        self.reach.tell(&reach.drift);
        self.reach.publish(Some(reach));
    }
}

impl Work {
    /// What is known without asking, and what is to be asked. A file is taken for what the user
    /// sees where Odoo vouches for the files, and the file is as it was written.
    fn begin(catalogue: &Catalogue, capabilities: &Capabilities, is_vouched_for: bool) -> Self {
        // The older module describes nothing; it is asked about the rights alone.
        let describes = capabilities.module_version.is_some();
        let mut reach = Reach::default();
        let mut waiting = BTreeSet::new();
        let typed = catalogue.typed_models();
        let mut wanted: BTreeSet<&str> = prompts::models().collect();
        wanted.extend(&typed);
        wanted.retain(|model| catalogue.policy().may_read(model));
        for model in wanted {
            let summary = capabilities.model(model);
            if let Some(summary) = summary {
                let reached = Reached::by_rights(summary.access);
                reach.models.insert(model.to_owned(), reached);
            } else {
                waiting.insert(model);
            }
        }
        for model in typed {
            if is_vouched_for && catalogue.is_as_written(model) {
                if let Some(written) = catalogue.written(model) {
                    let reached = Reached::by_schema(written);
                    reach.models.insert(model.to_owned(), reached);
                }
                waiting.remove(model);
            } else if describes {
                waiting.insert(model);
                waiting.extend(lines_of(catalogue, model));
            }
        }
        Self {
            waiting: Some(waiting.into_iter().map(str::to_owned).collect()),
            reach,
            ..Self::default()
        }
    }
}

/// For whom the files were written. Where nobody wrote it down, a user with fewer rights than
/// the files have is taken for another one.
fn writer(catalogue: &Catalogue, work: &Work, capabilities: &Capabilities) -> Writer {
    if let Some(manifest) = catalogue.manifest() {
        return if manifest.user == capabilities.user.login {
            Writer::Same
        } else {
            Writer::Other(Some(manifest.user.clone()))
        };
    }
    let has_less = |model: &str| {
        let Some(written) = catalogue.written(model) else {
            return false;
        };
        match work.reach.models.get(model) {
            Some(reached) => Operation::CRUD.iter().any(|operation| {
                written.access.allows(operation) && !reached.access.allows(operation)
            }),
            None => !work.gone.iter().any(|gone| gone == model),
        }
    };
    if catalogue.typed_models().into_iter().any(has_less) {
        Writer::Other(None)
    } else {
        Writer::Same
    }
}

/// The tools that are withheld of a model, by name.
fn by_name(
    catalogue: &Catalogue,
    model: &str,
    withheld: &Withheld,
) -> BTreeMap<String, Vec<Misfit>> {
    let named = |(tool, target): (&Tool, &Target)| match target {
        Target::Typed { operation, .. } => {
            let misfits = withheld.get(operation)?.clone();
            Some((tool.name.to_string(), misfits))
        }
        Target::Generic(_) => None,
    };
    catalogue.tools_of(model).filter_map(named).collect()
}

/// The models of the lines that the tools of a model write.
fn lines_of<'a>(catalogue: &'a Catalogue, model: &'a str) -> impl Iterator<Item = &'a str> {
    let written = catalogue.written(model).map(Arc::as_ref);
    let tools = catalogue.tools_of(model);
    let lines = tools.flat_map(move |(tool, _)| {
        written
            .map(|written| line_models(&tool.input_schema, written))
            .unwrap_or_default()
    });
    lines.filter(|name| catalogue.written(name).is_some())
}

/// The tools of a model that would lead into an error, with the reasons.
fn judge(
    catalogue: &Catalogue,
    live_models: &BTreeMap<String, Arc<ModelSchema>>,
    written: &ModelSchema,
    live: &ModelSchema,
) -> Withheld {
    let fitting = Fitting {
        written,
        live,
        other_written: &|name| catalogue.written(name).map(Arc::as_ref),
        other_live: &|name| live_models.get(name).map(Arc::as_ref),
    };
    let mut withheld = Withheld::new();
    for (tool, target) in catalogue.tools_of(&written.model) {
        let Target::Typed { operation, .. } = target else {
            continue;
        };
        let mut reasons = misfits(&tool.input_schema, operation, fitting);
        reasons.extend(misread(written, live, operation));
        if !reasons.is_empty() {
            withheld.insert(operation.clone(), reasons);
        }
    }
    withheld
}
