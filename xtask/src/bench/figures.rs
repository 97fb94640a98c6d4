//! The figures: what is measured, and how.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use butopea_generator::{Config, Patterns, Snapshot, generate};
use butopea_runtime::client::{Client, Context};
use serde_json::Value;

use super::crates::Profile;
use super::measure::Usage;
use super::{Bench, Figure, serve, synthetic};
use crate::error::Error;
use crate::generate::{complete, fetch};
use crate::process::output;
use crate::ui;

/// The crate of every model of the Odoo.
const ALL: &str = "models-all";

/// How often a short measurement is taken; the fastest counts, which the machine's other work disturbed least.
const ROUNDS: usize = 3;

/// Something measured, of one or more lines in the table.
pub(super) struct Measurement {
    /// What `--only` calls it.
    pub(super) name: &'static str,
    /// What it is, in a line.
    pub(super) about: &'static str,
    /// Takes it.
    pub(super) take: fn(&mut Bench) -> Result<Vec<Figure>, Error>,
}

/// All figures.
pub(super) const FIGURES: &[Measurement] = &[
    Measurement {
        name: "offline",
        about: "generating every model of the Odoo from its snapshot",
        take: offline,
    },
    Measurement {
        name: "live",
        about: "fetching and generating every model, against one request for the same schemas",
        take: live,
    },
    Measurement {
        name: "compile",
        about: "compiling every model of the Odoo",
        take: compile,
    },
    Measurement {
        name: "feature",
        about: "compiling one model alone",
        take: feature,
    },
    Measurement {
        name: "scale",
        about: "compiling 20 to 400 made-up models",
        take: scale,
    },
    Measurement {
        name: "decode",
        about: "decoding 1,000 sale orders, against parsing the same bytes as JSON",
        take: decode,
    },
    Measurement {
        name: "size",
        about: "a program that uses five models, against one that does the same without types",
        take: size,
    },
    Measurement {
        name: "start",
        about: "the server from its start to its list of tools",
        take: serve::start,
    },
    Measurement {
        name: "load",
        about: "calls through the server, against the same calls at Odoo",
        take: serve::load,
    },
    Measurement {
        name: "tokens",
        about: "tokens of the server's answers, against the same rows as JSON",
        take: serve::tokens,
    },
    Measurement {
        name: "memory",
        about: "the server's memory after many calls and sessions",
        take: serve::memory,
    },
];

impl Bench {
    /// The configuration of the checked-in crate, for every model.
    fn config(&self) -> Result<Config, Error> {
        let path = self.checkout.root().join("generated/models.toml");
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        Ok(Config::parse(&text)?.with_models(Patterns::new(["*"])?))
    }

    /// A folder of the schema files of every model of the Odoo.
    pub(super) fn schemas_of_all(&mut self) -> Result<PathBuf, Error> {
        let config = self.config()?;
        let snapshot = self.models()?;
        self.crate_of(ALL, &snapshot, &config)?;
        Ok(self.bare_crate(ALL)?.join("schemas"))
    }

    /// Every model of the Odoo, asked for once; as it was last time, if it is down.
    fn models(&mut self) -> Result<Snapshot, Error> {
        if let Some(models) = &self.models {
            return Ok(models.clone());
        }
        let models = match fetch::snapshot(&self.target, &self.config()?, true) {
            Ok(fetched) => fetched.snapshot,
            Err(error) => {
                let old = Snapshot::read(&self.bare_crate(ALL)?).map_err(|_| error)?;
                ui::note("no Odoo answers: its models are those of the last run");
                old
            }
        };
        self.models = Some(models.clone());
        Ok(models)
    }
}

fn offline(bench: &mut Bench) -> Result<Vec<Figure>, Error> {
    let config = bench.config()?;
    let snapshot = bench.models()?;
    let generated = bench.crate_of(ALL, &snapshot, &config)?;
    let fields = count(&snapshot);
    let (models, megabytes) = (snapshot.models.len(), generated.output.bytes() / 1_000_000);
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        // Everything is written anew but the snapshot, which is read.
        let root = bench.bare_crate(ALL)?;
        for folder in ["src", "schemas"] {
            let folder = root.join(folder);
            fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
        }
        let started = Instant::now();
        let generated = complete(&root, generate(&Snapshot::read(&root)?, &config)?)?;
        generated.output.write(&root)?;
        best = best.min(started.elapsed());
    }
    Ok(vec![Figure::new(
        format!("offline generation: {models} models, {fields} fields, {megabytes} MB written"),
        "< 1 s",
        format!("{:.2} s", best.as_secs_f64()),
        best < Duration::from_secs(1),
    )])
}

fn live(bench: &mut Bench) -> Result<Vec<Figure>, Error> {
    let config = bench.config()?;
    let names: Vec<String> = bench.models()?.models.into_keys().collect();
    let root = bench.bare_crate(ALL)?;
    let (mut request, mut whole) = (Duration::MAX, Duration::MAX);
    // In turns, so that both meet the same Odoo, warm and equally busy.
    for _ in 0..ROUNDS {
        request = request.min(one_request(bench, &names)?);
        let started = Instant::now();
        let fetched = fetch::snapshot(&bench.target, &config, true)?;
        let generated = complete(&root, generate(&fetched.snapshot, &config)?)?;
        generated.output.write(&root)?;
        whole = whole.min(started.elapsed());
    }
    let factor = whole.as_secs_f64() / request.as_secs_f64();
    Ok(vec![Figure::new(
        format!("live generation of {} models", names.len()),
        "≤ 1.3 × one request",
        format!(
            "{factor:.2} × ({}; the request takes {})",
            ui::seconds(whole),
            ui::seconds(request)
        ),
        factor <= 1.3,
    )])
}

/// How long Odoo takes for the schemas of all models in one request, the sign-in before it included.
fn one_request(bench: &Bench, names: &[String]) -> Result<Duration, Error> {
    let client = Client::new(fetch::connection(&bench.target)?)?;
    let context = Context::new().lang("en_US");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::io("start", "a runtime".as_ref()))?;
    runtime.block_on(async {
        let started = Instant::now();
        client.schemas(names, &context).await?;
        Ok(started.elapsed())
    })
}

fn compile(bench: &mut Bench) -> Result<Vec<Figure>, Error> {
    let config = bench.config()?;
    let snapshot = bench.models()?;
    let (models, fields) = (snapshot.models.len(), count(&snapshot));
    let mut figures = Vec::new();
    let mut peak = None;
    for (profile, name, most) in [
        (Profile::Debug, "debug", 15),
        (Profile::Release, "release", 30),
    ] {
        bench.crate_of(ALL, &snapshot, &config)?;
        let usage = bench.compile(ALL, profile, None)?;
        peak = peak.max(usage.peak);
        figures.push(timed(
            format!("compiling {models} models, {fields} fields: {name}"),
            most,
            &usage,
        ));
    }
    figures.extend(peak.map(|peak| {
        Figure::new(
            "memory of the compiler for these",
            "≤ 1000 MB",
            format!("{} MB", peak / 1_000_000),
            peak <= 1_000_000_000,
        )
    }));
    Ok(figures)
}

fn feature(bench: &mut Bench) -> Result<Vec<Figure>, Error> {
    let config = bench.config()?;
    let snapshot = bench.models()?;
    let mut figures = Vec::new();
    for feature in ["sale_order", "crm_tag"] {
        bench.crate_of(ALL, &snapshot, &config)?;
        let usage = bench.compile(ALL, Profile::Debug, Some(feature))?;
        figures.push(Figure::new(
            format!("compiling {feature} alone: debug"),
            "≤ 1.5 s",
            usage.text(),
            usage.undisturbed() <= Duration::from_millis(1500),
        ));
    }
    Ok(figures)
}

fn scale(bench: &mut Bench) -> Result<Vec<Figure>, Error> {
    let config = Config::parse("[models]\ninclude = [\"*\"]\n")?;
    let mut figures = Vec::new();
    let mut before: Option<(usize, Duration)> = None;
    let mut costs = Vec::new();
    for models in [20, 100, 200, 400] {
        let name = format!("models-{models}");
        let snapshot = synthetic::snapshot(models);
        let fields = count(&snapshot);
        bench.crate_of(&name, &snapshot, &config)?;
        let usage = bench.compile(&name, Profile::Debug, None)?;
        let what = format!("compiling {models} made-up models, {fields} fields: debug");
        figures.push(if models == 400 {
            timed(what, 60, &usage)
        } else {
            Figure::plain(what, usage.text())
        });
        if let Some((fewer, work)) = before {
            let more = usage.work().saturating_sub(work).as_secs_f64() * 1000.0;
            let added = u32::try_from(fields - fewer).unwrap_or(u32::MAX);
            costs.push((models, more / f64::from(added)));
        }
        before = Some((fields, usage.work()));
    }
    // Twice as dear at the end as at the start would be a curve, not noise.
    let lowest = costs.iter().map(|cost| cost.1).fold(f64::MAX, f64::min);
    let last = costs.last().map_or(0.0, |cost| cost.1);
    let text: Vec<String> = costs
        .iter()
        .map(|(models, cost)| format!("{cost:.2} up to {models}"))
        .collect();
    figures.push(Figure::new(
        "processor time for each further field, in ms",
        "constant",
        text.join(", "),
        last < 2.0 * lowest,
    ));
    Ok(figures)
}

/// Builds the examples of the typed API and returns the path of one.
fn example(bench: &Bench, name: &str) -> Result<PathBuf, Error> {
    output(bench.cargo().args([
        "build",
        "--quiet",
        "--locked",
        "--release",
        "--package",
        "typed-tests",
        "--examples",
    ]))?;
    Ok(bench.folder.join("release/examples").join(name))
}

fn decode(bench: &mut Bench) -> Result<Vec<Figure>, Error> {
    let text = output(&mut Command::new(example(bench, "decode")?))?;
    let answer: Value = serde_json::from_str(&text).map_err(|source| Error::Json {
        what: "what the example says".to_owned(),
        source,
    })?;
    let number = |key: &str| answer[key].as_f64().unwrap_or(0.0);
    let (untyped, typed) = (number("untyped_us") / 1000.0, number("typed_us") / 1000.0);
    let factor = typed / untyped;
    Ok(vec![Figure::new(
        format!(
            "decoding {} sale orders of {} fields, {:.1} MB",
            number("records"),
            number("fields"),
            number("bytes") / 1e6
        ),
        "≤ 1.5 × JSON values",
        format!("{factor:.2} × ({typed:.1} ms; JSON values take {untyped:.1} ms)"),
        factor <= 1.5,
    )])
}

fn size(bench: &mut Bench) -> Result<Vec<Figure>, Error> {
    let bytes = |name: &str| {
        let path = example(bench, name)?;
        let about = fs::metadata(&path).map_err(Error::io("look at", &path))?;
        Ok::<u64, Error>(about.len())
    };
    let (without, with) = (bytes("no_models")?, bytes("five_models")?);
    let more = with.saturating_sub(without);
    Ok(vec![Figure::new(
        "stripped binary: five models more than none",
        "< 300 kB",
        format!("{} kB ({} kB without)", more / 1000, without / 1000),
        more < 300_000,
    )])
}

fn timed(what: String, most: u64, usage: &Usage) -> Figure {
    Figure::new(
        what,
        &format!("≤ {most} s"),
        usage.text(),
        usage.undisturbed() <= Duration::from_secs(most),
    )
}

fn count(snapshot: &Snapshot) -> usize {
    snapshot
        .models
        .values()
        .map(|model| model.fields.len())
        .sum()
}
