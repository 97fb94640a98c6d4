//! One model: its fields, its record, its selections and its actions.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::{Action, Field, Kind, Model};

use super::docs;
use super::library::ident;

/// `<module>.rs`.
pub(super) fn file(model: &Model) -> TokenStream {
    let comment = docs::inner_comment(&overview(model));
    let style = odd_style(model).then(|| quote!(#![allow(nonstandard_style)]));
    let imports = imports(model);
    let marker = ident(&model.marker);
    let aliases = model.aliases.iter().map(|(alias, target)| {
        let (alias, target) = (ident(alias), ident(target));
        if alias == target {
            quote!(pub use crate::selections::#target;)
        } else {
            quote!(pub use crate::selections::#target as #alias;)
        }
    });
    let fields = fields(model);
    let record = record(model);
    let actions = actions(model);
    quote! {
        #comment
        #style

        #imports
        #(#aliases)*

        /// The marker of the model.
        pub type This = #marker;

        #fields
        #record
        #actions
    }
}

fn overview(model: &Model) -> Vec<String> {
    let mut lines = vec![format!(
        "`{}`: {}",
        model.wire,
        docs::label(Some(&model.label), &model.wire)
    )];
    let description = model
        .description
        .as_deref()
        .filter(|text| *text != model.label);
    if let Some(text) = docs::description(description) {
        lines.extend([String::new(), text]);
    }
    lines.push(String::new());
    if model.transient {
        lines.push("A wizard: Odoo deletes its records after a while.".to_owned());
    }
    if let Some(name) = &model.rec_name {
        lines.push(format!("Records are named by `{name}`."));
    }
    if let Some(order) = &model.order {
        lines.push(format!("Sorted by `{order}` unless asked otherwise."));
    }
    lines.push(access_line(model));
    lines
}

fn access_line(model: &Model) -> String {
    let rights = [
        (model.access.read, "read"),
        (model.access.create, "create"),
        (model.access.write, "change"),
        (model.access.unlink, "delete"),
    ];
    let allowed: Vec<&str> = rights
        .iter()
        .filter(|(may, _)| *may)
        .map(|(_, right)| *right)
        .collect();
    if allowed.is_empty() {
        "The user of the snapshot has no access to its records.".to_owned()
    } else {
        format!(
            "The user of the snapshot may {} its records.",
            allowed.join(", ")
        )
    }
}

/// Odoo has field names such as `posX`.
fn odd_style(model: &Model) -> bool {
    model.fields.iter().any(|field| {
        field.ident.bytes().any(|byte| byte.is_ascii_uppercase())
            || field.ident.contains("__")
            || field.ident.starts_with('_')
    })
}

fn imports(model: &Model) -> TokenStream {
    let mut types = BTreeSet::from(["Field", "HasRecord", "Id", "Row", "RowWriter"]);
    let mut markers = BTreeSet::from([model.marker.as_str()]);
    if !model.actions.is_empty() {
        types.insert("Action");
    }
    for field in &model.fields {
        if let Kind::Many2one(target) | Kind::One2many(target) | Kind::Many2many(target) =
            &field.kind
        {
            markers.insert(target);
        }
        match &field.kind {
            Kind::OpenSelection => {
                types.insert("Key");
            }
            kind if field.in_record => types.extend(value_import(kind)),
            _ => {}
        }
    }
    // The actions import these for themselves.
    types.remove("Action");
    let types = types.into_iter().map(ident);
    let markers = markers.into_iter().map(ident);
    quote! {
        use butopea_runtime::typed::{self, kind, #(#types),*};
        use crate::markers::{#(#markers),*};
    }
}

fn value_import(kind: &Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Date => "Date",
        Kind::Datetime => "DateTime",
        Kind::Binary => "Binary",
        Kind::Many2one(_) => "Many2one",
        Kind::One2many(_) | Kind::Many2many(_) => "Ids",
        Kind::Reference => "Reference",
        Kind::Exact => "Decimal",
        Kind::Json | Kind::Properties | Kind::Unknown(_) => "Value",
        _ => return None,
    })
}

fn fields(model: &Model) -> TokenStream {
    let title = docs::comment(&[format!(
        "The fields of `{}`; use the constant [`F`].",
        model.wire
    )]);
    let declared = model.fields.iter().map(|field| {
        let comment = docs::comment(&field_lines(field));
        let (name, kind) = (ident(&field.ident), kind_type(&field.kind));
        quote!(#comment pub #name: Field<This, #kind>,)
    });
    let built = model.fields.iter().map(|field| {
        let (name, wire) = (ident(&field.ident), &field.wire);
        quote!(#name: Field::new(#wire),)
    });
    let constant = docs::comment(&[format!(
        "The fields of `{}`: for domains, orders, projections, groups and values.",
        model.wire
    )]);
    quote! {
        #title
        #[derive(Debug, Clone, Copy)]
        #[non_exhaustive]
        pub struct Fields {
            #(#declared)*
        }

        #constant
        pub const F: Fields = Fields {
            #(#built)*
        };
    }
}

fn field_lines(field: &Field) -> Vec<String> {
    if field.kind == Kind::Id {
        return vec!["The record's id.".to_owned()];
    }
    let mut facts = vec![kind_words(&field.kind)];
    if field.required {
        facts.push("required".to_owned());
    }
    if field.readonly {
        facts.push("read-only in forms".to_owned());
    }
    match &field.related {
        Some(path) => facts.push(format!("mirrors `{path}`")),
        None if field.computed => facts.push("computed".to_owned()),
        None => {}
    }
    if !field.in_record {
        facts.push("not read by default".to_owned());
    }
    let mut lines = vec![format!(
        "{} *{}.*",
        docs::label(field.label.as_deref(), &field.wire),
        facts.join(", ")
    )];
    lines.extend(docs::help(field.help.as_deref()).map(|help| format!("\n {help}")));
    lines
        .into_iter()
        .flat_map(|line| {
            line.split('\n')
                .map(|l| l.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn kind_words(kind: &Kind) -> String {
    match kind {
        Kind::Id => "Id".to_owned(),
        Kind::Char => "Char".to_owned(),
        Kind::Text => "Text".to_owned(),
        Kind::Html => "Html".to_owned(),
        Kind::Integer => "Integer".to_owned(),
        Kind::Float => "Float".to_owned(),
        Kind::Monetary | Kind::Exact => "Monetary".to_owned(),
        Kind::Boolean => "Boolean".to_owned(),
        Kind::Date => "Date".to_owned(),
        Kind::Datetime => "Datetime".to_owned(),
        Kind::Binary => "Binary".to_owned(),
        Kind::Selection(alias) => format!("Selection of [`{alias}`]"),
        Kind::OpenSelection => "Selection".to_owned(),
        Kind::Many2one(target) => format!("Many2one to [`{target}`]"),
        Kind::One2many(target) => format!("One2many of [`{target}`]"),
        Kind::Many2many(target) => format!("Many2many of [`{target}`]"),
        Kind::Reference => "Reference".to_owned(),
        Kind::Many2oneReference => "Many2one reference".to_owned(),
        Kind::Json => "Json".to_owned(),
        Kind::Properties => "Properties".to_owned(),
        Kind::Unknown(name) => format!("`{}`, as plain JSON", name.replace('`', "'")),
    }
}

fn kind_type(kind: &Kind) -> TokenStream {
    match kind {
        Kind::Id => quote!(kind::Id<This>),
        Kind::Char => quote!(kind::Char),
        Kind::Text => quote!(kind::Text),
        Kind::Html => quote!(kind::Html),
        Kind::Integer => quote!(kind::Integer),
        Kind::Float => quote!(kind::Float),
        Kind::Monetary => quote!(kind::Monetary),
        Kind::Exact => quote!(kind::Exact),
        Kind::Boolean => quote!(kind::Boolean),
        Kind::Date => quote!(kind::Date),
        Kind::Datetime => quote!(kind::Datetime),
        Kind::Binary => quote!(kind::Binary),
        Kind::Selection(alias) => {
            let alias = ident(alias);
            quote!(kind::Selection<#alias>)
        }
        Kind::OpenSelection => quote!(kind::Selection<Key>),
        Kind::Many2one(target) => {
            let target = ident(target);
            quote!(kind::Many2one<#target>)
        }
        Kind::One2many(target) => {
            let target = ident(target);
            quote!(kind::One2many<#target>)
        }
        Kind::Many2many(target) => {
            let target = ident(target);
            quote!(kind::Many2many<#target>)
        }
        Kind::Reference => quote!(kind::Reference),
        Kind::Many2oneReference => quote!(kind::Many2oneReference),
        Kind::Json => quote!(kind::Json),
        Kind::Properties => quote!(kind::Properties),
        Kind::Unknown(_) => quote!(kind::Unknown),
    }
}

/// The type of a record's field, the reader's method and the writer's argument.
fn value(field: &Field) -> (TokenStream, &'static str, TokenStream) {
    let name = ident(&field.ident);
    let by_ref = quote!(&self.#name);
    let by_value = quote!(self.#name);
    let as_ref = quote!(self.#name.as_ref());
    match &field.kind {
        Kind::Id => (quote!(Id<This>), "id", by_value),
        Kind::Char | Kind::Text | Kind::Html => (quote!(Option<String>), "text", as_ref),
        Kind::Integer => (quote!(i64), "integer", by_value),
        Kind::Float | Kind::Monetary => (quote!(f64), "float", by_value),
        Kind::Exact => (quote!(Decimal), "decimal", by_value),
        Kind::Boolean => (quote!(bool), "boolean", by_value),
        Kind::Date => (quote!(Option<Date>), "date", by_value),
        Kind::Datetime => (quote!(Option<DateTime>), "datetime", by_value),
        Kind::Binary => (quote!(Option<Binary>), "binary", as_ref),
        Kind::Selection(alias) => {
            let alias = ident(alias);
            (quote!(Option<#alias>), "selection", as_ref)
        }
        Kind::OpenSelection => (quote!(Option<Key>), "selection", as_ref),
        Kind::Many2one(target) => {
            let target = ident(target);
            (quote!(Option<Many2one<#target>>), "many2one", as_ref)
        }
        Kind::One2many(target) | Kind::Many2many(target) => {
            let target = ident(target);
            (quote!(Ids<#target>), "ids", by_ref)
        }
        Kind::Reference => (quote!(Option<Reference>), "reference", as_ref),
        Kind::Many2oneReference => (quote!(Option<i64>), "many2one_reference", by_value),
        Kind::Json | Kind::Properties | Kind::Unknown(_) => (quote!(Value), "json", by_ref),
    }
}

fn record(model: &Model) -> TokenStream {
    let shown: Vec<&Field> = model
        .fields
        .iter()
        .filter(|field| field.in_record)
        .collect();
    let left_out = model.fields.len() - shown.len();
    let mut lines = vec![format!(
        "A record of `{}`; [`Fields`] says what each field is.",
        model.wire
    )];
    if left_out > 0 {
        lines.push(String::new());
        lines.push(format!("{left_out} fields are not read by default: `select` them, or make a struct with `record!`."));
    }
    let title = docs::comment(&lines);
    let declared = shown.iter().map(|field| {
        let name = ident(&field.ident);
        let comment = if field.kind == Kind::Id {
            docs::comment(&["The record's id."])
        } else {
            docs::comment(&[docs::label(field.label.as_deref(), &field.wire)])
        };
        let (value, _, _) = value(field);
        quote!(#comment pub #name: #value,)
    });
    let wires = shown.iter().map(|field| &field.wire);
    let reads = shown.iter().map(|field| {
        let (name, wire) = (ident(&field.ident), &field.wire);
        let (_, method, _) = value(field);
        let method = ident(method);
        quote!(#name: r.#method(#wire),)
    });
    let writes = shown.iter().map(|field| {
        let wire = &field.wire;
        let (_, method, argument) = value(field);
        let method = ident(method);
        quote!(w.#method(#wire, #argument);)
    });
    quote! {
        #title
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub struct Record {
            #(#declared)*
        }

        impl HasRecord for This {
            type Record = Record;
        }

        impl typed::Record for Record {
            type Model = This;
            const FIELDS: &'static [&'static str] = &[#(#wires),*];

            fn read(r: &mut Row<'_>) -> Self {
                Self { #(#reads)* }
            }

            fn write(&self, w: &mut RowWriter) {
                #(#writes)*
            }
        }
    }
}

fn actions(model: &Model) -> TokenStream {
    if model.actions.is_empty() {
        return TokenStream::new();
    }
    let title = docs::comment(&[format!(
        "The buttons of the form of `{}` that the user of the snapshot sees.",
        model.wire
    )]);
    let actions = model.actions.iter().map(action);
    quote! {
        #title
        pub mod action {
            use butopea_runtime::typed::Action;

            use super::This;

            #(#actions)*
        }
    }
}

fn action(action: &Action) -> TokenStream {
    let (name, method) = (ident(&action.ident), &action.method);
    let labels: Vec<String> = action
        .labels
        .iter()
        .map(|label| format!("\"{}\"", docs::escape(&docs::one_line(label))))
        .collect();
    let mut lines = vec![if labels.is_empty() {
        format!("`{method}`.")
    } else {
        format!("{} (`{method}`).", labels.join(", "))
    }];
    lines.extend(docs::help(action.help.as_deref()));
    let comment = docs::comment(&lines);
    quote! {
        #comment
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct #name;

        impl Action for #name {
            type Model = This;
            const METHOD: &'static str = #method;
        }
    }
}
