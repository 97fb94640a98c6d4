//! What became of the records that a dialogue was about: most dialogues close without a word, and
//! a person then sees the form behind them in its new state.

use serde_json::{Value, json};

use super::Dialogue;
use crate::client::RecordState;
use crate::schema::text::clean;
use crate::server::UserSession;
use crate::server::buttons::{Buttons, describe_state};
use crate::server::present::Output;

/// The most records that are told of.
const TOLD: usize = 10;

impl UserSession {
    /// Says in which state the records behind a dialogue are, once it is finished. What cannot be
    /// told (a record is gone, or not this user's to read any more) is no failure.
    pub(super) async fn add_outcome(&self, output: &mut Output, dialogue: &Dialogue) {
        if output.structured.get("wizard").is_some() {
            return;
        }
        let (Some(model), ids) = dialogue.about() else {
            return;
        };
        if ids.is_empty() || ids.len() > TOLD || model == dialogue.model {
            return;
        }
        let Some(Buttons::Now(now)) = self.buttons_of(model, &ids).await else {
            return;
        };
        let Ok(viewer) = self.viewer().await else {
            return;
        };
        let url = |id: i64| viewer.record_url(model, id);
        add(output, model, &now.records, url);
    }
}

fn add(output: &mut Output, model: &str, records: &[RecordState], url: impl Fn(i64) -> String) {
    let mut told = Vec::new();
    for record in records {
        let state = describe_state(record);
        let url = url(record.id);
        output
            .text
            .push_str(&format!("\nnow: {model} {state}, open: {url}"));
        let mut entry = json!({"id": record.id, "url": url});
        if let Some(name) = &record.name {
            entry["name"] = json!(clean(name, 200));
        }
        if let Some(state) = &record.state {
            let label = state.label.as_deref().map(|label| clean(label, 60));
            let value = match &state.value {
                Value::String(text) => json!(clean(text, 60)),
                other => other.clone(),
            };
            entry["state"] = json!({"field": state.field, "value": value, "label": label});
        }
        told.push(entry);
    }
    output.structured["about"] = json!({"model": model, "records": told});
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_the_records_behind_is_told() {
        let records: Vec<RecordState> = serde_json::from_value(json!([
            {"id": 7, "name": "S7\u{200b}”", "state": {"field": "state", "value": "sale", "label": "Sales Order"}},
            {"id": 8, "name": "Ada"},
        ]))
        .unwrap();
        let mut output = Output {
            structured: json!({}),
            text: "done".to_owned(),
        };
        add(&mut output, "sale.order", &records, |id| {
            format!("https://x.test/{id}")
        });
        assert_eq!(
            output.text,
            "done\nnow: sale.order 7 (“S7\"”) is in the state “Sales Order” (state = sale), \
             open: https://x.test/7\nnow: sale.order 8 (“Ada”), open: https://x.test/8"
        );
        let about = &output.structured["about"];
        assert_eq!(about["model"], "sale.order");
        assert_eq!(about["records"][0]["state"]["value"], "sale");
        assert_eq!(
            about["records"][1],
            json!({"id": 8, "name": "Ada", "url": "https://x.test/8"})
        );
    }
}
