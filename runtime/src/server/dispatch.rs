//! From a tool and its raw arguments to the operation behind it.

use serde_json::{Map, Value};

use super::UserSession;
use super::args::Arguments;
use super::catalogue::Target;
use super::consent::Consent;
use super::generic::GenericTool;
use super::present::Output;
use crate::client::ModelGuard as _;
use crate::error::Result;
use crate::schema::{CONSENT_TOKEN, Operation};

impl UserSession {
    /// Runs a tool with the arguments that a client sent.
    pub(super) async fn dispatch(
        &self,
        target: &Target,
        name: &str,
        arguments: Option<Map<String, Value>>,
        consent: &Consent,
    ) -> Result<Output> {
        self.shared.gate.admit_tool(name, target.is_read_only())?;
        match target {
            Target::Generic(tool) => {
                let known = tool.argument_names();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let args = Arguments::new(name, arguments, &known);
                self.admit_model(*tool, &args)?;
                self.call_generic(*tool, args, consent).await
            }
            Target::Typed { model, operation } => {
                let policy = self.shared.catalogue.policy();
                if operation.is_read_only() {
                    policy.admit(model)?;
                } else {
                    policy.admit_change(model)?;
                }
                self.admit_typed(model, operation, name)?;
                let args = Arguments::new(name, arguments, typed_arguments(operation))
                    .with("model", model);
                self.call_typed(operation, &args, consent).await
            }
        }
    }

    /// Refuses a model that this server keeps from assistants, before anything is asked of Odoo.
    fn admit_model(&self, tool: GenericTool, args: &Arguments) -> Result<()> {
        let Ok(Some(model)) = args.text("model") else {
            return Ok(());
        };
        let policy = self.shared.catalogue.policy();
        match tool {
            _ if tool.is_read_only() => policy.admit(&model),
            GenericTool::Execute => {
                let method = args.text("method").ok().flatten().unwrap_or_default();
                policy.admit_call(&model, &method)
            }
            _ => policy.admit_change(&model),
        }
    }

    async fn call_generic(
        &self,
        tool: GenericTool,
        args: Arguments,
        consent: &Consent,
    ) -> Result<Output> {
        match tool {
            GenericTool::Reconnect => {
                args.only_known()?;
                self.show_reconnect().await
            }
            GenericTool::Capabilities => self.show_capabilities(&args.only_known()?).await,
            GenericTool::Schema => self.schema(&args.only_known()?).await,
            GenericTool::Search => self.search(&args).await,
            GenericTool::Read => self.read(&args).await,
            GenericTool::Count => self.count(&args).await,
            GenericTool::Create => self.create(&args, consent).await,
            GenericTool::Update => self.update(&args, consent).await,
            GenericTool::Delete => self.delete(&args, consent).await,
            GenericTool::Execute => self.execute(&args, consent).await,
            GenericTool::Chatter => Box::pin(self.chatter(&args)).await,
            GenericTool::Post => self.post(&args, consent).await,
            GenericTool::Activity => self.activity(&args, consent).await,
        }
    }

    async fn call_typed(
        &self,
        operation: &Operation,
        args: &Arguments,
        consent: &Consent,
    ) -> Result<Output> {
        match operation {
            Operation::Search => self.search(args).await,
            Operation::Read => self.read(args).await,
            Operation::Count => self.count(args).await,
            Operation::Aggregate => self.aggregate(args).await,
            Operation::Create => self.create(args, consent).await,
            Operation::Update => self.update(args, consent).await,
            Operation::Delete => self.delete(args, consent).await,
            Operation::Action(method) => self.action(method, args, consent).await,
        }
    }
}

/// The arguments of a typed tool: those of the generic one without the model.
pub(super) fn typed_arguments(operation: &Operation) -> &'static [&'static str] {
    match operation {
        Operation::Search => &[
            "domain", "any_of", "none_of", "all_of", "fields", "limit", "offset", "order",
        ],
        Operation::Read => &["id", "ids", "fields"],
        Operation::Count => &["domain", "any_of", "none_of", "all_of"],
        Operation::Aggregate => &[
            "group_by",
            "aggregates",
            "domain",
            "any_of",
            "none_of",
            "all_of",
            "order",
            "limit",
            "offset",
        ],
        Operation::Create => &["values", "records", CONSENT_TOKEN],
        Operation::Update => &["id", "ids", "values", CONSENT_TOKEN],
        Operation::Delete | Operation::Action(_) => &["id", "ids", CONSENT_TOKEN],
    }
}
