//! What a client asks before it sends anything that names a model.
//!
//! On the data's way: typed API or tools → client → **guard** → live Odoo. Who sets a client up
//! may keep models from it, whatever its user may do in Odoo. Every request of the client goes
//! through one function, and that asks here: no caller can forget it.

use std::fmt;

use serde_json::{Map, Value};

use super::transport::Effect;
use crate::error::Result;

/// Decides which models a client may name. The client asks before each request.
pub trait ModelGuard: Send + Sync + fmt::Debug {
    /// Lets a request pass that reads a model, or describes it.
    ///
    /// # Errors
    /// Why not; nothing is sent then.
    fn admit_read(&self, model: &str) -> Result<()>;

    /// Lets a call of a method pass that may change something.
    ///
    /// # Errors
    /// Why not; nothing is sent then.
    fn admit_call(&self, model: &str, method: &str) -> Result<()>;
}

/// Asks about every model that a request names: in its path (`/mcp/model/{model}/…`), as its
/// model, or in a list of models.
pub(super) fn admit(
    guard: &dyn ModelGuard,
    path: &str,
    params: &Map<String, Value>,
    effect: Effect,
) -> Result<()> {
    let in_path = path
        .strip_prefix("/mcp/model/")
        .and_then(|rest| rest.split('/').next());
    let named = params.get("model").and_then(Value::as_str);
    let listed = params.get("models").and_then(Value::as_array);
    let listed = listed.into_iter().flatten().filter_map(Value::as_str);
    let method = ["method", "action"]
        .iter()
        .find_map(|key| params.get(*key)?.as_str());
    for model in in_path.into_iter().chain(named).chain(listed) {
        match effect {
            Effect::Read => guard.admit_read(model)?,
            // A form that is saved names no method: it makes a record.
            Effect::Write | Effect::WriteOnce => {
                guard.admit_call(model, method.unwrap_or("create"))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Error;

    #[derive(Debug)]
    struct Closed;

    impl ModelGuard for Closed {
        fn admit_read(&self, model: &str) -> Result<()> {
            if model == "secret" {
                return Err(Error::invalid_call("closed"));
            }
            Ok(())
        }

        fn admit_call(&self, model: &str, method: &str) -> Result<()> {
            self.admit_read(model)?;
            if method == "write" {
                return Err(Error::invalid_call("closed"));
            }
            Ok(())
        }
    }

    fn is_admitted(path: &str, params: &Value, effect: Effect) -> bool {
        let params = params.as_object().cloned().unwrap_or_default();
        admit(&Closed, path, &params, effect).is_ok()
    }

    #[test]
    fn a_model_is_seen_wherever_a_request_names_it() {
        let none = json!({});
        for (path, params) in [
            ("/mcp/search", json!({"model": "secret"})),
            ("/mcp/execute", json!({"model": "secret", "method": "read"})),
            ("/mcp/schemas", json!({"models": ["open", "secret"]})),
            ("/mcp/model/secret/schema", none.clone()),
            ("/mcp/model/secret/form", none.clone()),
        ] {
            assert!(!is_admitted(path, &params, Effect::Read), "{path}");
            assert!(!is_admitted(path, &params, Effect::Write), "{path}");
        }
        assert!(is_admitted("/mcp/model/secrets/form", &none, Effect::Read));
        assert!(is_admitted("/mcp/capabilities", &none, Effect::Read));
    }

    #[test]
    fn a_change_is_told_by_its_method() {
        let write = json!({"model": "open", "method": "write"});
        assert!(is_admitted("/mcp/execute", &write, Effect::Read));
        assert!(!is_admitted("/mcp/execute", &write, Effect::WriteOnce));
        let press = json!({"model": "open", "method": "action_confirm"});
        assert!(is_admitted("/mcp/execute", &press, Effect::Write));
    }
}
