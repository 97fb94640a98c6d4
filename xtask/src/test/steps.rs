//! The steps of `cargo xtask test`, from the cheapest to the dearest.

use std::path::PathBuf;
use std::process::Command;

use super::end_to_end::{TRUST, WIRE, all_but, end_to_end};
use super::http_server::HttpServer;
use super::runner::{check, colour, tests};
use super::{Context, Outcome, conformance, inspector, nasty};
use crate::audit::cargo_deny;
use crate::cache::Staging;
use crate::checkout::Checkout;
use crate::counts::Counts;
use crate::error::Error;
use crate::machine::Python;
use crate::node::Node;
use crate::own;
use crate::process::output;
use crate::target::Target;
use crate::venv::Venv;

/// One step.
pub(super) struct Step {
    /// What `--only` and `--skip` call it.
    pub(super) name: &'static str,
    /// What it does, in a line.
    pub(super) about: &'static str,
    /// Whether an Odoo must be up for it.
    pub(super) needs_odoo: bool,
    /// The Odoo that it has for itself, so that others do not meet what it does to it.
    pub(super) own_odoo: Option<OwnOdoo>,
    /// The work.
    pub(super) run: fn(&mut Context) -> Result<Outcome, Error>,
}

/// An instance of Odoo beside the usual one.
pub(super) struct OwnOdoo {
    /// Modules of `tests/addons` that are installed in it.
    pub(super) modules: &'static [&'static str],
    /// Whether nobody else's Odoo will do: the step restarts it, or needs the modules.
    pub(super) must_be_ours: bool,
}

impl Step {
    /// The name of its own instance of Odoo.
    pub(super) fn instance(&self) -> String {
        self.name.replace('-', "")
    }

    /// Whether it runs in a process of its own, with an instance of Odoo of its own.
    pub(super) fn is_apart(&self, checkout: &Checkout) -> bool {
        self.own_odoo.is_some() && checkout.instance() != Some(&self.instance())
    }

    /// Whether it works on an Odoo that somebody else runs.
    pub(super) fn takes_any_odoo(&self) -> bool {
        self.own_odoo.as_ref().is_none_or(|own| !own.must_be_ours)
    }
}

/// All steps in order.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        about: "Rust code is formatted",
        needs_odoo: false,
        own_odoo: None,
        run: formatted,
    },
    Step {
        name: "ruff",
        about: "Python code of the module and the tests has no lint",
        needs_odoo: false,
        own_odoo: None,
        run: ruff,
    },
    Step {
        name: "clippy",
        about: "Rust code has no lint",
        needs_odoo: false,
        own_odoo: None,
        run: |context| {
            check(cargo(context).args([
                "clippy",
                "--locked",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]))
        },
    },
    Step {
        name: "deny",
        about: "dependencies: bans, licences, sources",
        needs_odoo: false,
        own_odoo: None,
        run: deny,
    },
    Step {
        name: "unit",
        about: "unit and golden tests",
        needs_odoo: false,
        own_odoo: None,
        run: |context| run_rust_tests(context, RustTests::Unit),
    },
    Step {
        name: "doc",
        about: "examples in the documentation",
        needs_odoo: false,
        own_odoo: None,
        run: |context| {
            tests(cargo(context).args([
                "test",
                "--locked",
                "--workspace",
                "--doc",
                "--no-fail-fast",
            ]))
        },
    },
    Step {
        name: "rustdoc",
        about: "the libraries' documentation has no broken link",
        needs_odoo: false,
        own_odoo: None,
        run: |context| {
            check(
                cargo(context)
                    .args(["doc", "--locked", "--no-deps"])
                    .args(["--package", "butopea-runtime"])
                    .args(["--package", "butopea-generator"])
                    .args(["--package", "butopea-models"])
                    .args(["--package", "nasty-models"])
                    .env("RUSTDOCFLAGS", "-D warnings"),
            )
        },
    },
    Step {
        name: "gen",
        about: "checked-in generated files are what the generator writes",
        needs_odoo: false,
        own_odoo: None,
        run: |context| {
            check(
                own::command()?
                    .args(["gen", "--offline", "--check"])
                    .current_dir(context.checkout.root()),
            )
        },
    },
    Step {
        name: "fuzz",
        about: "what reads other people's bytes holds on inputs that nobody thought of",
        needs_odoo: false,
        own_odoo: None,
        run: |context| {
            tests(
                own::command()?
                    // The same dice for everybody: a change is to answer for what it breaks itself.
                    .args(["fuzz", "--seed", "1", "--jobs", "2"])
                    .current_dir(context.checkout.root()),
            )
        },
    },
    Step {
        name: "module",
        about: "the module's own tests inside Odoo",
        needs_odoo: true,
        own_odoo: None,
        run: module,
    },
    Step {
        name: "typed",
        about: "the typed Rust API on a real Odoo, every generated model",
        needs_odoo: true,
        own_odoo: None,
        run: |context| {
            let target = target(context)?;
            run_rust_tests(context, RustTests::OnOdoo(&target))
        },
    },
    Step {
        name: "conformance",
        about: "the official conformance suite of MCP over HTTP, both eras of the protocol",
        needs_odoo: true,
        own_odoo: None,
        run: conforms,
    },
    Step {
        name: "inspector",
        about: "the MCP Inspector is content with our tools, over either transport",
        needs_odoo: true,
        own_odoo: None,
        run: inspects,
    },
    Step {
        name: "e2e",
        about: "end to end on a real Odoo, current line of the client library",
        needs_odoo: true,
        own_odoo: None,
        run: |context| end_to_end(context, "mcp2", &all_but(&[&[TRUST], WIRE].concat())),
    },
    Step {
        name: "e2e-wire",
        about: "end to end on a real Odoo: HTTP, ways to Odoo that fail, how the server ends",
        needs_odoo: true,
        own_odoo: Some(OwnOdoo {
            modules: &[],
            must_be_ours: false,
        }),
        run: |context| end_to_end(context, "mcp2", WIRE),
    },
    Step {
        name: "e2e-trust",
        about: "end to end on a real Odoo: tries to break consent, rights, writing once, secrecy",
        needs_odoo: true,
        own_odoo: Some(OwnOdoo {
            modules: &[],
            must_be_ours: false,
        }),
        run: |context| end_to_end(context, "mcp2", &[TRUST]),
    },
    Step {
        name: "e2e-mcp1",
        about: "end to end on a real Odoo, line 1 of the client library",
        needs_odoo: true,
        own_odoo: Some(OwnOdoo {
            modules: &[],
            must_be_ours: false,
        }),
        run: |context| end_to_end(context, "mcp1", &[]),
    },
    Step {
        name: "e2e-fastmcp",
        about: "end to end on a real Odoo, the client library fastmcp",
        needs_odoo: true,
        own_odoo: None,
        run: |context| end_to_end(context, "fastmcp", &["e2e/test_fastmcp.py"]),
    },
    Step {
        name: "nasty",
        about: "generate, compile, read, write and serve models that no Odoo should have",
        needs_odoo: true,
        own_odoo: Some(OwnOdoo {
            modules: nasty::MODULES,
            must_be_ours: true,
        }),
        run: nasty::run,
    },
    Step {
        name: "soak",
        about: "sixteen callers for ten minutes while Odoo restarts, beside the other steps",
        needs_odoo: true,
        own_odoo: Some(OwnOdoo {
            modules: &[],
            must_be_ours: true,
        }),
        run: |context| end_to_end(context, "mcp2", &["e2e/test_soak.py"]),
    },
];

/// The package with the models of the nasty module.
const NASTY: &str = "nasty-models";

/// Cargo in the checkout; the one that runs us, if one does.
pub(super) fn cargo(context: &Context) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(context.checkout.root());
    if colour() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command
}

/// The workspace, and that of `fuzz/`, which stands by itself.
fn formatted(context: &mut Context) -> Result<Outcome, Error> {
    let workspace = check(cargo(context).args(["fmt", "--all", "--check"]))?;
    if let Outcome::Failed(..) = workspace {
        return Ok(workspace);
    }
    check(cargo(context).args(["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"]))
}

/// An environment with a pinned tool.
fn tool(context: &Context, name: &str) -> Result<Venv, Error> {
    let python = Python::look(false)?;
    let requirements = context.checkout.requirements(&format!("{name}.txt"));
    Venv::ensure(&context.cache, &python, name, &requirements)
}

fn ruff(context: &mut Context) -> Result<Outcome, Error> {
    let ruff = tool(context, "ruff")?.program("ruff");
    check(
        Command::new(ruff)
            .args(["check", "--no-cache", "addons", "tests"])
            .current_dir(context.checkout.root()),
    )
}

/// Advisories need a database from the network and are checked where that is at hand, by `cargo xtask audit`.
fn deny(context: &mut Context) -> Result<Outcome, Error> {
    check(cargo_deny(&context.cache, &context.checkout)?.args([
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))
}

/// Which of the Rust tests.
#[derive(Clone, Copy)]
pub(super) enum RustTests<'a> {
    /// Those that need nothing.
    Unit,
    /// Those marked `ignore`, which need a running Odoo.
    OnOdoo(&'a Target),
    /// Those marked `ignore` that need the models of the nasty module.
    OnNasty(&'a Target),
}

/// Runs the Rust tests of one kind. Its runner calls the other kinds skipped, and no other test is; so nothing is.
pub(super) fn run_rust_tests(context: &Context, which: RustTests<'_>) -> Result<Outcome, Error> {
    let mut command = rust_tests(context, which);
    if let RustTests::OnOdoo(target) | RustTests::OnNasty(target) = which {
        target.apply(&mut command);
    }
    let without_skipped = |counts| Counts {
        skipped: 0,
        ..counts
    };
    Ok(match tests(&mut command)? {
        Outcome::Passed(counts) => Outcome::Passed(without_skipped(counts)),
        Outcome::Failed(counts, error) => Outcome::Failed(without_skipped(counts), error),
        skipped @ Outcome::Skipped(_) => skipped,
    })
}

/// The Rust tests, by nextest where it is installed. Always of the whole workspace, since the features of one package
/// alone would have most dependencies compiled once more.
fn rust_tests(context: &Context, which: RustTests<'_>) -> Command {
    let has_nextest = output(cargo(context).args(["nextest", "--version"])).is_ok();
    let mut command = cargo(context);
    if has_nextest {
        command.args([
            "nextest",
            "run",
            "--locked",
            "--workspace",
            "--no-fail-fast",
        ]);
        match which {
            RustTests::Unit => &mut command,
            RustTests::OnOdoo(_) => command
                .args(["--run-ignored", "only"])
                .args(["--filterset", &format!("not package({NASTY})")]),
            RustTests::OnNasty(_) => command
                .args(["--run-ignored", "only"])
                .args(["--filterset", &format!("package({NASTY})")]),
        };
        return command;
    }
    command.args(["test", "--locked", "--no-fail-fast"]);
    match which {
        // Examples have their own step, as nextest leaves them out, too.
        RustTests::Unit => command.args(["--workspace", "--lib", "--bins", "--tests"]),
        RustTests::OnOdoo(_) => command.args(["--workspace", "--exclude", NASTY]).args([
            "--test",
            "*",
            "--",
            "--ignored",
        ]),
        RustTests::OnNasty(_) => {
            command
                .args(["--package", NASTY])
                .args(["--test", "*", "--", "--ignored"])
        }
    };
    command
}

fn module(context: &mut Context) -> Result<Outcome, Error> {
    let Some(odoo) = &mut context.odoo else {
        return Ok(Outcome::Skipped(
            "they need a database of their own, so a local Odoo",
        ));
    };
    odoo.target()?;
    tests(
        own::command()?
            .args(["odoo", "test-module"])
            .current_dir(context.checkout.root()),
    )
}

/// Runs the conformance suite on a server that has its fixtures next to our own tools.
fn conforms(context: &mut Context) -> Result<Outcome, Error> {
    let node = Node::ensure(&context.cache, &context.checkout)?;
    let results = staging(context, "conformance")?;
    let (server, _, _) = serve(context, &["--conformance-fixtures"])?;
    conformance::run(&node, &server, results.path())
}

/// Shows the Inspector the tools as every client gets them.
fn inspects(context: &mut Context) -> Result<Outcome, Error> {
    let node = Node::ensure(&context.cache, &context.checkout)?;
    let folder = staging(context, "inspector")?;
    let (server, program, target) = serve(context, &[])?;
    inspector::run(&node, &program, &target, &server, folder.path())
}

/// A folder for the files of a step; runs in one checkout exclude one another.
fn staging(context: &Context, name: &str) -> Result<Staging, Error> {
    let name = format!("{name}-{}", context.checkout.key());
    context.cache.staging(&name)
}

/// Our server over HTTP in front of the Odoo under test, with the program and that Odoo.
fn serve(context: &mut Context, options: &[&str]) -> Result<(HttpServer, PathBuf, Target), Error> {
    let program = build_server(context)?;
    let target = target(context)?;
    let mut command = Command::new(&program);
    command.args(options).current_dir(context.checkout.root());
    target.apply(&mut command);
    let server = HttpServer::start(command, staging(context, "server")?)?;
    Ok((server, program, target))
}

pub(super) fn target(context: &mut Context) -> Result<Target, Error> {
    match &mut context.odoo {
        Some(odoo) => odoo.target(),
        None => Ok(context.args.target.clone()),
    }
}

/// Builds the server and returns the binary's path. All binaries of the workspace are built, with the features that
/// the tests were built with, so that little is left to compile.
pub(super) fn build_server(context: &Context) -> Result<PathBuf, Error> {
    let mut build = cargo(context);
    build.args(["build", "--quiet", "--locked", "--workspace", "--bins"]);
    let profile = if context.args.release {
        build.arg("--release");
        "release"
    } else {
        "debug"
    };
    if let Outcome::Failed(_, error) = check(&mut build)? {
        return Err(error);
    }
    Ok(own::target_folder(&context.checkout)?
        .join(profile)
        .join("butopea-mcp-server"))
}
