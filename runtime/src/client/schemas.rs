//! The descriptions of models, one or many at once.

use serde_json::{Map, Value, json};

use super::transport::Effect;
use super::{
    Client, Context, SchemaBatch, check_model_name, explain_unknown_model, fault, protocol,
};
use crate::error::{ErrorKind, Result};
use crate::schema::{ModelSchema, View};

impl Client {
    /// What Odoo says about a model, with `source` and field order after the given view
    /// (the form view, when `None`).
    ///
    /// # Errors
    /// [`ErrorKind::UnknownModel`], or any failure of a call.
    pub async fn model_schema(
        &self,
        model: &str,
        view: Option<View>,
        context: &Context,
    ) -> Result<ModelSchema> {
        let view = match view.unwrap_or(View::Form) {
            View::Form => "form",
            View::List => "list",
            View::Search => "search",
        };
        check_model_name(model)?;
        let mut params = Map::new();
        params.insert("view_type".into(), json!(view));
        let path = format!("/mcp/model/{model}/schema");
        let answer = self
            .request(&path, params, context, Effect::Read)
            .await
            .map_err(|error| explain_unknown_model(error, model))?;
        ModelSchema::from_wire(&answer)
    }

    /// The schemas of these models in one request; of all that the user reaches through the
    /// menus, when `models` is empty. Against an older module, one request a model.
    ///
    /// # Errors
    /// Any failure of a call. A model that fails alone is reported in [`SchemaBatch::errors`];
    /// when it was Odoo that failed, twice.
    pub async fn schemas(&self, models: &[String], context: &Context) -> Result<SchemaBatch> {
        let mut batch = self.schemas_once(models, context).await?;
        // A busy Odoo fails at one model or another for reasons of its own, which pass.
        let failed: Vec<String> = batch
            .errors
            .iter()
            .filter(|(_, error)| matches!(error.kind(), ErrorKind::Server | ErrorKind::Conflict))
            .map(|(model, _)| model.clone())
            .collect();
        if failed.is_empty() {
            return Ok(batch);
        }
        let again = self.schemas_once(&failed, context).await?;
        for (model, schema) in again.schemas {
            batch.errors.remove(&model);
            batch.schemas.insert(model, schema);
        }
        Ok(batch)
    }

    async fn schemas_once(&self, models: &[String], context: &Context) -> Result<SchemaBatch> {
        let mut params = Map::new();
        if !models.is_empty() {
            params.insert("models".into(), json!(models));
        }
        match self
            .request("/mcp/schemas", params, context, Effect::Read)
            .await
        {
            Ok(answer) => read_batch(&answer),
            Err(error) if error.kind() == ErrorKind::ModuleMissing => {
                self.schemas_one_by_one(models, context).await
            }
            Err(error) => Err(error),
        }
    }

    async fn schemas_one_by_one(
        &self,
        models: &[String],
        context: &Context,
    ) -> Result<SchemaBatch> {
        let names = if models.is_empty() {
            let capabilities = self.capabilities(context).await?;
            capabilities.models.into_iter().map(|m| m.model).collect()
        } else {
            models.to_vec()
        };
        let mut batch = SchemaBatch::default();
        for name in names {
            match self.model_schema(&name, None, context).await {
                Ok(schema) => {
                    batch.schemas.insert(name, schema);
                }
                Err(error) => {
                    batch.errors.insert(name, error);
                }
            }
        }
        Ok(batch)
    }
}

fn read_batch(answer: &Value) -> Result<SchemaBatch> {
    let schemas = answer
        .get("schemas")
        .and_then(Value::as_object)
        .ok_or_else(|| protocol("the batch of schemas has no schemas".to_owned()))?;
    let mut batch = SchemaBatch {
        fingerprint: answer
            .get("schema_fingerprint")
            .and_then(Value::as_str)
            .map(str::to_owned),
        ..SchemaBatch::default()
    };
    for (name, schema) in schemas {
        match ModelSchema::from_wire(schema) {
            Ok(schema) => {
                batch.schemas.insert(name.clone(), schema);
            }
            Err(error) => {
                batch.errors.insert(name.clone(), error);
            }
        }
    }
    for (name, error) in answer
        .get("errors")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        let fault = fault::from_rpc_error(&json!({
            "data": {"name": text("kind"), "message": text("message")}
        }));
        batch.errors.insert(name.clone(), fault);
    }
    Ok(batch)
}
