//! Keeps the process's memory, which holds passwords and keys, out of files and other programs.

/// Makes the process one that writes no core dump and that other programs of the same user can
/// neither read nor trace (Linux; elsewhere nothing is done). An administrator of the machine
/// still can.
pub fn protect_memory() {
    #[cfg(target_os = "linux")]
    for (what, outcome) in [
        ("core dumps are not switched off", no_core_dumps()),
        ("the memory is not closed to other programs", not_dumpable()),
    ] {
        if let Err(error) = outcome {
            tracing::warn!("{what}: {error}");
        }
    }
}

#[cfg(target_os = "linux")]
fn no_core_dumps() -> rustix::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)
}

/// A dump can also be taken by a program that the kernel hands it to, whatever the limit
/// (`core_pattern`); and `/proc/PID/mem` and `environ` belong to root from here on.
#[cfg(target_os = "linux")]
fn not_dumpable() -> rustix::io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}
