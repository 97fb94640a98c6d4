//! Asks a live Odoo for the schemas, and for what shapes them, with progress.

use std::collections::BTreeMap;

use butopea_generator::{Config, Manifest, Snapshot};
use butopea_runtime::client::{
    Capabilities, Client, Config as Connection, Context, Described, LABEL_LANGUAGE, MethodCall,
    describe, wanted_models,
};
use butopea_runtime::{Error as CallError, ErrorKind};
use serde_json::Value;

use crate::error::Error;
use crate::own;
use crate::target::Target;
use crate::ui;

/// What Odoo answered.
pub(crate) struct Fetched {
    /// The schemas.
    pub(crate) snapshot: Snapshot,
    /// Why models could not be described.
    pub(crate) failures: BTreeMap<String, CallError>,
}

/// Fetches the models that the configuration asks for.
pub(crate) fn snapshot(target: &Target, config: &Config, all: bool) -> Result<Fetched, Error> {
    let client = Client::new(connection(target)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Error::io(
            "start threads for",
            std::path::Path::new("requests"),
        ))?;
    runtime.block_on(fetch(client, config, all))
}

/// The Odoo that was named, or the one of this checkout.
pub(crate) fn connection(target: &Target) -> Result<Connection, Error> {
    let local;
    let target = if target.url.is_some() {
        target
    } else {
        local = own::local_target().map_err(|_| {
            Error::Usage(
                "no Odoo to ask: start one with `cargo xtask odoo up`, name one with --url or \
                 ODOO_URL (and ODOO_DB, ODOO_USERNAME, ODOO_PASSWORD or ODOO_API_KEY), or \
                 generate from the snapshot with --offline"
                    .to_owned(),
            )
        })?;
        &local
    };
    let variable = |name: &str| match name {
        "ODOO_URL" => target.url.clone(),
        "ODOO_DB" => target.db.clone(),
        "ODOO_USERNAME" => target.user.clone(),
        "ODOO_PASSWORD" => target.password.clone(),
        "ODOO_API_KEY" => target.api_key.clone(),
        _ => None,
    };
    Ok(Connection::from_variables(variable)?)
}

async fn fetch(client: Client, config: &Config, all: bool) -> Result<Fetched, Error> {
    let context = Context::new().lang(LABEL_LANGUAGE);
    let capabilities = client.capabilities(&context).await?;
    let names = wanted_models(&capabilities, &config.include, |model| {
        all || config.wants(model)
    });
    // While Odoo describes the models.
    let manifest = {
        let (client, context) = (client.clone(), context.clone());
        tokio::spawn(async move { manifest(&client, &capabilities, &context).await })
    };
    let mut task = ui::Task::start("fetching schemas");
    let mut described = Described::default();
    describe(&client, &names, &context, |answer| {
        let last = answer.asked.last().map_or("", String::as_str);
        task.progress(answer.done as u64, answer.total as u64, last);
        described.take(answer);
    })
    .await;
    let manifest = manifest
        .await
        .map_err(|error| Error::Usage(format!("a request was lost: {error}")))?;
    task.done(format_args!("{} models", described.schemas.len()));
    Ok(Fetched {
        snapshot: Snapshot {
            models: described.schemas,
            manifest,
        },
        failures: described.failures,
    })
}

async fn manifest(client: &Client, capabilities: &Capabilities, context: &Context) -> Manifest {
    let mut modules = capabilities.modules.clone();
    if let Some(modules) = &mut modules {
        modules.sort();
    }
    Manifest {
        odoo_series: capabilities.odoo_series.clone(),
        module_version: capabilities.module_version.clone(),
        language: Some(LABEL_LANGUAGE.to_owned()),
        companies: capabilities.user.company_ids.len(),
        groups: groups(client, capabilities.user.id, context).await.ok(),
        modules,
    }
}

/// The external ids of the user's groups, where the user may read them.
async fn groups(client: &Client, user: i64, context: &Context) -> Result<Vec<String>, CallError> {
    // The field was renamed with 19.
    let mut records = Vec::new();
    for field in ["all_group_ids", "groups_id"] {
        match client
            .read("res.users", &[user], &[field.to_owned()], context)
            .await
        {
            Ok(found) => {
                records = found;
                break;
            }
            Err(error) if error.kind() == ErrorKind::AccessDenied => return Err(error),
            Err(_) => {}
        }
    }
    let ids: Vec<i64> = records
        .iter()
        .flat_map(|record| record.values())
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_i64)
        .collect();
    if ids.is_empty() {
        return Err(CallError::new(
            ErrorKind::Protocol,
            "the user's groups are unknown",
        ));
    }
    let call = MethodCall::new("res.groups", "get_external_id").ids(ids);
    let names = client.call(&call, context).await?;
    let mut names: Vec<String> = names
        .as_object()
        .into_iter()
        .flat_map(|names| names.values())
        .filter_map(Value::as_str)
        .filter(|name| !name.is_empty() && !name.starts_with("__"))
        .map(str::to_owned)
        .collect();
    names.sort();
    Ok(names)
}
