//! The crate's root and the markers.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::ir::{Marker, Package};
use crate::naming::ident_text;

use super::docs;

/// An identifier that naming has made valid.
pub(super) fn ident(name: &str) -> Ident {
    match ident_text(name).strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// The condition that one of these features is on.
pub(super) fn compiled_with<T: AsRef<str>>(features: &[T]) -> TokenStream {
    let names = features.iter().map(AsRef::as_ref);
    if names.len() == 1 {
        quote!(#(#[cfg(feature = #names)])*)
    } else {
        quote!(#[cfg(any(#(feature = #names),*))])
    }
}

/// `lib.rs`.
pub(super) fn root(package: &Package) -> TokenStream {
    let comment = docs::inner_comment(&[
        "Typed models of an Odoo, generated from its own description of itself.",
        "",
        "At the root stand the markers, one a model; each model has a module with its fields",
        "(`F`), its record, its selections and its actions, behind a cargo feature of the same",
        "name.",
    ]);
    let modules = package.models.iter().map(|model| {
        let feature = &model.module;
        let name = ident(&model.module);
        // `nasty.a..b`, or another alphabet's letters.
        let style = model
            .module
            .contains("__")
            .then(|| quote!(#[allow(non_snake_case)]));
        quote! {
            #[cfg(feature = #feature)]
            #style
            #[rustfmt::skip]
            pub mod #name;
        }
    });
    let visits = package.models.iter().map(|model| {
        let feature = &model.module;
        let marker = ident(&model.marker);
        quote! {
            #[cfg(feature = #feature)]
            visitor.visit::<#marker>();
        }
    });
    let features: Vec<&str> = package
        .models
        .iter()
        .map(|model| model.module.as_str())
        .collect();
    let condition = compiled_with(&features);
    let each_model = if features.is_empty() {
        TokenStream::new()
    } else {
        quote! {
            /// Visits the models that are compiled in, by name.
            #condition
            pub fn each_model(visitor: &mut impl butopea_runtime::typed::ModelVisitor) {
                #(#visits)*
            }
        }
    };
    quote! {
        #comment
        #![cfg_attr(rustfmt, rustfmt_skip)]

        #[rustfmt::skip]
        mod markers;

        #[rustfmt::skip]
        #[doc(hidden)] // the model modules export them by names that last
        pub mod selections;

        #(#modules)*

        pub use butopea_runtime as runtime;
        pub use butopea_runtime::typed::prelude;
        pub use markers::*;

        #each_model
    }
}

/// `markers.rs`.
pub(super) fn markers(package: &Package) -> TokenStream {
    let comment = docs::inner_comment(&[
        "One zero-size type a model: of the generated models, and of every model that these",
        "point to.",
    ]);
    let markers = package.markers.iter().map(marker);
    quote! {
        #comment

        #(#markers)*
    }
}

fn marker(marker: &Marker) -> TokenStream {
    let name = ident(&marker.ident);
    let wire = &marker.wire;
    let comment = match &marker.module {
        Some(_) => docs::comment(&[format!(
            "`{wire}`: {}",
            docs::label(marker.label.as_deref(), wire)
        )]),
        None => docs::comment(&[format!("`{wire}`, whose record is not generated.")]),
    };
    let label = marker
        .label
        .as_ref()
        .map(|label| quote!(const LABEL: &'static str = #label;));
    quote! {
        #comment
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct #name;

        impl butopea_runtime::typed::Model for #name {
            const NAME: &'static str = #wire;
            #label
        }
    }
}
