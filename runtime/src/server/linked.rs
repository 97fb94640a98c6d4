//! Where a person opens what a method was about: the records that it gave back, or else those
//! that it ran on.

use serde_json::Value;

use super::UserSession;
use super::consent::is_reading;
use super::present::Output;
use crate::client::MethodCall;
use crate::schema::ModelSchema;

impl UserSession {
    /// An answer of a method with links to the records that it gave back, or else to those that
    /// it ran on; without any, where it goes on in a dialogue, opens something else or only read.
    pub(super) async fn linked(
        &self,
        output: Output,
        call: &MethodCall,
        schema: Option<&ModelSchema>,
    ) -> Output {
        let method = call.method.as_str();
        let leads_on = ["wizard", "url", "opens"]
            .iter()
            .any(|key| output.structured.get(key).is_some());
        if leads_on || is_reading(method) || method == "unlink" {
            return output;
        }
        match given_back(&output.structured["result"]) {
            Some((model, ids)) if model != call.model => {
                self.with_links(output, &model, None, &ids).await
            }
            Some((model, ids)) => self.with_links(output, &model, schema, &ids).await,
            None => {
                self.with_links(output, &call.model, schema, &call.ids)
                    .await
            }
        }
    }
}

/// The records that a method gave back, as the module writes them.
fn given_back(result: &Value) -> Option<(String, Vec<i64>)> {
    let model = result.get("model")?.as_str()?;
    let ids = result.get("ids")?.as_array()?;
    let ids: Vec<i64> = ids.iter().filter_map(Value::as_i64).collect();
    (!ids.is_empty()).then(|| (model.to_owned(), ids))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn records_that_a_method_gave_back_are_known() {
        let copies = json!({"model": "sale.order", "ids": [7, 8], "display_names": ["a", "b"]});
        assert_eq!(
            given_back(&copies),
            Some(("sale.order".to_owned(), vec![7, 8]))
        );
        for other in [
            json!(true),
            json!([7]),
            json!({"model": "x", "ids": []}),
            json!({"ids": [1]}),
        ] {
            assert_eq!(given_back(&other), None);
        }
    }
}
