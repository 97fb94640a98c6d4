//! What a program costs: time, processor time and memory, those of its children included.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::process::failed;
use crate::ui;

/// How often the children's memory is looked at; the kernel keeps the peak of each, so only the last moments of one
/// can be missed.
const LOOK: Duration = Duration::from_millis(15);

/// Linux counts processor time in hundredths of a second for programs to read, whatever the kernel itself uses
/// (proc(5), `sysconf(_SC_CLK_TCK)`).
const TICK: Duration = Duration::from_millis(10);

/// What a program took.
pub(super) struct Usage {
    /// From start to end.
    pub(super) wall: Duration,
    /// Of all its processes; `None` where the system does not tell.
    pub(super) cpu: Option<Duration>,
    /// Bytes, of its largest process; `None` where the system does not tell.
    pub(super) peak: Option<u64>,
}

impl Usage {
    /// `3.2 s (5.0 s of processor time, 640 MB)`.
    pub(super) fn text(&self) -> String {
        let mut more = Vec::new();
        if let Some(cpu) = self.cpu {
            more.push(format!("{} of processor time", ui::seconds(cpu)));
        }
        if let Some(peak) = self.peak {
            more.push(format!("{} MB", peak / 1_000_000));
        }
        if more.is_empty() {
            ui::seconds(self.wall)
        } else {
            format!("{} ({})", ui::seconds(self.wall), more.join(", "))
        }
    }

    /// What it would about take on a machine that does nothing else: not more than its processor time, for on two
    /// processors it waits for little but these.
    pub(super) fn undisturbed(&self) -> Duration {
        self.wall.min(self.work())
    }

    /// Processor time; time, where that is not known.
    pub(super) fn work(&self) -> Duration {
        self.cpu.unwrap_or(self.wall)
    }
}

/// Runs a program to its end without input; what it says on standard error is shown.
pub(super) fn run(command: &mut Command) -> Result<Usage, Error> {
    let before = children_time();
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .map_err(|source| Error::Spawn {
            program: command.get_program().to_string_lossy().into_owned(),
            source,
        })?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(largest(child.id()));
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => std::thread::sleep(LOOK),
            Err(error) => return Err(Error::io("wait for", command.get_program().as_ref())(error)),
        }
    };
    let wall = started.elapsed();
    if !status.success() {
        return Err(failed(command, &status.to_string(), ""));
    }
    Ok(Usage {
        wall,
        cpu: before
            .zip(children_time())
            .map(|(before, after)| after.saturating_sub(before)),
        peak: (peak > 0).then_some(peak),
    })
}

/// The processor time of all children that ended, and of theirs (`cutime` and `cstime` of proc(5)).
fn children_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name and may hold anything, so count from its end.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(13);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

/// The peak of resident memory of the largest process below this one, in bytes.
fn largest(process: u32) -> u64 {
    let own = peak_of(process).unwrap_or(0);
    children_of(process)
        .into_iter()
        .map(largest)
        .fold(own, u64::max)
}

fn peak_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// The children of all threads of a process.
fn children_of(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|ids| {
            ids.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_children_are_counted() {
        let script = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let usage = run(Command::new("sh").args(["-c", script])).unwrap();
        assert!(usage.wall > Duration::from_millis(20));
        if cfg!(target_os = "linux") {
            assert!(usage.cpu.unwrap() > Duration::ZERO);
            assert!(usage.peak.unwrap() > 100_000);
        }
        assert!(run(Command::new("sh").args(["-c", "exit 3"])).is_err());
    }
}
