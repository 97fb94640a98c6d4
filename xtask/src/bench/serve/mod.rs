//! What the server adds to a call, how fast it starts, and what it weighs.
//!
//! The same read is made three ways in turns: directly at Odoo, through the server over standard input and output,
//! and over HTTP. So all three meet the same Odoo, equally warm and equally busy, and the difference is the server's.

mod tokens;
mod ways;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Bench, Figure};
use crate::error::Error;
use crate::own;
use crate::process::output;
pub(super) use tokens::tokens;
use ways::{Direct, Http, Stdio, Way};

/// How many callers there are at once.
const CALLERS: [usize; 3] = [1, 8, 32];
/// Calls of one way in one round.
const CALLS: usize = 320;
/// Rounds of each way.
const ROUNDS: usize = 4;
/// How often the server is started to see how long it takes.
const STARTS: usize = 7;
/// Calls after which the memory is looked at again.
const MANY_CALLS: usize = 10_000;
/// Sessions of clients that are opened and left.
const SESSIONS: usize = 500;

/// Calls per second and times, from one caller to many.
pub(super) fn load(bench: &mut Bench) -> Result<Vec<Figure>, Error> {
    let server = build(bench)?;
    runtime()?.block_on(async {
        let ways: [Arc<Way>; 3] = [
            Arc::new(Way::Direct(Direct::sign_in(&bench.target).await?)),
            Arc::new(Way::Stdio(Stdio::start(&server, &bench.target, &[]).await?)),
            Arc::new(Way::Http(Http::start(&server, &bench.target, &[]).await?)),
        ];
        let mut figures = Vec::new();
        for callers in CALLERS {
            let mut taken: [Taken; 3] = Default::default();
            for round in 0..ROUNDS {
                for step in 0..ways.len() {
                    let turn = (round + step) % ways.len();
                    taken[turn].add(run(&ways[turn], callers, CALLS).await?);
                }
            }
            for (way, taken) in ways.iter().zip(&mut taken) {
                figures.push(Figure::plain(
                    format!("odoo_read, {callers} at once: {}", way.name()),
                    taken.text(),
                ));
            }
        }
        Ok(figures)
    })
}

/// From start to the list of tools.
pub(super) fn start(bench: &mut Bench) -> Result<Vec<Figure>, Error> {
    let server = build(bench)?;
    let schemas = bench.schemas_of_all()?;
    let schemas = schemas.display().to_string();
    runtime()?.block_on(async {
        let mut figures = Vec::new();
        let all = ["--profile", "all", "--schemas", schemas.as_str()];
        for (what, arguments) in [
            ("the default profile", &[] as &[&str]),
            ("--profile all", &all),
        ] {
            let (mut whole, mut again, mut tools) = (Vec::new(), Vec::new(), 0);
            for _ in 0..STARTS {
                let started = Instant::now();
                let server = Stdio::start(&server, &bench.target, arguments).await?;
                tools = server.first_page().await?;
                whole.push(started.elapsed());
                let asked = Instant::now();
                server.first_page().await?;
                again.push(asked.elapsed());
            }
            figures.push(Figure::plain(
                format!("start to tools/list of {what}, Odoo's sign-in included"),
                format!(
                    "{} ({tools} tools on the first page)",
                    milliseconds(median(&mut whole))
                ),
            ));
            let page = median(&mut again);
            figures.push(Figure::new(
                format!("first page of tools/list of {what}, signed in"),
                "< 100 ms",
                milliseconds(page),
                page < Duration::from_millis(100),
            ));
        }
        Ok(figures)
    })
}

/// Resident memory after many calls and sessions.
pub(super) fn memory(bench: &mut Bench) -> Result<Vec<Figure>, Error> {
    let server = build(bench)?;
    runtime()?.block_on(async {
        // One user may have a quarter of all sessions.
        let most = (4 * (SESSIONS + 1)).to_string();
        let arguments = ["--http-sessions", "--max-sessions", &most];
        let http = Http::start(&server, &bench.target, &arguments).await?;
        let way = Arc::new(Way::Http(http));
        run(&way, 8, CALLS).await?;
        let Way::Http(http) = way.as_ref() else {
            return Ok(Vec::new());
        };
        let before = http.resident()?;
        run(&way, 16, MANY_CALLS).await?;
        let after_calls = http.resident()?;
        for _ in 0..SESSIONS {
            http.open_session().await?;
        }
        let after_sessions = http.resident()?;
        Ok(vec![Figure::plain(
            format!(
                "resident memory: warm, after {MANY_CALLS} calls, after {SESSIONS} open sessions"
            ),
            format!(
                "{}, {}, {}",
                mebibytes(before),
                mebibytes(after_calls),
                mebibytes(after_sessions)
            ),
        )])
    })
}

/// The server as it is released.
fn build(bench: &Bench) -> Result<PathBuf, Error> {
    build_program(bench, "butopea-runtime", "butopea-mcp-server", "release")
}

/// A program of a package, built as this cargo profile says.
fn build_program(
    bench: &Bench,
    package: &str,
    program: &str,
    profile: &str,
) -> Result<PathBuf, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let folder = own::target_folder(&bench.checkout)?;
    output(
        Command::new(cargo)
            .current_dir(bench.checkout.root())
            .args(["build", "--quiet", "--package", package])
            .args(["--profile", profile]),
    )?;
    let built = if profile == "dev" { "debug" } else { profile };
    Ok(Path::new(&folder).join(built).join(program))
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Error::io("start", "a runtime".as_ref()))
}

/// Calls of one way: how long each took, and all of them together.
#[derive(Default)]
struct Taken {
    each: Vec<Duration>,
    together: Duration,
}

impl Taken {
    fn add(&mut self, other: Self) {
        self.each.extend(other.each);
        self.together += other.together;
    }

    fn text(&mut self) -> String {
        self.each.sort_unstable();
        let at = |percent: usize| milliseconds(self.each[(self.each.len() - 1) * percent / 100]);
        #[allow(clippy::cast_precision_loss)] // a few thousand calls
        let rate = self.each.len() as f64 / self.together.as_secs_f64();
        format!("{rate:.0} calls/s, p50 {}, p99 {}", at(50), at(99))
    }
}

/// Makes `calls` calls by so many callers at once.
async fn run(way: &Arc<Way>, callers: usize, calls: usize) -> Result<Taken, Error> {
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let way = Arc::clone(way);
        let own = calls / callers + usize::from(caller < calls % callers);
        tasks.spawn(async move {
            let mut each = Vec::with_capacity(own);
            for _ in 0..own {
                let asked = Instant::now();
                way.read().await?;
                each.push(asked.elapsed());
            }
            Ok::<_, Error>(each)
        });
    }
    let mut taken = Taken::default();
    while let Some(each) = tasks.join_next().await {
        let each = each.map_err(|error| Error::Usage(format!("a caller was lost: {error}")))?;
        taken.each.extend(each?);
    }
    taken.together = started.elapsed();
    Ok(taken)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[allow(clippy::cast_precision_loss)] // bytes of a process
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}
