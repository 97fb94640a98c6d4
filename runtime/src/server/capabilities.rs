//! `odoo_capabilities` and `odoo_reconnect`: who is signed in and what they can reach, as a
//! summary by app, with the models of one app or of a search in detail.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::UserSession;
use super::args::Arguments;
use super::describe::within;
use super::present::{Output, fenced, note, visible};
use super::reach::Reach;
use crate::client::{Capabilities, ModelSummary};
use crate::error::{Error, Result};
use crate::schema::Access;
use crate::schema::text::{clean, listed, nearest, quoted};

/// How many models an app names in the summary, where there is room for them.
const MODELS_IN_SUMMARY: usize = 6;
/// The room for them, in bytes of JSON: about 1,000 tokens.
const BYTES_OF_APPS: usize = 4_000;
/// The room for models in detail, in bytes of JSON, and for the names of others: together about
/// 1,350 tokens.
const BYTES_OF_DETAILS: usize = 4_400;
const BYTES_OF_NAMES: usize = 1_100;
/// The most companies that are named.
const MAX_COMPANIES: usize = 20;
/// The most models with typed tools that are named.
const MAX_TYPED: usize = 40;
/// The mark of a model with typed tools.
const TYPED: &str = "*";
const NO_APP: &str = "Other";

impl UserSession {
    pub(super) async fn show_capabilities(&self, args: &Arguments) -> Result<Output> {
        let app = args.text("app")?.filter(|text| !text.is_empty());
        let search = args.text("search")?.filter(|text| !text.is_empty());
        let capabilities = self.capabilities().await?;
        if app.is_none() && search.is_none() {
            let reach = self.reach_soon().await;
            return Ok(self.summary(&capabilities, reach.as_deref()));
        }
        let apps = by_app(&capabilities);
        if let Some(app) = &app
            && !apps.keys().any(|name| is_called(name, app))
        {
            let names: Vec<String> = apps.keys().map(|name| app_name(name)).collect();
            let near = nearest(app, names.iter().map(String::as_str));
            let near = near.first().map_or_else(
                || format!("there are {}", names.join(", ")),
                |near| format!("did you mean {}?", quoted(near, 60)),
            );
            return Err(Error::invalid_call(format!(
                "there is no app {}; {near}",
                quoted(app, 60)
            )));
        }
        let models: Vec<&ModelSummary> = capabilities
            .models
            .iter()
            .filter(|model| app.as_deref().is_none_or(|app| is_in_app(model, app)))
            .filter(|model| search.as_deref().is_none_or(|text| mentions(model, text)))
            .collect();
        Ok(self.details(models, search.as_deref()))
    }

    pub(super) async fn show_reconnect(&self) -> Result<Output> {
        let capabilities = self.reconnect().await?;
        let reach = self.reach_soon().await;
        if reach.as_ref().is_some_and(|reach| reach.is_complete()) {
            self.compare_lists().await;
        }
        let output = self.summary(&capabilities, reach.as_deref());
        Ok(Output {
            text: format!("connected\n{}", output.text),
            structured: output.structured,
        })
    }

    fn summary(&self, capabilities: &Capabilities, reach: Option<&Reach>) -> Output {
        let user = &capabilities.user;
        let typed = self.shared.catalogue.typed_models();
        let version = capabilities
            .odoo_version
            .as_deref()
            .unwrap_or("unknown version");
        let mut lines = vec![format!("Odoo {}", clean(version, 60))];
        // Names are what users and administrators call themselves and their apps.
        let mut named = vec![format!(
            "user {}: {} ({})",
            user.id,
            quoted(&user.name, 60),
            clean(&user.login, 100)
        )];
        if let Some(company) = &user.company_id {
            named.push(format!(
                "company {}: {}",
                company.id,
                quoted(&company.name, 60)
            ));
        }
        let apps = apps_within(by_app(capabilities), &typed, BYTES_OF_APPS);
        named.extend(apps.iter().map(|app| app.line(&typed)));
        lines.push(fenced(&named.join("\n")));
        if capabilities.module_version.is_none() {
            lines.push(
                "The MCP module of this Odoo is an older one: it cannot describe models, and \
                 calls are not checked before they are sent. Update butopea_mcp."
                    .to_owned(),
            );
        }
        if !typed.is_empty() {
            lines.push(format!("{TYPED} has typed tools"));
        }
        lines.extend(reach.and_then(|reach| reach.drift.text()));
        lines.push(
            "Details: odoo_capabilities(app=…) or (search=…), odoo_schema(model=…)".to_owned(),
        );
        let structured = json!({
            "user": {
                "id": user.id, "name": visible(&user.name), "login": visible(&user.login),
                "lang": user.lang, "tz": user.tz,
                "company": user.company_id.as_ref().map(|company| json!({"id": company.id, "name": company.name})),
                "companies": user.company_ids.iter().take(MAX_COMPANIES).map(|company| json!({"id": company.id, "name": company.name})).collect::<Vec<_>>(),
            },
            "odoo_version": capabilities.odoo_version,
            "module_version": capabilities.module_version,
            "database": capabilities.database,
            "model_count": capabilities.models.len(),
            "apps": apps.iter().map(AppSummary::to_json).collect::<Vec<_>>(),
            "typed_models": typed.iter().take(MAX_TYPED).collect::<Vec<_>>(),
            "typed_model_count": typed.len(),
            "schema_drift": reach.map(|reach| reach.drift.to_json()),
        });
        Output {
            structured,
            text: lines.join("\n"),
        }
    }

    /// As many models as there is room for: the one of this very name first, then those with
    /// typed tools; of some more the names.
    fn details(&self, mut models: Vec<&ModelSummary>, search: Option<&str>) -> Output {
        let typed = self.shared.catalogue.typed_models();
        let is_typed = |model: &ModelSummary| typed.contains(&model.model.as_str());
        models.sort_by_key(|model| (search != Some(&model.model), !is_typed(model)));
        let all = models.len();
        let as_json = |model: &ModelSummary| json!({"model": model.model, "name": label(model), "access": model.access, "apps": model.apps});
        let others = models.clone();
        let (shown, _) = within(models, BYTES_OF_DETAILS, |model| {
            as_json(model).to_string().len()
        });
        let others = others.into_iter().skip(shown.len());
        let others: Vec<&str> = others.map(|model| model.model.as_str()).collect();
        let (named, _) = within(others, BYTES_OF_NAMES, |name| name.len() + 3);
        let unnamed = all - shown.len() - named.len();
        let mut lines: Vec<String> = shown
            .iter()
            .map(|model| {
                let mark = if is_typed(model) { ", typed tools" } else { "" };
                format!(
                    "{} [{}{mark}] – {}",
                    model.model,
                    rights(model.access),
                    label(model)
                )
            })
            .collect();
        if !named.is_empty() {
            let more = match unnamed {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            lines.push(format!("also: {}{more}", named.join(", ")));
        }
        let text = if lines.is_empty() {
            "no such model; odoo_capabilities() lists the apps".to_owned()
        } else {
            fenced(&lines.join("\n"))
        };
        let models: Vec<Value> = shown.iter().map(|model| as_json(model)).collect();
        let mut output = Output {
            structured: json!({"models": models}),
            text,
        };
        if shown.len() < all {
            output.structured["more_models"] = json!(all - shown.len());
            output.structured["more_model_names"] = json!(named);
            let advice = format!(
                "{} of {all} models in detail: narrow it with `search`, a part of a model's name or label, also together with `app`",
                shown.len()
            );
            note(&mut output, &advice);
        }
        output
    }
}

/// An app with the models that its menus lead to.
struct AppSummary<'a> {
    app: &'a str,
    count: usize,
    /// The first of them.
    models: Vec<&'a str>,
}

impl AppSummary<'_> {
    fn line(&self, typed: &[&str]) -> String {
        let named = self.models.iter().map(|model| {
            let mark = if typed.contains(model) { TYPED } else { "" };
            format!("{model}{mark}")
        });
        let mut line = format!(
            "{}: {}",
            app_name(self.app),
            named.collect::<Vec<_>>().join(", ")
        );
        if self.count > self.models.len() {
            line.push_str(&format!(" and {} more", self.count - self.models.len()));
        }
        line
    }

    fn to_json(&self) -> Value {
        json!({"app": app_name(self.app), "count": self.count, "models": self.models})
    }
}

/// The apps with their first models, those with typed tools before others: as many of each as
/// there is room for, the same for all.
fn apps_within<'a>(
    apps: BTreeMap<&'a str, Vec<&'a ModelSummary>>,
    typed: &[&str],
    bytes: usize,
) -> Vec<AppSummary<'a>> {
    let mut summaries: Vec<AppSummary<'a>> = apps
        .into_iter()
        .map(|(app, models)| {
            let mut models: Vec<&str> = models.iter().map(|model| model.model.as_str()).collect();
            models.sort_by_key(|model| !typed.contains(model));
            AppSummary {
                app,
                count: models.len(),
                models,
            }
        })
        .collect();
    for most in (0..=MODELS_IN_SUMMARY).rev() {
        for summary in &mut summaries {
            summary.models.truncate(most);
        }
        let size: usize = summaries
            .iter()
            .map(|app| app.to_json().to_string().len())
            .sum();
        if size <= bytes {
            break;
        }
    }
    summaries
}

fn by_app(capabilities: &Capabilities) -> BTreeMap<&str, Vec<&ModelSummary>> {
    let mut apps: BTreeMap<&str, Vec<&ModelSummary>> = BTreeMap::new();
    for model in &capabilities.models {
        if model.apps.is_empty() {
            apps.entry(NO_APP).or_default().push(model);
        }
        for app in &model.apps {
            apps.entry(app).or_default().push(model);
        }
    }
    apps
}

/// An app as answers call it, and as it is asked for.
fn app_name(app: &str) -> String {
    listed(app, 60)
}

fn is_called(name: &str, app: &str) -> bool {
    name.eq_ignore_ascii_case(app) || app_name(name).eq_ignore_ascii_case(app)
}

fn is_in_app(model: &ModelSummary, app: &str) -> bool {
    model.apps.iter().any(|name| is_called(name, app))
        || (model.apps.is_empty() && app.eq_ignore_ascii_case(NO_APP))
}

fn mentions(model: &ModelSummary, text: &str) -> bool {
    let text = text.to_lowercase();
    model.model.contains(&text) || label(model).to_lowercase().contains(&text)
}

fn label(model: &ModelSummary) -> String {
    clean(model.name.as_deref().unwrap_or(&model.model), 60)
}

fn rights(access: Access) -> String {
    [
        ("read", access.read),
        ("create", access.create),
        ("update", access.write),
        ("delete", access.unlink),
    ]
    .into_iter()
    .filter_map(|(name, allowed)| allowed.then_some(name))
    .collect::<Vec<_>>()
    .join(" ")
}
