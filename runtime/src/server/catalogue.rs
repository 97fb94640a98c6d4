//! The list of tools: thirteen generic ones, then the typed ones of the schema files that the
//! profile and the options select. Fixed at start; sorted the same on every run.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::Value;

use super::generic::GenericTool;
use super::policy::ModelPolicy;
use super::profile::Profile;
use super::reach::Reach;
use super::selection::{Existing, Selection};
use crate::error::{Error, ErrorKind, Result};
use crate::instance::{Manifest, SchemaFolder};
use crate::schema::output::output_schema;
use crate::schema::text::nearest;
use crate::schema::{
    Annotations, ModelSchema, Operation, SchemaFile, ToolSpec, distinct_tool_name, tools_of,
};

/// What a call of a tool does.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// One of the tools that take the model as an argument.
    Generic(GenericTool),
    /// A tool of one model.
    Typed { model: String, operation: Operation },
}

impl Target {
    /// Whether the tool leaves Odoo as it is.
    pub(crate) fn is_read_only(&self) -> bool {
        match self {
            Self::Generic(tool) => tool.is_read_only(),
            Self::Typed { operation, .. } => operation.is_read_only(),
        }
    }
}

struct Entry {
    tool: Tool,
    target: Target,
}

/// All tools of this server, in the order of the list.
pub struct Catalogue {
    entries: Vec<Entry>,
    by_name: HashMap<String, usize>,
    by_model: HashMap<String, Vec<usize>>,
    /// The tools that it refuses to run, so that it can say why: of closed models, and of a
    /// read-only server all that change something.
    refused: HashMap<String, Target>,
    schemas: BTreeMap<String, Arc<ModelSchema>>,
    /// Models whose files are as they were written.
    as_written: BTreeSet<String>,
    manifest: Option<Manifest>,
    mend: String,
    profile: Arc<Profile>,
    read_only: bool,
    policy: ModelPolicy,
}

impl Catalogue {
    /// The generic tools alone.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the selection names a tool or model that does not exist.
    pub fn generic(selection: &Selection) -> Result<Self> {
        Self::assemble(Vec::new(), selection)
    }

    /// Reads every schema file of a folder and selects the tools.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the folder cannot be read, or the selection names a
    /// tool or model that does not exist.
    pub fn load(folder: &SchemaFolder, selection: &Selection) -> Result<Self> {
        let kept = folder.read()?;
        let as_written = kept
            .iter()
            .filter(|kept| kept.is_vouched_for)
            .map(|kept| kept.file.schema.model.clone())
            .collect();
        let files = kept.into_iter().map(|kept| kept.file).collect();
        Ok(Self {
            as_written,
            manifest: folder.manifest.clone(),
            mend: folder.mend().to_owned(),
            ..Self::assemble(files, selection)?
        })
    }

    pub(super) fn assemble(mut files: Vec<SchemaFile>, selection: &Selection) -> Result<Self> {
        files.sort_by(|a, b| a.schema.model.cmp(&b.schema.model));
        put_key_fields_first(&mut files, &selection.profile);
        name_apart(&mut files);
        files.sort_by_key(|file| selection.profile.position(&file.schema.model));
        let mut catalogue = Self {
            entries: Vec::new(),
            by_name: HashMap::new(),
            by_model: HashMap::new(),
            refused: HashMap::new(),
            schemas: BTreeMap::new(),
            as_written: BTreeSet::new(),
            manifest: None,
            mend: String::new(),
            profile: Arc::new(selection.profile.clone()),
            read_only: selection.read_only,
            policy: selection.policy.clone(),
        };
        let mut existing = Existing::default();
        for generic in GenericTool::ALL {
            let is_chosen = selection.chooses_generic(generic.name());
            existing.tools.push(generic.name().to_owned());
            catalogue.offer(generic.tool(), Target::Generic(generic), is_chosen);
        }
        for file in files {
            let model = file.schema.model.clone();
            for spec in &file.tools {
                let is_chosen = selection.chooses(&model, &spec.operation, &spec.name);
                existing.tools.push(spec.name.clone());
                let target = Target::Typed {
                    model: model.clone(),
                    operation: spec.operation.clone(),
                };
                catalogue.offer(tool(spec, &file.schema), target, is_chosen);
            }
            existing.models.push(model.clone());
            if catalogue.policy.may_read(&model) {
                catalogue.schemas.insert(model, Arc::new(file.schema));
            }
        }
        selection.check(&existing)?;
        Ok(catalogue)
    }

    /// Serves a tool, or takes note that it is refused, or leaves it out.
    fn offer(&mut self, tool: Tool, target: Target, is_chosen: bool) {
        let is_closed = match &target {
            Target::Typed { model, operation } => !self.policy.may(model, operation),
            Target::Generic(_) => false,
        };
        if is_closed || (self.read_only && !target.is_read_only()) {
            self.refused.insert(tool.name.to_string(), target);
        } else if is_chosen {
            self.add(tool, target);
        }
    }

    /// Should two tools have one name in spite of [`name_apart`], the second is reached
    /// through the generic tools.
    fn add(&mut self, tool: Tool, target: Target) {
        if self.by_name.contains_key(tool.name.as_ref()) {
            tracing::warn!(tool = %tool.name, "two tools of this name; the second is left out");
            return;
        }
        let index = self.entries.len();
        self.by_name.insert(tool.name.to_string(), index);
        if let Target::Typed { model, .. } = &target {
            self.by_model.entry(model.clone()).or_default().push(index);
        }
        self.entries.push(Entry { tool, target });
    }

    /// All tools as a client sees them listed, whatever a user may do.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] when a tool cannot be written as JSON.
    pub fn to_json(&self) -> Result<Value> {
        serde_json::to_value(self.tools(None)).map_err(|error| {
            Error::new(
                ErrorKind::Protocol,
                format!("the tools cannot be written as JSON: {error}"),
            )
        })
    }

    /// The tools that this user can use; all of them while that is not known.
    pub(crate) fn tools(&self, reach: Option<&Reach>) -> Vec<Tool> {
        self.entries
            .iter()
            .filter(|entry| match (&entry.target, reach) {
                (Target::Typed { model, operation }, Some(reach)) => reach.lists(model, operation),
                (Target::Generic(tool), Some(reach)) => tool
                    .needs()
                    .is_none_or(|model| reach.allows(model, &Operation::Read)),
                _ => true,
            })
            .map(|entry| entry.tool.clone())
            .collect()
    }

    /// The tool of this name, if it is served.
    pub(crate) fn tool(&self, name: &str) -> Option<&Tool> {
        Some(&self.entries[*self.by_name.get(name)?].tool)
    }

    /// What a call of this tool does. The tools that are refused are known, too, so that they
    /// are refused with the reason.
    pub(crate) fn target(&self, name: &str) -> Option<&Target> {
        match self.by_name.get(name) {
            Some(index) => Some(&self.entries[*index].target),
            None => self.refused.get(name),
        }
    }

    /// The tool with which this user does something to a model: the typed one, where it is
    /// listed for them, else the generic one.
    pub(crate) fn tool_for(
        &self,
        model: &str,
        operation: &Operation,
        reach: Option<&Reach>,
    ) -> Option<(&str, &Target)> {
        if !self.policy.may(model, operation) {
            return None;
        }
        let is_listed = reach.is_none_or(|reach| reach.lists(model, operation));
        let is_wanted = |entry: &&Entry| match &entry.target {
            Target::Typed {
                model: of,
                operation: does,
            } => is_listed && of == model && does == operation,
            Target::Generic(_) => false,
        };
        let typed = self.entries.iter().find(is_wanted);
        let generic = || {
            let name = GenericTool::of(operation).name();
            self.by_name.get(name).map(|index| &self.entries[*index])
        };
        typed
            .or_else(generic)
            .map(|entry| (entry.tool.name.as_ref(), &entry.target))
    }

    /// The names of all tools.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.tool.name.as_ref())
    }

    /// Models with typed tools in this catalogue.
    pub(crate) fn typed_models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = self
            .entries
            .iter()
            .filter_map(|entry| match &entry.target {
                Target::Typed { model, .. } => Some(model.as_str()),
                Target::Generic(_) => None,
            })
            .collect();
        models.dedup();
        models
    }

    /// The descriptor in the schema file of a model: what an older Odoo module cannot tell.
    pub(crate) fn generated_schema(&self, model: &str) -> Option<Arc<ModelSchema>> {
        self.written(model).cloned()
    }

    /// The descriptor in the schema file of a model.
    pub(crate) fn written(&self, model: &str) -> Option<&Arc<ModelSchema>> {
        self.schemas.get(model)
    }

    /// The served tools of a model.
    pub(crate) fn tools_of(&self, model: &str) -> impl Iterator<Item = (&Tool, &Target)> {
        let indices = self.by_model.get(model).into_iter().flatten();
        indices.map(|index| {
            let entry = &self.entries[*index];
            (&entry.tool, &entry.target)
        })
    }

    /// Whether the file of a model is as it was written under the manifest.
    pub(crate) fn is_as_written(&self, model: &str) -> bool {
        self.as_written.contains(model)
    }

    /// What the schema files were written from, where it is known.
    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// The command that writes the schema files anew.
    pub(crate) fn mend(&self) -> &str {
        &self.mend
    }

    /// The fields of each model that come first.
    pub(crate) fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Which models are kept from assistants.
    pub(crate) fn policy(&self) -> &ModelPolicy {
        &self.policy
    }

    /// Whether the server was asked to change nothing.
    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// How many tools there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Gives every tool a name of its own. Two models want the same one when they differ in dots
/// and underscores alone (`x.a.b` and `x.a_b`), and a model `odoo` wants the generic tools'.
/// Of two models the first by name has the plain one, whatever is served of either.
fn name_apart(files: &mut [SchemaFile]) {
    let mut taken: HashSet<String> = GenericTool::ALL
        .iter()
        .map(|tool| tool.name().to_owned())
        .collect();
    for file in files {
        for tool in &mut file.tools {
            if taken.contains(&tool.name) {
                tool.name = distinct_tool_name(&file.schema.model, &tool.operation);
            }
            taken.insert(tool.name.clone());
        }
    }
}

/// Puts the fields that the profile names first in the models' tools and default answers.
fn put_key_fields_first(files: &mut [SchemaFile], profile: &Profile) {
    let mut chosen = Vec::new();
    for (index, file) in files.iter_mut().enumerate() {
        let key_fields = profile.key_fields(&file.schema.model);
        if !key_fields.is_empty() {
            warn_of_unknown(&file.schema, key_fields);
            file.schema.key_fields = key_fields.to_vec();
            chosen.push(index);
        }
    }
    let files_now: &[SchemaFile] = files;
    let by_name: HashMap<&str, &ModelSchema> = files_now
        .iter()
        .map(|file| (file.schema.model.as_str(), &file.schema))
        .collect();
    let lookup = |name: &str| by_name.get(name).copied();
    let rebuilt: Vec<(usize, Vec<ToolSpec>)> = chosen
        .into_iter()
        .map(|index| (index, tools_of(&files_now[index].schema, &lookup)))
        .collect();
    for (index, mut tools) in rebuilt {
        let file = &mut files[index];
        // What is no tool in the file does not become one.
        tools.retain(|tool| file.tools.iter().any(|old| old.operation == tool.operation));
        file.tools = tools;
    }
}

/// Another Odoo, or another version of it, may lack a field that `models.toml` names.
fn warn_of_unknown(schema: &ModelSchema, key_fields: &[String]) {
    for name in key_fields {
        if schema.field(name).is_none() {
            let known = schema.fields.keys().map(String::as_str);
            let near = match nearest(name, known).first() {
                Some(near) => format!("; did you mean \"{near}\"?"),
                None => String::new(),
            };
            tracing::warn!(
                "models.toml: {} has no field \"{name}\", which is to come first{near}",
                schema.model
            );
        }
    }
}

fn tool(spec: &ToolSpec, model: &ModelSchema) -> Tool {
    Tool::new(
        spec.name.clone(),
        spec.description.clone(),
        Arc::new(spec.input_schema.clone()),
    )
    .with_raw_output_schema(Arc::new(output_schema(model, &spec.operation)))
    .with_title(spec.title.clone())
    .with_annotations(annotations(spec.annotations))
}

pub(crate) fn annotations(hints: Annotations) -> ToolAnnotations {
    ToolAnnotations::new()
        .read_only(hints.read_only_hint)
        .destructive(hints.destructive_hint)
        .idempotent(hints.idempotent_hint)
        .open_world(hints.open_world_hint)
}

#[cfg(test)]
mod tests;
