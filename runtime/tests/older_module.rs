//! The client against the predecessor of our Odoo module, which is still installed in places:
//! four routes, empty schemas, numbers as text, failures inside results, no login by key.
//!
//! That module is not at hand as a program, so a stand-in answers in its recorded shapes. The
//! same client runs against the real module in the end-to-end tests.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use butopea_runtime::ErrorKind;
use butopea_runtime::client::{Client, Config, Context, Credentials, MethodCall, SearchRead};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

type Answers = Arc<BTreeMap<&'static str, Value>>;

/// What the stand-ins of all tests were asked to execute.
static EXECUTED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Serves the old module's answers on a free port; any other path is a page that is not found.
async fn older_module() -> String {
    let answers: Answers = Arc::new(BTreeMap::from([
        ("/web/session/authenticate", json!({"uid": 2})),
        (
            "/mcp/capabilities",
            json!({
                "user": {"id": 2, "name": "Mitchell Admin", "login": "admin"},
                "menus": [],
                "models": [{"model": "res.partner", "name": "Contact", "description": false}]
            }),
        ),
        (
            "/mcp/model/res.partner/schema",
            json!({"model": "res.partner", "view_type": "form", "fields": {}}),
        ),
        (
            "/mcp/search",
            json!({"model": "res.partner", "count": 2, "records": [{"id": 1}, {"id": 2}]}),
        ),
        ("/mcp/execute", json!({"success": true, "result": "132"})),
    ]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&answers)));
        }
    });
    format!("http://{address}")
}

async fn answer(mut stream: TcpStream, answers: Answers) {
    let mut request = Vec::new();
    let (head, body) = loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        if read == 0 {
            return;
        }
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= content_length(head)
        {
            break (head.to_owned(), body.to_owned());
        }
    };
    let path = head.split_whitespace().nth(1).unwrap_or_default();
    if path == "/mcp/execute" {
        EXECUTED.lock().unwrap().push(body.clone());
    }
    let (status, kind, text) = match answers.get(path) {
        Some(result) => {
            let refused = body.contains("parent_id");
            let result = if refused {
                json!({"error": "You cannot create recursive Partner hierarchies."})
            } else {
                result.clone()
            };
            let answer = json!({"jsonrpc": "2.0", "id": 1, "result": result});
            ("200 OK", "application/json", answer.to_string())
        }
        None => (
            "404 NOT FOUND",
            "text/html",
            "<h1>Not Found</h1>".to_owned(),
        ),
    };
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Set-Cookie: session_id=abc; Path=/\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(response.as_bytes()).await.unwrap();
}

fn content_length(head: &str) -> usize {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}

async fn client() -> Client {
    let credentials = Credentials::Password {
        login: "admin".to_owned(),
        password: "admin".into(),
    };
    let mut config = Config::new(&older_module().await, credentials).unwrap();
    config.database = Some("odoo".to_owned());
    Client::new(config).unwrap()
}

#[tokio::test]
async fn capabilities_without_the_new_keys_are_read() {
    let capabilities = client().await.capabilities(&Context::new()).await.unwrap();
    assert_eq!(capabilities.user.login, "admin");
    assert_eq!(capabilities.module_version, None);
    assert!(capabilities.model("res.partner").unwrap().access.create);
}

#[tokio::test]
async fn a_batch_of_schemas_falls_back_to_one_request_a_model() {
    let models = ["res.partner".to_owned(), "sale.order".to_owned()];
    let batch = client()
        .await
        .schemas(&models, &Context::new())
        .await
        .unwrap();
    assert!(batch.schemas["res.partner"].fields.is_empty());
    assert_eq!(batch.errors["sale.order"].kind(), ErrorKind::ModuleMissing);
}

#[tokio::test]
async fn the_total_of_a_full_page_is_asked_for() {
    let mut search = SearchRead::new("res.partner");
    search.limit = Some(2);
    let client = client().await;
    let page = client.search_read(&search, &Context::new()).await.unwrap();
    assert_eq!(page.count, 132, "the text \"132\" of the module's execute");
    search.limit = Some(80);
    let page = client.search_read(&search, &Context::new()).await.unwrap();
    assert_eq!(page.count, 2, "a page that is not full tells by itself");
}

#[tokio::test]
async fn a_failure_inside_the_result_is_a_failure() {
    let client = client().await;
    let Value::Object(values) = json!({"parent_id": 3}) else {
        unreachable!()
    };
    let written = client
        .write("res.partner", &[3], values, &Context::new())
        .await;
    let error = written.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert!(error.message().contains("recursive"), "{error}");
    let call = MethodCall::new("res.partner", "search_count").arg(json!([]));
    assert_eq!(
        client.call(&call, &Context::new()).await.unwrap(),
        json!("132")
    );
}

#[tokio::test]
async fn a_login_by_key_says_what_the_module_lacks() {
    let credentials = Credentials::ApiKey {
        key: "secret-key".into(),
    };
    let config = Config::new(&older_module().await, credentials).unwrap();
    let error = Client::new(config).unwrap().sign_in().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModuleMissing);
    assert!(error.to_string().contains("ODOO_PASSWORD"), "{error}");
    assert!(!error.to_string().contains("secret-key"), "{error}");
}

/// The older module would take no notice of the key and do the call as often as it comes.
#[tokio::test]
async fn a_key_that_would_not_be_honoured_is_refused_before_anything_is_sent() {
    let client = client().await;
    let context = Context::new();
    let call = MethodCall::new("res.partner", "of_the_key_test");
    let refused = client
        .call(&call.clone().idempotency_key("k"), &context)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ModuleMissing);
    assert!(refused.message().contains("nothing was sent"), "{refused}");
    assert!(
        refused.hints()[0].contains("Update the module"),
        "{refused}"
    );
    let refused = client
        .with_idempotency_key("k")
        .unlink("of.the.key.test", &[1], &context)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ModuleMissing);

    client.call(&call, &context).await.unwrap();
    let executed = EXECUTED.lock().unwrap().clone();
    let of_this_test = |body: &&String| body.contains("key_test") || body.contains("key.test");
    assert_eq!(executed.iter().filter(of_this_test).count(), 1);
}
