//! The workspace's own commands: `cargo xtask demo` (the whole once through), `cargo xtask odoo` (a real Odoo at hand),
//! `cargo xtask gen` (typed models from it), `cargo xtask test` (everything that must hold before a change goes in), `cargo xtask fuzz`
//! (inputs that nobody thought of) and `cargo xtask bench` (what it all costs).
//!
//! Nothing here is part of the product. What a library should do is in the libraries; this crate only puts programs
//! together.

mod audit;
mod bench;
mod cache;
mod checkout;
mod counts;
mod demo;
mod error;
mod fuzz;
mod generate;
mod hash;
mod machine;
mod node;
mod odoo;
mod own;
mod process;
mod target;
mod test;
mod ui;
mod venv;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::Error;

/// Development commands of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

/// One development command.
#[derive(Debug, Subcommand)]
enum Task {
    /// The whole once through, to watch: a real Odoo, generate from it, list and call the tools
    Demo(demo::DemoArgs),
    /// A real Odoo for this checkout: install, start, look into, stop
    Odoo(odoo::OdooArgs),
    /// Generate typed models from a live Odoo, or check that they are up to date
    Gen(generate::GenArgs),
    /// Run every check and test, as CI does
    Test(test::TestArgs),
    /// Look for known weaknesses of what we build and test with; needs the network
    Audit,
    /// Look for inputs on which something does not hold: targets in `fuzz/`, guided by coverage
    Fuzz(fuzz::FuzzArgs),
    /// Measure what generating, compiling and using models costs
    Bench(bench::BenchArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Task::Demo(args) => demo::run(&args),
        Task::Odoo(args) => odoo::run(args).map(|()| ExitCode::SUCCESS),
        Task::Gen(args) => generate::run(&args),
        Task::Test(args) => test::run(args),
        Task::Audit => audit::run().map(|()| ExitCode::SUCCESS),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Bench(args) => bench::run(&args),
    };
    outcome.unwrap_or_else(|error: Error| {
        ui::note(format_args!("error: {error}"));
        ExitCode::FAILURE
    })
}
