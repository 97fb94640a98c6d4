//! The enums of selections.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::{Enum, Package};
use crate::naming::CATCH_ALL;

use super::docs;
use super::library::{compiled_with, ident};

/// An enum of more modules than this is always compiled: the condition would be longer than
/// the enum.
const MOST_CONDITIONS: usize = 8;

/// `selections.rs`.
pub(super) fn file(package: &Package) -> TokenStream {
    let comment = docs::inner_comment(&[
        "The options of selections: one enum for each set of keys, shared by the fields that",
        "have it. Model modules re-export them by field name (`sale_order::State`).",
        "",
        "Modules add options, so every enum has a variant for keys that were not known when it",
        "was generated.",
    ]);
    let enums = package.enums.iter().map(one);
    let imports = if package.enums.is_empty() {
        TokenStream::new()
    } else {
        quote!(
            #[allow(unused_imports)] // the enums that need it may be compiled out
            use butopea_runtime::typed::Selection;
        )
    };
    quote! {
        #comment

        #imports

        #(#enums)*
    }
}

fn one(one: &Enum) -> TokenStream {
    let name = ident(&one.ident);
    let catch_all = ident(CATCH_ALL);
    let modules = &one.modules;
    let condition = (modules.len() <= MOST_CONDITIONS).then(|| compiled_with(modules));
    let comment = docs::comment(&users(&one.used_by));
    let variants = one.variants.iter().map(|variant| {
        let name = ident(&variant.ident);
        let key = if variant.key.is_empty() {
            "(the empty key)".to_owned()
        } else {
            format!("({})", docs::code(&variant.key))
        };
        let label = docs::label(Some(&variant.label), &variant.key);
        let comment = docs::comment(&[format!("{} {key}.", label.trim_end_matches('.'))]);
        quote!(#comment #name,)
    });
    let to_text = one.variants.iter().map(|variant| {
        let (name, key) = (ident(&variant.ident), &variant.key);
        quote!(Self::#name => #key,)
    });
    let from_text = one.variants.iter().map(|variant| {
        let (name, key) = (ident(&variant.ident), &variant.key);
        quote!(#key => Self::#name,)
    });
    let numeric = one.variants.iter().any(|variant| variant.numeric).then(|| {
        quote! {
            fn to_json(&self) -> butopea_runtime::typed::Value {
                butopea_runtime::typed::numeric_key(self.as_str())
            }
        }
    });
    quote! {
        #comment
        #condition
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants)*
            /// A key that was not known when this was generated.
            #catch_all(Box<str>),
        }

        #condition
        impl Selection for #name {
            fn as_str(&self) -> &str {
                match self {
                    #(#to_text)*
                    Self::#catch_all(key) => key,
                }
            }

            fn from_key(key: &str) -> Self {
                match key {
                    #(#from_text)*
                    _ => Self::#catch_all(key.into()),
                }
            }

            #numeric
        }
    }
}

fn users(used_by: &[String]) -> Vec<String> {
    let shown: Vec<String> = used_by
        .iter()
        .take(3)
        .map(|path| format!("`{path}`"))
        .collect();
    let more = used_by.len() - shown.len();
    let mut line = format!("Options of {}", shown.join(", "));
    if more > 0 {
        line.push_str(&format!(" and {more} more"));
    }
    line.push('.');
    vec![line]
}
