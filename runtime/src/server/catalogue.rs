//! The list of tools: ten generic ones, then the typed ones of the schema files that the
//! profile and the options select. Fixed at start; sorted the same on every run.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::Value;

use super::generic::GenericTool;
use super::profile::Profile;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Access, Annotations, ModelSchema, Operation, SchemaFile, ToolSpec};

/// Which of the available tools to serve.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The profile of typed tools.
    pub profile: Profile,
    /// Models whose typed tools are served whole, besides the profile's.
    pub models: Vec<String>,
    /// Tools to leave out, by name; `*` at the end stands for anything.
    pub exclude: Vec<String>,
    /// Serve only tools that change nothing.
    pub read_only: bool,
}

/// What the signed-in user may do with each model of the typed tools; a model that is absent
/// does not exist in the connected Odoo, or not for this user.
pub(crate) type Reach = BTreeMap<String, Reached>;

/// What the signed-in user may do with one model.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    access: Access,
    /// The methods behind the buttons of the user's form; `None` while they are not known.
    buttons: Option<BTreeSet<String>>,
}

impl Reached {
    /// What the access rights alone say.
    pub(crate) fn by_rights(access: Access) -> Self {
        Self {
            access,
            buttons: None,
        }
    }

    /// What the user's own schema of the model says. One without fields is of an older
    /// module, which knows nothing about buttons either.
    pub(crate) fn by_schema(schema: &ModelSchema) -> Self {
        let buttons = schema.actions.iter().map(|action| action.method.clone());
        Self {
            access: schema.access,
            buttons: (!schema.fields.is_empty()).then(|| buttons.collect()),
        }
    }

    /// Whether the user may do this.
    pub(crate) fn allows(&self, operation: &Operation) -> bool {
        let has_button = match (operation, &self.buttons) {
            (Operation::Action(method), Some(buttons)) => buttons.contains(method),
            _ => true,
        };
        has_button && self.access.allows(operation)
    }
}

/// What a call of a tool does.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// One of the ten tools that take the model as an argument.
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
    schemas: BTreeMap<String, Arc<ModelSchema>>,
    read_only: bool,
}

impl Catalogue {
    /// The generic tools alone.
    pub fn generic(selection: &Selection) -> Self {
        Self::assemble(Vec::new(), selection)
    }

    /// Reads every schema file of a folder and selects the tools.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the folder or one of its files cannot be read.
    pub fn load(folder: &Path, selection: &Selection) -> Result<Self> {
        Ok(Self::assemble(read_schema_files(folder)?, selection))
    }

    pub(super) fn assemble(mut files: Vec<SchemaFile>, selection: &Selection) -> Self {
        files.sort_by(|a, b| {
            let position = |file: &SchemaFile| selection.profile.position(&file.schema.model);
            (position(a), &a.schema.model).cmp(&(position(b), &b.schema.model))
        });
        let mut catalogue = Self {
            entries: Vec::new(),
            by_name: HashMap::new(),
            schemas: BTreeMap::new(),
            read_only: selection.read_only,
        };
        for generic in GenericTool::ALL {
            if selection.serves(generic.name(), generic.is_read_only()) {
                catalogue.add(generic.tool(), Target::Generic(generic));
            }
        }
        for file in files {
            let model = file.schema.model.clone();
            for spec in &file.tools {
                if selection.includes(&model, spec) {
                    let target = Target::Typed {
                        model: model.clone(),
                        operation: spec.operation.clone(),
                    };
                    catalogue.add(tool(spec), target);
                }
            }
            catalogue.schemas.insert(model, Arc::new(file.schema));
        }
        catalogue
    }

    /// Two models can only want the same name when one is an odd custom model; the first in
    /// the list keeps it, and the other is reached through the generic tools.
    fn add(&mut self, tool: Tool, target: Target) {
        if self.by_name.contains_key(tool.name.as_ref()) {
            tracing::warn!(tool = %tool.name, "two tools of this name; the second is left out");
            return;
        }
        self.by_name
            .insert(tool.name.to_string(), self.entries.len());
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
                (Target::Typed { model, operation }, Some(reach)) => reach
                    .get(model)
                    .is_some_and(|reached| reached.allows(operation)),
                _ => true,
            })
            .map(|entry| entry.tool.clone())
            .collect()
    }

    /// The tool of this name and what it does.
    pub(crate) fn find(&self, name: &str) -> Option<(&Tool, &Target)> {
        let entry = &self.entries[*self.by_name.get(name)?];
        Some((&entry.tool, &entry.target))
    }

    /// The tool with which this user does something to a model: the typed one, where it is
    /// listed for them, else the generic one.
    pub(crate) fn tool_for(
        &self,
        model: &str,
        operation: &Operation,
        reach: Option<&Reach>,
    ) -> Option<(&str, &Target)> {
        let is_listed = reach.is_none_or(|reach| {
            reach
                .get(model)
                .is_some_and(|reached| reached.allows(operation))
        });
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

    /// Whether a button of this model is among the tools.
    pub(crate) fn has_actions(&self, model: &str) -> bool {
        self.entries.iter().any(|entry| {
            matches!(&entry.target, Target::Typed { model: of, operation: Operation::Action(_) } if of == model)
        })
    }

    /// The descriptor in the schema file of a model: what an older Odoo module cannot tell.
    pub(crate) fn generated_schema(&self, model: &str) -> Option<Arc<ModelSchema>> {
        self.schemas.get(model).cloned()
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

impl Selection {
    fn includes(&self, model: &str, spec: &ToolSpec) -> bool {
        let chosen = self.profile.includes(model, &spec.operation)
            || self.models.iter().any(|pattern| matches(pattern, model));
        chosen && self.serves(&spec.name, spec.annotations.read_only_hint)
    }

    fn serves(&self, name: &str, is_read_only: bool) -> bool {
        (is_read_only || !self.read_only)
            && !self.exclude.iter().any(|pattern| matches(pattern, name))
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}

fn tool(spec: &ToolSpec) -> Tool {
    Tool::new(
        spec.name.clone(),
        spec.description.clone(),
        Arc::new(spec.input_schema.clone()),
    )
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

fn read_schema_files(folder: &Path) -> Result<Vec<SchemaFile>> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        Error::new(
            ErrorKind::Configuration,
            format!("{} cannot be read: {error}", path.display()),
        )
        .with_hint("Check --schemas or ODOO_SCHEMAS; `cargo xtask gen` writes this folder.")
    };
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            files.push(SchemaFile::parse(&text).map_err(|error| unreadable(&path, &error))?);
        }
    }
    Ok(files)
}
