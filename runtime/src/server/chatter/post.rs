//! `odoo_post`: messages, notes and files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{MESSAGE, fields_of};
use crate::client::{Context, MethodCall};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::clean;
use crate::schema::validate::{Purpose, prepare_values};
use crate::server::args::Arguments;
use crate::server::checks::{Asked, with_resolved};
use crate::server::consent::{Consent, Consented, Form, Shown};
use crate::server::gate::Change;
use crate::server::operations::model_of;
use crate::server::present::{Output, suffix};
use crate::server::resources::{ATTACHMENT, content_uri};
use crate::server::{UserSession, html};

/// The most files of one call, and the bytes of all of them.
const MAX_FILES: usize = 10;
const MAX_BYTES: usize = 10 * 1024 * 1024;

/// A file as it was sent.
#[derive(Debug, PartialEq)]
struct NewFile {
    name: String,
    /// Base64, as Odoo takes it.
    content: String,
}

/// Who reads what is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Note,
    Message,
}

impl Kind {
    fn parse(text: Option<&str>) -> Result<Self> {
        match text {
            None | Some("" | "note") => Ok(Self::Note),
            Some("message") => Ok(Self::Message),
            Some(other) => Err(Error::invalid_call(format!(
                "\"kind\" is note or message, not \"{other}\""
            ))),
        }
    }

    const fn subtype(self) -> &'static str {
        match self {
            Self::Note => "mail.mt_note",
            Self::Message => "mail.mt_comment",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Message => "message",
        }
    }
}

/// What a person agrees to: the text as it was given, and the names of the files.
fn what_is_written(
    kind: Kind,
    body: &str,
    given: &Map<String, Value>,
    files: &[NewFile],
) -> Map<String, Value> {
    let mut written = Map::new();
    if !body.is_empty() {
        written.insert(kind.name().to_owned(), json!(body));
    }
    written.extend(given.clone());
    if !files.is_empty() {
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        written.insert("attachments".to_owned(), json!(names));
    }
    written
}

impl UserSession {
    pub(in crate::server) async fn post(
        &self,
        args: &Arguments,
        consent: &Consent,
    ) -> Result<Output> {
        let mut mistakes = args.mistakes();
        let id = mistakes.take(args.required_id("id")).unwrap_or_default();
        let kind = args
            .text("kind")
            .and_then(|kind| Kind::parse(kind.as_deref()));
        let kind = mistakes.take(kind).unwrap_or(Kind::Note);
        let body = mistakes
            .take(args.text("body"))
            .flatten()
            .unwrap_or_default();
        let files = mistakes.take(read_files(args)).unwrap_or_default();
        if body.is_empty() && files.is_empty() && mistakes.is_empty() {
            mistakes.take::<()>(Err(Error::invalid_call(
                "there is nothing to write: give \"body\", \"attachments\" or both",
            )));
        }
        let model = model_of(args, &mut mistakes)?;
        let given = fields_of(args, &["partner_ids", "subject"]);
        let call = Asked {
            model: MESSAGE,
            paths: vec!["partner_ids".to_owned()],
            mistakes,
            args: None,
        };
        let checked = self
            .checked(call, |schema, known, problems| {
                let purpose = Purpose::Update;
                prepare_values(schema, &given, purpose, "arguments", known, problems)
            })
            .await?;
        let given = checked.prepared.unwrap_or(given);
        self.require_field(&model, "message_ids", "chatter").await?;
        let mut named = self.named_unless_asked(consent, &model, &[id]).await?;
        let written = what_is_written(kind, &body, &given, &files);
        let change = Change::Execute {
            model: &model,
            method: "message_post",
            ids: &[id],
            args: &[],
            kwargs: &written,
        };
        let described = self.schema_of(&model).await?;
        let shown = Shown {
            schema: described.as_deref(),
            form: Some(Form {
                schema: checked.schema.as_deref(),
                values: &written,
                about: None,
            }),
        };
        let key = match self.consent(consent, &change, shown).await? {
            Consented::Yes(agreed) => {
                named.extend(agreed.named);
                agreed.key
            }
            Consented::NotYet(shown) => return Ok(with_resolved(*shown, &checked.resolved)),
        };
        let name = named.pop().and_then(|record| record.name);
        let attached = self.attach(&model, id, &files, &key).await?;
        let message = match body.as_str() {
            "" => None,
            body => {
                let text = html::from_text(body);
                let call = self
                    .message(&model, id, kind, &text, given, &attached)
                    .await?;
                let posted = self.send(&call, &key).await;
                match posted {
                    Ok(message) => Some(message),
                    Err(error) => return Err(self.take_back(&attached, error).await),
                }
            }
        };
        let uris: Vec<String> = attached.iter().map(|file| content_uri(*file)).collect();
        let what = match message {
            Some(_) => format!("wrote a {}", kind.name()),
            None => "attached files".to_owned(),
        };
        let shown = suffix(name.as_deref());
        let mut text = format!("{what} on {model} {id}{shown}");
        if !uris.is_empty() {
            text.push_str(&format!("; files: {}", uris.join(", ")));
        }
        let structured = json!({
            "success": true, "model": model, "id": id, "name": name,
            "message_id": message, "kind": message.map(|_| kind.name()), "attachments": uris,
        });
        Ok(with_resolved(
            Output { structured, text },
            &checked.resolved,
        ))
    }

    async fn attach(&self, model: &str, id: i64, files: &[NewFile], key: &str) -> Result<Vec<i64>> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let values: Vec<Value> = files
            .iter()
            .map(|file| {
                json!({"name": file.name, "datas": file.content, "res_model": model, "res_id": id})
            })
            .collect();
        // The message is another change, with a key of its own.
        let client = self.writing_as(&format!("{key}-files")).await?;
        client
            .create(ATTACHMENT, Value::Array(values), &Context::new())
            .await
    }

    /// The call that writes the message.
    async fn message(
        &self,
        model: &str,
        id: i64,
        kind: Kind,
        body: &str,
        given: Map<String, Value>,
        attached: &[i64],
    ) -> Result<MethodCall> {
        let mut call = MethodCall::new(model, "message_post")
            .ids([id])
            .kwarg("body", body)
            .kwarg("message_type", "comment")
            .kwarg("subtype_xmlid", kind.subtype());
        if self.escapes_bodies().await? {
            call = call.kwarg("body_is_html", true);
        }
        if let Some(subject) = given.get("subject") {
            call = call.kwarg("subject", subject.clone());
        }
        let partners = given.get("partner_ids").map(partner_ids);
        if let Some(partners) = partners.filter(|partners| !partners.is_empty()) {
            call = call.kwarg("partner_ids", partners);
        }
        if !attached.is_empty() {
            call = call.kwarg("attachment_ids", attached.to_vec());
        }
        Ok(call)
    }

    /// Writes the message and returns its id.
    async fn send(&self, call: &MethodCall, key: &str) -> Result<Option<i64>> {
        let client = self.writing_as(key).await?;
        let posted = client.call(call, &Context::new()).await?;
        Ok(posted["ids"][0].as_i64().or_else(|| posted.as_i64()))
    }

    /// Odoo 17.0 and later take a text for plain text, unless they are told otherwise.
    async fn escapes_bodies(&self) -> Result<bool> {
        let capabilities = self.capabilities().await?;
        let series = capabilities.odoo_series.as_deref().unwrap_or_default();
        let digits: String = series
            .chars()
            .skip_while(|c| !c.is_ascii_digit())
            .take_while(char::is_ascii_digit)
            .collect();
        Ok(digits.parse::<u32>().is_ok_and(|major| major >= 17))
    }

    /// Removes the files of a message that Odoo did not take.
    async fn take_back(&self, attached: &[i64], error: Error) -> Error {
        let may_have_happened = matches!(
            error.kind(),
            ErrorKind::Uncertain | ErrorKind::Timeout | ErrorKind::Unreachable
        );
        if attached.is_empty() || may_have_happened {
            return error;
        }
        let Ok(client) = self.client() else {
            return error;
        };
        match client.unlink(ATTACHMENT, attached, &Context::new()).await {
            Ok(()) => error,
            Err(_) => error.with_hint(format!(
                "The files {attached:?} (ir.attachment) were attached already; remove them, or attach none again."
            )),
        }
    }
}

/// The ids of what a check made of contacts: one command that sets them, or plain ids.
fn partner_ids(commands: &Value) -> Vec<i64> {
    let all = commands.as_array().map_or(&[][..], Vec::as_slice);
    let ids = all.iter().flat_map(|one| match one {
        Value::Array(command) => match command.as_slice() {
            [_, _, Value::Array(ids)] => ids.clone(),
            [_, id, ..] => vec![id.clone()],
            _ => Vec::new(),
        },
        id => vec![id.clone()],
    });
    ids.filter_map(|id| id.as_i64())
        .filter(|id| *id > 0)
        .collect()
}

fn read_files(args: &Arguments) -> Result<Vec<NewFile>> {
    let given = args.list("attachments")?;
    if given.len() > MAX_FILES {
        return Err(Error::invalid_call(format!(
            "\"attachments\" has {} files; one call takes at most {MAX_FILES}",
            given.len()
        )));
    }
    let mut mistakes = Vec::new();
    let mut bytes = 0;
    let mut files = Vec::new();
    for (index, file) in given.iter().enumerate() {
        match read_file(file) {
            Ok((file, size)) => {
                bytes += size;
                files.push(file);
            }
            Err(mistake) => mistakes.push(format!("attachments[{index}]: {mistake}")),
        }
    }
    if bytes > MAX_BYTES {
        mistakes.push(format!(
            "attachments: {bytes} bytes in all; at most {MAX_BYTES} are sent at once"
        ));
    }
    if mistakes.is_empty() {
        return Ok(files);
    }
    Err(Error::invalid_call(mistakes.join("\n")))
}

fn read_file(file: &Value) -> std::result::Result<(NewFile, usize), String> {
    const EXAMPLE: &str = "must be {\"name\": \"offer.pdf\", \"content\": \"<base64>\"}";
    let Some(given) = file.as_object() else {
        return Err(EXAMPLE.to_owned());
    };
    let unknown = given
        .keys()
        .find(|key| !matches!(key.as_str(), "name" | "content"));
    if let Some(unknown) = unknown {
        return Err(format!("has no \"{}\"; it {EXAMPLE}", clean(unknown, 40)));
    }
    let text = |key: &str| {
        file[key]
            .as_str()
            .map(str::trim)
            .filter(|text| !text.is_empty())
    };
    let (Some(name), Some(content)) = (text("name"), text("content")) else {
        return Err(EXAMPLE.to_owned());
    };
    let content: String = content.split_whitespace().collect();
    let decoded = STANDARD
        .decode(&content)
        .map_err(|error| format!("\"content\" of {} is not base64: {error}", clean(name, 60)))?;
    let name = clean(name, 200);
    Ok((NewFile { name, content }, decoded.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_checked_all_at_once() {
        let attachments = json!({"attachments": [
            {"name": "a.txt", "content": "YQ=="}, {"name": "b.txt", "content": "!"},
            {"name": "c.txt"}, {"name": "d", "content": "YQ==", "size": 1}, 7,
        ]});
        let args = Arguments::new(
            "odoo_post",
            attachments.as_object().cloned(),
            &["attachments"],
        );
        let message = read_files(&args).unwrap_err().to_string();
        for part in [
            "attachments[1]: \"content\" of b.txt is not base64",
            "attachments[2]: must be",
            "attachments[3]: has no \"size\"",
            "attachments[4]: must be",
        ] {
            assert!(message.contains(part), "{part} in {message}");
        }
        assert!(!message.contains("attachments[0]"), "{message}");
    }

    #[test]
    fn contacts_are_ids_whatever_the_check_made_of_them() {
        assert_eq!(partner_ids(&json!([[6, 0, [3, 4]]])), [3, 4]);
        assert_eq!(partner_ids(&json!([[4, 5, 0], [4, 6]])), [5, 6]);
        assert_eq!(partner_ids(&json!([7, 8])), [7, 8]);
    }
}
