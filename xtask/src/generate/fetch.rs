//! Asks a live Odoo for the schemas: in batches, a few at a time, with progress.

use std::collections::BTreeSet;
use std::time::Duration;

use butopea_generator::{Config, Manifest, Snapshot};
use butopea_runtime::client::{
    Capabilities, Client, Config as Connection, Context, MethodCall, SchemaBatch,
};
use butopea_runtime::{Error as CallError, ErrorKind};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::error::Error;
use crate::own;
use crate::target::Target;
use crate::ui;

/// How many models one request asks for: few enough that progress is seen and a retry is
/// cheap, many enough that the requests themselves do not show.
const BATCH: usize = 88;

/// How many requests are under way at once: Odoo computes schemas, it does not wait, and the threads of one Odoo
/// process hinder each other. With two, one is computed while the other's answer is read.
const CONCURRENCY: usize = 2;

/// How often a batch is asked for again when the failure may pass.
const RETRIES: u32 = 2;

/// The language of labels and help: the same whoever generates.
const LANGUAGE: &str = "en_US";

/// What Odoo answered.
pub(crate) struct Fetched {
    /// The schemas.
    pub(crate) snapshot: Snapshot,
    /// The models that could not be described.
    pub(crate) failures: Vec<Failure>,
}

/// A model that could not be described.
pub(crate) struct Failure {
    /// The model.
    pub(crate) model: String,
    /// Why.
    pub(crate) reason: String,
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
    let context = Context::new().lang(LANGUAGE);
    let capabilities = client.capabilities(&context).await?;
    let names = wanted(&capabilities, config, all);
    let mut fetched = Fetched {
        snapshot: Snapshot::default(),
        failures: Vec::new(),
    };
    // While Odoo describes the models.
    let manifest = {
        let (client, context) = (client.clone(), context.clone());
        tokio::spawn(async move { manifest(&client, &capabilities, &context).await })
    };
    let mut task = ui::Task::start("fetching schemas");
    let mut waiting: Vec<Vec<String>> = names.chunks(BATCH).map(<[String]>::to_vec).rev().collect();
    let mut running: JoinSet<(Vec<String>, Result<SchemaBatch, CallError>)> = JoinSet::new();
    let mut done = 0_usize;
    loop {
        while running.len() < CONCURRENCY
            && let Some(batch) = waiting.pop()
        {
            let (client, context) = (client.clone(), context.clone());
            running.spawn(async move {
                let answer = ask(&client, &batch, &context).await;
                (batch, answer)
            });
        }
        let Some(joined) = running.join_next().await else {
            break;
        };
        let (batch, answer) = joined.map_err(lost)?;
        done += batch.len();
        fetched.take(&batch, answer);
        let last = batch.last().map_or("", String::as_str);
        task.progress(done as u64, names.len() as u64, last);
    }
    fetched.snapshot.manifest = manifest.await.map_err(lost)?;
    task.done(format_args!("{} models", fetched.snapshot.models.len()));
    Ok(fetched)
}

#[allow(clippy::needless_pass_by_value)] // for `map_err`
fn lost(error: tokio::task::JoinError) -> Error {
    Error::Usage(format!("a request was lost: {error}"))
}

/// One batch, asked for again while the failure may pass.
async fn ask(
    client: &Client,
    batch: &[String],
    context: &Context,
) -> Result<SchemaBatch, CallError> {
    let mut attempt = 0;
    loop {
        match client.schemas(batch, context).await {
            Err(error) if error.kind().is_transient() && attempt < RETRIES => {
                attempt += 1;
                tokio::time::sleep(Duration::from_millis(500 << attempt)).await;
            }
            answer => return answer,
        }
    }
}

impl Fetched {
    fn take(&mut self, batch: &[String], answer: Result<SchemaBatch, CallError>) {
        let mut failed = |model: &str, reason: String| {
            self.failures.push(Failure {
                model: model.to_owned(),
                reason,
            });
        };
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                for model in batch {
                    failed(model, error.message().to_owned());
                }
                return;
            }
        };
        for model in batch {
            match (answer.schemas.remove(model), answer.errors.remove(model)) {
                (Some(schema), _) => {
                    self.snapshot.models.insert(model.clone(), schema);
                }
                (None, Some(error)) => failed(model, error.message().to_owned()),
                (None, None) => failed(model, "Odoo did not answer for it".to_owned()),
            }
        }
    }
}

/// The models to ask for: those of the menus that a pattern matches, and those that are named
/// in full, which need no menu.
fn wanted(capabilities: &Capabilities, config: &Config, all: bool) -> Vec<String> {
    let reached = capabilities
        .models
        .iter()
        .map(|summary| summary.model.clone());
    let mut names: BTreeSet<String> = reached.filter(|model| all || config.wants(model)).collect();
    names.extend(
        config
            .include
            .names()
            .filter(|name| config.wants(name))
            .map(str::to_owned),
    );
    names.into_iter().collect()
}

async fn manifest(client: &Client, capabilities: &Capabilities, context: &Context) -> Manifest {
    let mut modules = capabilities.modules.clone();
    if let Some(modules) = &mut modules {
        modules.sort();
    }
    Manifest {
        odoo_series: capabilities.odoo_series.clone(),
        module_version: capabilities.module_version.clone(),
        language: Some(LANGUAGE.to_owned()),
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
