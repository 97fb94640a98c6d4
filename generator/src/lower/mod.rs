//! Snapshot → IR: decides names and types, and reports what was odd.
//!
//! Never fails: an absurd schema becomes the nearest thing that compiles, with a
//! [`Diagnostic`] that says what was done and how to mend it.

mod enums;

use std::collections::{BTreeMap, BTreeSet};

use butopea_runtime::schema::{ActionSchema, FieldSchema, FieldType, ModelSchema};

use crate::config::{Config, Money};
use crate::diagnostic::Diagnostic;
use crate::ir::{Action, Field, Kind, Marker, Model, Package};
use crate::naming;
use crate::snapshot::Snapshot;
use enums::Enums;

/// Virtual models whose ids are text, so that no typed id can point to them
/// (`addons/account/models/account_root.py`).
const TEXT_IDS: &[&str] = &["account.root"];

/// Marker names that generated modules need for something else, a derive among it: a link of
/// the documentation could mean either.
const RESERVED_TYPES: &[&str] = &[
    "Action",
    "Binary",
    "Box",
    "Clone",
    "Copy",
    "Date",
    "DateTime",
    "Debug",
    "Decimal",
    "Eq",
    "F",
    "Field",
    "Fields",
    "HasRecord",
    "Hash",
    "Id",
    "Ids",
    "Key",
    "Many2one",
    "Model",
    "ModelVisitor",
    "Option",
    "PartialEq",
    "Record",
    "Reference",
    "Row",
    "RowWriter",
    "Selection",
    "Self",
    "String",
    "This",
    "Value",
];

/// Module names that the generated crate itself needs.
const RESERVED_MODULES: &[&str] = &[
    "action",
    "all",
    "default",
    "markers",
    "prelude",
    "runtime",
    "selections",
    "lib",
    "main",
    "mod",
    "core",
    "std",
    "alloc",
    "kind",
    "typed",
];

/// The IR of the models that the configuration asks for.
pub fn lower(snapshot: &Snapshot, config: &Config) -> (Package, Vec<Diagnostic>) {
    let mut lowering = Lowering::new(snapshot, config);
    let models: Vec<Model> = lowering
        .schemas
        .clone()
        .into_iter()
        .map(|schema| lowering.model(schema))
        .collect();
    let package = Package {
        markers: lowering.markers(),
        enums: lowering.enums.finish(),
        features: features(&models, config),
        header: config.header.clone(),
        models,
    };
    let mut diagnostics = lowering.diagnostics;
    diagnostics.sort();
    diagnostics.dedup();
    (package, diagnostics)
}

struct Lowering<'a> {
    config: &'a Config,
    schemas: Vec<&'a ModelSchema>,
    modules: BTreeMap<String, String>,
    marker_idents: BTreeMap<String, String>,
    enums: Enums,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Lowering<'a> {
    fn new(snapshot: &'a Snapshot, config: &'a Config) -> Self {
        let schemas: Vec<&ModelSchema> = snapshot
            .models
            .values()
            .filter(|schema| config.wants(&schema.model))
            .collect();
        let mut diagnostics = Vec::new();
        let modules = module_names(&schemas, config, &mut diagnostics);
        let marker_idents = marker_names(&schemas, config, &mut diagnostics);
        let enums = Enums::collect(&schemas, config, &marker_idents, &modules, &mut diagnostics);
        Self {
            config,
            schemas,
            modules,
            marker_idents,
            enums,
            diagnostics,
        }
    }

    fn markers(&self) -> Vec<Marker> {
        let labels: BTreeMap<&str, &str> = self
            .schemas
            .iter()
            .map(|schema| (schema.model.as_str(), schema.label.as_str()))
            .collect();
        self.marker_idents
            .iter()
            .map(|(wire, ident)| Marker {
                wire: wire.clone(),
                ident: ident.clone(),
                label: labels.get(wire.as_str()).map(|label| (*label).to_owned()),
                module: self.modules.get(wire).cloned(),
            })
            .collect()
    }

    fn model(&mut self, schema: &ModelSchema) -> Model {
        let aliases = self.enums.aliases(&schema.model);
        Model {
            wire: schema.model.clone(),
            module: self.modules.get(&schema.model).cloned().unwrap_or_default(),
            marker: self.marker(&schema.model),
            label: schema.label.clone(),
            description: schema.description.clone(),
            transient: schema.transient,
            access: schema.access,
            rec_name: schema.rec_name.clone(),
            order: schema.order.clone(),
            fields: self.fields(schema, &aliases),
            actions: actions(schema),
            aliases: aliases
                .values()
                .map(|alias| (alias.name.clone(), alias.target.clone()))
                .collect(),
        }
    }

    fn marker(&self, model: &str) -> String {
        let known = self.marker_idents.get(model).cloned();
        known.unwrap_or_else(|| naming::type_name(model))
    }

    fn fields(
        &mut self,
        schema: &ModelSchema,
        aliases: &BTreeMap<String, enums::Alias>,
    ) -> Vec<Field> {
        let kept: Vec<(&String, &FieldSchema)> = kept_fields(schema, self.config).collect();
        let idents = self.field_idents(schema, &kept);
        let mut fields = vec![id_field()];
        for (wire, field) in kept {
            let kind = self.kind(&schema.model, wire, field, aliases);
            let path = format!("{}.{wire}", schema.model);
            let readable = !self
                .config
                .leave_out_types
                .iter()
                .any(|left_out| left_out == field.field_type.as_str());
            let known = !matches!(kind, Kind::Unknown(_));
            fields.push(Field {
                ident: idents.get(wire).cloned().unwrap_or_else(|| wire.clone()),
                wire: wire.clone(),
                in_record: readable && known && !self.config.leave_out.matches(&path),
                kind,
                label: field.label.clone(),
                help: field.help.clone(),
                required: field.required,
                readonly: field.readonly,
                computed: field.computed,
                related: field.related.clone(),
            });
        }
        fields
    }

    fn field_idents(
        &mut self,
        schema: &ModelSchema,
        kept: &[(&String, &FieldSchema)],
    ) -> BTreeMap<String, String> {
        let wires = kept.iter().map(|(wire, _)| wire.as_str());
        let mut idents = naming::members(wires.chain(["id"]));
        for (wire, ident) in &idents {
            if wire != ident && wire != "self" {
                self.diagnostics.push(
                    Diagnostic::new(
                        &schema.model,
                        Some(wire),
                        format!("is no identifier and is called `{ident}`"),
                    )
                    .with_mend(format!(
                        "choose a name in [model.\"{}\".fields]",
                        schema.model
                    )),
                );
            }
        }
        if let Some(renames) = self.config.names_of(&schema.model) {
            for (wire, wanted) in &renames.fields {
                let name = naming::member(wanted);
                let free = !idents.values().any(|ident| *ident == name);
                match idents.get_mut(wire) {
                    Some(ident) if free => *ident = name,
                    _ => self.diagnostics.push(Diagnostic::new(
                        &schema.model,
                        Some(wire),
                        format!("cannot be called `{wanted}`: no such field, or the name is taken"),
                    )),
                }
            }
        }
        idents
    }

    fn kind(
        &mut self,
        model: &str,
        wire: &str,
        field: &FieldSchema,
        aliases: &BTreeMap<String, enums::Alias>,
    ) -> Kind {
        let target = |this: &Self| match &field.relation {
            Some(relation) => this.marker(relation),
            None => this.marker(model),
        };
        if field.field_type.is_relational() && field.relation.is_none() {
            self.diagnostics.push(Diagnostic::new(
                model,
                Some(wire),
                "is a relation without a target, and is read as plain JSON",
            ));
            return Kind::Unknown(field.field_type.as_str().to_owned());
        }
        if field
            .relation
            .as_deref()
            .is_some_and(|target| TEXT_IDS.contains(&target))
        {
            return Kind::Unknown(field.field_type.as_str().to_owned());
        }
        match &field.field_type {
            FieldType::Char => Kind::Char,
            FieldType::Text => Kind::Text,
            FieldType::Html => Kind::Html,
            FieldType::Integer => Kind::Integer,
            FieldType::Float => Kind::Float,
            FieldType::Monetary if self.config.money == Money::Decimal => Kind::Exact,
            FieldType::Monetary => Kind::Monetary,
            FieldType::Boolean => Kind::Boolean,
            FieldType::Date => Kind::Date,
            FieldType::Datetime => Kind::Datetime,
            FieldType::Binary | FieldType::Image => Kind::Binary,
            FieldType::Selection => match aliases.get(wire) {
                Some(alias) => Kind::Selection(alias.name.clone()),
                None => Kind::OpenSelection,
            },
            FieldType::Many2one => Kind::Many2one(target(self)),
            FieldType::One2many => Kind::One2many(target(self)),
            FieldType::Many2many => Kind::Many2many(target(self)),
            FieldType::Reference => Kind::Reference,
            FieldType::Many2oneReference => Kind::Many2oneReference,
            FieldType::Json => Kind::Json,
            FieldType::Properties | FieldType::PropertiesDefinition => Kind::Properties,
            other => {
                let name = other.as_str().to_owned();
                self.diagnostics.push(
                    Diagnostic::new(
                        model,
                        Some(wire),
                        format!(
                            "has the unknown type `{name}`, and is plain JSON, not read by default"
                        ),
                    )
                    .with_mend("update the generator if Odoo has a new type"),
                );
                Kind::Unknown(name)
            }
        }
    }
}

fn actions(schema: &ModelSchema) -> Vec<Action> {
    let mut by_method: BTreeMap<&str, Vec<&ActionSchema>> = BTreeMap::new();
    for action in &schema.actions {
        by_method.entry(&action.method).or_default().push(action);
    }
    let methods: Vec<&str> = by_method.keys().copied().collect();
    let wanted: Vec<String> = methods
        .iter()
        .map(|method| short_action(method, &methods))
        .collect();
    // What the actions' own module imports.
    let idents = naming::unique(&wanted, &["Action", "This"]);
    by_method
        .into_iter()
        .zip(idents)
        .map(|((method, buttons), ident)| {
            let mut labels: Vec<String> = buttons
                .iter()
                .filter_map(|button| button.label.clone())
                .collect();
            labels.sort();
            labels.dedup();
            Action {
                method: method.to_owned(),
                ident,
                labels,
                help: buttons.iter().find_map(|button| button.help.clone()),
            }
        })
        .collect()
}

/// The fields that are generated: all but `id`, which every model has, and the ignored ones.
pub(crate) fn kept_fields<'a>(
    schema: &'a ModelSchema,
    config: &'a Config,
) -> impl Iterator<Item = (&'a String, &'a FieldSchema)> {
    schema.fields.iter().filter(move |(wire, _)| {
        let path = format!("{}.{wire}", schema.model);
        wire.as_str() != "id" && !config.ignore.matches(&path)
    })
}

fn id_field() -> Field {
    Field {
        wire: "id".to_owned(),
        ident: "id".to_owned(),
        kind: Kind::Id,
        label: None,
        help: None,
        required: false,
        readonly: true,
        computed: false,
        related: None,
        in_record: true,
    }
}

/// `action_confirm` → `Confirm`, unless another method would be called the same.
fn short_action(method: &str, methods: &[&str]) -> String {
    let strip = |method: &str| {
        let short = method
            .strip_prefix("action_")
            .or_else(|| method.strip_prefix("button_"))
            .filter(|short| !short.is_empty())
            .unwrap_or(method);
        naming::type_name(short)
    };
    let short = strip(method);
    let clashes = methods.iter().filter(|other| strip(other) == short).count() > 1;
    if clashes {
        naming::type_name(method)
    } else {
        short
    }
}

fn module_names(
    schemas: &[&ModelSchema],
    config: &Config,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, String> {
    let wires: Vec<String> = schemas.iter().map(|schema| schema.model.clone()).collect();
    let wanted: Vec<String> = wires
        .iter()
        .map(|wire| {
            let chosen = config
                .names_of(wire)
                .and_then(|names| names.module.as_deref());
            let name = naming::module(chosen.unwrap_or(wire));
            if RESERVED_MODULES.contains(&name.as_str()) {
                format!("{name}_")
            } else {
                name
            }
        })
        .collect();
    report_clashes(&wires, &wanted, "module", diagnostics);
    let unique = naming::unique(&wanted, RESERVED_MODULES);
    wires.into_iter().zip(unique).collect()
}

fn marker_names(
    schemas: &[&ModelSchema],
    config: &Config,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, String> {
    let generated: BTreeSet<String> = schemas.iter().map(|schema| schema.model.clone()).collect();
    let targets: BTreeSet<String> = schemas
        .iter()
        .flat_map(|schema| kept_fields(schema, config))
        .filter_map(|(_, field)| field.relation.clone())
        .filter(|target| !generated.contains(target) && !TEXT_IDS.contains(&target.as_str()))
        .collect();
    // Generated models come first: a target that nobody generated never renames them.
    let wires: Vec<String> = generated.into_iter().chain(targets).collect();
    let wanted: Vec<String> = wires
        .iter()
        .map(|wire| {
            let chosen = config
                .names_of(wire)
                .and_then(|names| names.marker.as_deref());
            let name = naming::type_name(chosen.map_or(wire.as_str(), |name| name));
            let name = chosen.map_or(name, str::to_owned);
            if RESERVED_TYPES.contains(&name.as_str()) {
                format!("{name}Model")
            } else {
                name
            }
        })
        .collect();
    report_clashes(&wires, &wanted, "marker", diagnostics);
    let unique = naming::unique(&wanted, RESERVED_TYPES);
    wires.into_iter().zip(unique).collect()
}

fn report_clashes(
    wires: &[String],
    wanted: &[String],
    what: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for (wire, name) in wires.iter().zip(wanted) {
        if let Some(other) = first.insert(name, wire) {
            diagnostics.push(
                Diagnostic::new(
                    wire,
                    None,
                    format!("wants the {what} `{name}` as {other} does, and is numbered"),
                )
                .with_mend(format!("set `{what}` in [model.\"{wire}\"]")),
            );
        }
    }
}

fn features(models: &[Model], config: &Config) -> BTreeMap<String, Vec<String>> {
    let modules: BTreeSet<&str> = models.iter().map(|model| model.module.as_str()).collect();
    config
        .features
        .iter()
        .filter(|(name, _)| !modules.contains(name.as_str()) && name.as_str() != "default")
        .map(|(name, patterns)| {
            let members = models
                .iter()
                .filter(|model| patterns.matches(&model.wire))
                .map(|model| model.module.clone());
            (name.clone(), members.collect())
        })
        .collect()
}
