//! What the server hands out sealed and takes back: consent tickets and handles of dialogues.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::server::StateKey;
use crate::server::consent::fuzzing::{AskedCall, ask, assert_told_apart, digest_in};
use crate::server::seal::purpose;
use crate::server::wizard::Dialogue;

const SECRET: &str = "a secret that is only good for the fuzzer";
const URL: &str = "https://odoo.example/";
const MINUTE: Duration = Duration::from_secs(60);

/// One input: who is asked about which call, and what another brings.
#[derive(Deserialize)]
#[serde(default)]
struct Scene {
    user: i64,
    database: String,
    tool: String,
    arguments: Map<String, Value>,
    other_user: i64,
    other_arguments: Map<String, Value>,
    /// The bit that is turned.
    bit: usize,
    token: String,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            user: 2,
            database: "company".to_owned(),
            tool: "odoo_delete".to_owned(),
            arguments: Map::new(),
            other_user: 7,
            other_arguments: Map::new(),
            bit: 0,
            token: String::new(),
        }
    }
}

/// Reads bytes as a token, and as a scene in which one is given and comes back.
///
/// Holds: nothing panics; what this server did not seal never opens; what it sealed opens for
/// its owner and its call alone, and not with one bit turned.
///
/// # Panics
/// When something of this does not hold.
pub fn sealed(data: &[u8]) {
    let key = match StateKey::from_secret(&SecretString::from(SECRET)) {
        Ok(key) => key,
        Err(error) => panic!("{error}"),
    };
    assert_closed(&key, &String::from_utf8_lossy(data));
    if let Ok(scene) = serde_json::from_slice::<Scene>(data) {
        assert_closed(&key, &scene.token);
        check_ticket(&key, &scene);
        check_handle(&key, &scene);
    }
}

/// What nobody sealed opens for nothing.
fn assert_closed(key: &StateKey, token: &str) {
    assert!(key.open::<Value>(token, &[]).is_err(), "opened: {token}");
    let none = json!({});
    let asked = AskedCall {
        url: URL,
        database: "",
        user: 2,
        tool: "",
        arguments: &none,
    };
    assert!(digest_in(key, token, asked).is_err(), "opened: {token}");
    assert!(open_handle(key, token, 2, "").is_none(), "opened: {token}");
}

fn check_ticket(key: &StateKey, scene: &Scene) {
    let arguments = Value::Object(scene.arguments.clone());
    let asked = AskedCall {
        url: URL,
        database: &scene.database,
        user: scene.user,
        tool: &scene.tool,
        arguments: &arguments,
    };
    let token = match ask(key, "digest", asked) {
        Ok(token) => token,
        Err(error) => panic!("not sealed: {error}"),
    };
    let opens = |token: &str, asked: AskedCall<'_>| digest_in(key, token, asked).is_ok();
    assert!(digest_in(key, &token, asked).is_ok_and(|digest| digest == "digest"));
    let backwards: Map<String, Value> = scene.arguments.clone().into_iter().rev().collect();
    let backwards = Value::Object(backwards);
    assert!(opens(
        &token,
        AskedCall {
            arguments: &backwards,
            ..asked
        }
    ));

    let other = Value::Object(scene.other_arguments.clone());
    assert_told_apart(&arguments, &other);
    if other != arguments {
        assert!(!opens(
            &token,
            AskedCall {
                arguments: &other,
                ..asked
            }
        ));
    }
    if scene.other_user != scene.user {
        let user = scene.other_user;
        assert!(!opens(&token, AskedCall { user, ..asked }));
    }
    // Where one part ends and the next begins counts, too.
    let moved = format!("{}{}", scene.database, scene.tool);
    for (database, tool) in [
        (moved.as_str(), ""),
        ("", moved.as_str()),
        (&scene.database, "odoo_other"),
    ] {
        if (database, tool) != (scene.database.as_str(), scene.tool.as_str()) {
            assert!(!opens(
                &token,
                AskedCall {
                    database,
                    tool,
                    ..asked
                }
            ));
        }
    }
    assert!(!opens(
        &token,
        AskedCall {
            url: "https://other.example/",
            ..asked
        }
    ));
    for changed in changed(&token, scene.bit) {
        assert!(!opens(&changed, asked), "{token} opens as {changed}");
    }
    assert!(open_handle(key, &token, scene.user, &scene.database).is_none());
}

fn check_handle(key: &StateKey, scene: &Scene) {
    let dialogue = Dialogue {
        is_new_record: false,
        model: scene.tool.clone(),
        view: Some(scene.other_user),
        record: None,
        context: scene.arguments.clone(),
    };
    let handle = match seal(key, &dialogue, scene.user, &scene.database) {
        Ok(handle) => handle,
        Err(error) => panic!("not sealed: {error}"),
    };
    let own = |handle: &str| open_handle(key, handle, scene.user, &scene.database);
    assert_eq!(own(&handle), Some(dialogue));
    for changed in changed(&handle, scene.bit) {
        assert_eq!(own(&changed), None, "{handle} opens as {changed}");
    }
    if scene.other_user != scene.user {
        assert!(open_handle(key, &handle, scene.other_user, &scene.database).is_none());
    }
    let elsewhere = format!("{}x", scene.database);
    assert!(open_handle(key, &handle, scene.user, &elsewhere).is_none());
}

fn seal(key: &StateKey, dialogue: &Dialogue, user: i64, database: &str) -> crate::Result<String> {
    let purpose = purpose("wizard", URL, database, user);
    let purpose: Vec<&[u8]> = purpose.iter().map(Vec::as_slice).collect();
    key.seal(dialogue, &purpose, MINUTE)
}

fn open_handle(key: &StateKey, handle: &str, user: i64, database: &str) -> Option<Dialogue> {
    let purpose = purpose("wizard", URL, database, user);
    let purpose: Vec<&[u8]> = purpose.iter().map(Vec::as_slice).collect();
    key.open(handle, &purpose).ok()
}

/// The token with one bit turned, where that is a text; with a character less and one more.
fn changed(token: &str, bit: usize) -> Vec<String> {
    let mut bytes = token.as_bytes().to_vec();
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    let place = bit / 8;
    let mut changed = vec![
        format!("{}{}", &token[..place], &token[place + 1..]),
        format!("{}A{}", &token[..place], &token[place..]),
        format!("{token}="),
    ];
    changed.extend(String::from_utf8(bytes));
    changed.retain(|changed| changed != token);
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bit_of_a_token_can_be_turned() {
        let scene = json!({"arguments": {"model": "res.partner", "id": 7}, "database": "x"});
        // More bits than either token has.
        for bit in 0..4_000 {
            let mut scene = scene.clone();
            scene["bit"] = json!(bit);
            sealed(scene.to_string().as_bytes());
        }
    }
}
