//! What the answers of the server cost a conversation, beside the same rows as JSON.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio as Pipe};

use serde_json::{Value, json};

use super::ways::{Direct, Stdio};
use super::{Bench, Figure, build_program, runtime};
use crate::error::Error;

const ROWS: [u64; 3] = [5, 20, 80];
/// Models and the fields to read; without any the key fields.
const QUESTIONS: [(&str, &[&str]); 3] = [
    ("sale.order", &[]),
    ("res.partner", &["name", "email", "phone"]),
    ("account.move", &[]),
];
/// Tools that describe, with the most tokens that they may cost.
const DESCRIPTIONS: [(&str, &str, usize); 7] = [
    ("odoo_capabilities", "", 1_500),
    ("odoo_schema", "res.partner", 2_000),
    ("odoo_schema", "account.move", 2_000),
    ("odoo_schema", "product.template", 2_000),
    ("odoo_schema", "sale.order", 2_000),
    ("odoo_schema", "res.company", 2_000),
    ("odoo_schema", "res.users", 2_000),
];

/// An answer in its forms.
struct Answer {
    text: String,
    structured: Value,
}

/// Tokens of rows and of descriptions.
pub(in crate::bench) fn tokens(bench: &mut Bench) -> Result<Vec<Figure>, Error> {
    // Tokens do not depend on how a program was built.
    let server = build_program(bench, "butopea-runtime", "butopea-mcp-server", "dev")?;
    let counter = build_program(bench, "tool-tests", "count-tokens", "dev")?;
    runtime()?.block_on(async {
        let direct = Direct::sign_in(&bench.target).await?;
        let server = Stdio::start(&server, &bench.target, &[]).await?;
        let mut figures = Vec::new();
        for (model, fields) in QUESTIONS {
            for rows in ROWS {
                figures.push(rows_figure(&server, &direct, &counter, model, fields, rows).await?);
            }
        }
        for (tool, model, most) in DESCRIPTIONS {
            let arguments = if model.is_empty() {
                json!({})
            } else {
                json!({"model": model})
            };
            let answer = ask(&server, tool, &arguments).await?;
            let counts = count(&counter, &[answer.text, answer.structured.to_string()])?;
            figures.push(Figure::new(
                format!("{tool} {model}").trim_end().to_owned(),
                &format!("≤ {most}"),
                format!("text {}, structured {}", counts[0], counts[1]),
                counts.iter().all(|count| *count <= most),
            ));
        }
        Ok(figures)
    })
}

async fn rows_figure(
    server: &Stdio,
    direct: &Direct,
    counter: &Path,
    model: &str,
    fields: &[&str],
    limit: u64,
) -> Result<Figure, Error> {
    let mut arguments = json!({"model": model, "limit": limit});
    if !fields.is_empty() {
        arguments["fields"] = json!(fields);
    }
    let answer = ask(server, "odoo_search", &arguments).await?;
    let shown = answer.structured["records"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let asked: Vec<String> = shown
        .first()
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|row| row.keys().cloned())
        .collect();
    let rows = direct
        .call(
            model,
            "search_read",
            &json!([[], asked]),
            &json!({"limit": limit}),
        )
        .await?;
    let rows = &rows["result"];
    let counts = count(
        counter,
        &[
            answer.text,
            rows.to_string(),
            format!("{rows:#}"),
            answer.structured.to_string(),
        ],
    )?;
    let each = counts[0] / shown.len().max(1);
    Ok(Figure::new(
        format!("{model}: {} rows of {} fields", shown.len(), asked.len()),
        "< compact JSON",
        format!(
            "text {} ({each} a row), compact JSON {}, pretty JSON {}, our structured form {}",
            counts[0], counts[1], counts[2], counts[3]
        ),
        counts[0] < counts[1],
    ))
}

async fn ask(server: &Stdio, tool: &str, arguments: &Value) -> Result<Answer, Error> {
    let call = json!({"name": tool, "arguments": arguments});
    let answer = server.request("tools/call", &call).await?;
    let result = &answer["result"];
    match result["content"][0]["text"].as_str() {
        Some(text) if result["isError"] != true => Ok(Answer {
            text: text.to_owned(),
            structured: result["structuredContent"].clone(),
        }),
        _ => Err(Error::Usage(format!("{tool} failed: {answer}"))),
    }
}

/// The tokens of each text.
fn count(counter: &Path, texts: &[String]) -> Result<Vec<usize>, Error> {
    let failed = || Error::io("run", counter);
    let mut child = Command::new(counter)
        .stdin(Pipe::piped())
        .stdout(Pipe::piped())
        .spawn()
        .map_err(failed())?;
    if let Some(mut input) = child.stdin.take() {
        for text in texts {
            writeln!(input, "{}", json!(text)).map_err(failed())?;
        }
    }
    let output = child.wait_with_output().map_err(failed())?;
    let numbers = String::from_utf8_lossy(&output.stdout);
    let counts: Vec<usize> = numbers
        .lines()
        .filter_map(|line| line.parse().ok())
        .collect();
    if counts.len() == texts.len() {
        Ok(counts)
    } else {
        Err(Error::Usage("the tokens could not be counted".to_owned()))
    }
}
