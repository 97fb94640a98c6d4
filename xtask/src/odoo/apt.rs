//! Fetching Debian packages of the suite `sid` without touching the machine's own apt: private lists, private cache,
//! private configuration.
//!
//! The archive's address, its keys and the proxy come from the machine's own apt settings, so this works behind any
//! mirror and no host is named here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::{make_folder, remove_folder};
use crate::error::Error;
use crate::process::output;

/// The suite that carries Odoo; on a stable Debian it is not among the machine's sources.
const SUITE: &str = "sid";

/// A private apt state.
#[derive(Debug)]
pub(crate) struct Apt {
    folder: PathBuf,
}

/// A package as the archive has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The package's name.
    pub(crate) name: String,
    /// Debian's version.
    pub(crate) version: String,
    /// Fonts and scripts that it links to from its own folders.
    pub(crate) assets: Vec<String>,
}

impl Apt {
    /// Sets the private state up in `folder` and reads the archive's list of packages.
    pub(crate) fn update(folder: &Path) -> Result<Self, Error> {
        let apt = Self {
            folder: folder.to_owned(),
        };
        for below in ["lists/partial", "cache/archives/partial", "sources", "log"] {
            make_folder(&folder.join(below))?;
        }
        let settings = output(Command::new("apt-config").arg("dump"))?;
        write(
            &folder.join("apt.conf"),
            &private_settings(&settings, folder),
        )?;
        let (name, source) = machine_source(Path::new("/etc/apt"))?;
        remove_folder(&folder.join("sources"))?;
        make_folder(&folder.join("sources"))?;
        write(&folder.join("sources").join(name), &source)?;
        output(apt.command("apt-get").args(["--quiet", "update"]))?;
        Ok(apt)
    }

    /// The newest `odoo-NN` of the archive.
    pub(crate) fn newest_odoo(&self) -> Result<Candidate, Error> {
        let found =
            output(
                self.command("apt-cache")
                    .args(["search", "--names-only", "^odoo-[0-9]+$"]),
            )?;
        let name = newest(&found).ok_or(Error::NoOdooPackage)?;
        let shown = output(
            self.command("apt-cache")
                .args(["show", "--no-all-versions", &name]),
        )?;
        parse_candidate(&name, &shown).ok_or(Error::NoOdooPackage)
    }

    /// Downloads packages into `folder`.
    pub(crate) fn download(&self, names: &[&str], folder: &Path) -> Result<(), Error> {
        output(
            self.command("apt-get")
                .args(["--quiet", "download"])
                .args(names)
                .current_dir(folder),
        )
        .map(drop)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("APT_CONFIG", self.folder.join("apt.conf"))
            .env("LC_ALL", "C");
        command
    }
}

fn write(path: &Path, content: &str) -> Result<(), Error> {
    fs::write(path, content).map_err(Error::io("write", path))
}

/// The machine's effective apt settings, less its hooks (which clean up or refresh system folders) and additional
/// downloads, with every folder that apt writes to turned to ours.
fn private_settings(dump: &str, folder: &Path) -> String {
    let left_out = [
        "APT::Update::",
        "DPkg::",
        "Acquire::IndexTargets",
        "Binary",
        "CommandLine",
    ];
    let mut text: String = dump
        .lines()
        .filter(|line| !left_out.iter().any(|prefix| line.starts_with(prefix)))
        .flat_map(|line| [line, "\n"])
        .collect();
    let place = |below: &str| folder.join(below).display().to_string();
    for (name, value) in [
        ("Dir::State::lists", place("lists")),
        ("Dir::Cache", place("cache")),
        ("Dir::Log", place("log")),
        ("Dir::Etc::sourcelist", "/dev/null".into()),
        ("Dir::Etc::sourceparts", place("sources")),
        ("Dir::Etc::main", "/dev/null".into()),
        ("Dir::Etc::parts", "/dev/null".into()),
        // The account `_apt` cannot enter a private folder, and root needs no help to fetch a file.
        ("APT::Sandbox::User", "root".into()),
        ("APT::Get::List-Cleanup", "1".into()),
    ] {
        text.push_str(&format!("{name} \"{value}\";\n"));
    }
    text
}

/// File name and content of a private source: the machine's own entry for a Debian archive, turned to [`SUITE`].
fn machine_source(etc: &Path) -> Result<(&'static str, String), Error> {
    let mut files: Vec<PathBuf> = fs::read_dir(etc.join("sources.list.d"))
        .map(|entries| {
            entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .collect()
        })
        .unwrap_or_default();
    files.push(etc.join("sources.list"));
    files.sort();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("sources") => {
                if let Some(stanza) = text.split("\n\n").find_map(turn_stanza) {
                    return Ok(("odoo.sources", stanza));
                }
            }
            Some("list") => {
                if let Some(line) = text.lines().find_map(turn_line) {
                    return Ok(("odoo.list", line));
                }
            }
            _ => {}
        }
    }
    Err(Error::NoDebianSource)
}

/// Whether the suites of an entry are those of a Debian release itself, not of its security updates or of a vendor.
fn is_release(suites: &str) -> bool {
    const RELEASES: [&str; 11] = [
        "stable",
        "testing",
        "unstable",
        "oldstable",
        "sid",
        "bullseye",
        "bookworm",
        "trixie",
        "forky",
        "duke",
        "experimental",
    ];
    suites
        .split_whitespace()
        .any(|suite| RELEASES.contains(&suite))
}

/// Turns one stanza of a deb822 source (sources.list(5)) to our suite; `None` when it is not a Debian archive's.
fn turn_stanza(stanza: &str) -> Option<String> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in stanza.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with([' ', '\t']) {
            let (_, value) = fields.last_mut()?;
            value.push('\n');
            value.push_str(line);
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_owned(), value.to_owned()));
        }
    }
    let field = |wanted: &str| {
        fields
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim().to_owned())
    };
    let disabled = field("Enabled").is_some_and(|value| value.eq_ignore_ascii_case("no"));
    let has_main = field("Components")?
        .split_whitespace()
        .any(|component| component == "main");
    let is_binary = field("Types")?.split_whitespace().any(|kind| kind == "deb");
    if disabled || !has_main || !is_binary || !is_release(&field("Suites")?) {
        return None;
    }
    let turned = fields.iter().map(|(name, value)| {
        let value = match name.to_ascii_lowercase().as_str() {
            "suites" => format!(" {SUITE}"),
            "components" => " main".to_owned(),
            "types" => " deb".to_owned(),
            _ => value.clone(),
        };
        format!("{name}:{value}\n")
    });
    Some(turned.collect())
}

/// Turns one line of an old-style source to our suite; `None` when it is not a Debian archive's.
fn turn_line(line: &str) -> Option<String> {
    let rest = line.trim().strip_prefix("deb ")?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (options, rest) = rest.split_once(']')?;
            (format!("[{options}] "), rest)
        }
        None => (String::new(), rest),
    };
    let mut words = rest.split_whitespace();
    let (address, suite) = (words.next()?, words.next()?);
    (is_release(suite) && words.any(|component| component == "main"))
        .then(|| format!("deb {options}{address} {SUITE} main\n"))
}

/// The `odoo-NN` with the greatest number in the output of `apt-cache search`.
fn newest(found: &str) -> Option<String> {
    let number = |name: &str| name.strip_prefix("odoo-")?.parse::<u32>().ok();
    found
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| number(name).is_some())
        .max_by_key(|name| number(name))
        .map(str::to_owned)
}

fn parse_candidate(name: &str, shown: &str) -> Option<Candidate> {
    let field = |wanted: &str| {
        shown
            .lines()
            .find_map(|line| line.strip_prefix(wanted)?.strip_prefix(": "))
    };
    // Of alternatives the first; versions do not matter, since all come from one suite.
    let assets = field("Depends")
        .unwrap_or_default()
        .split(',')
        .filter_map(|dependency| dependency.split_whitespace().next())
        .filter(|package| {
            ["fonts-", "libjs-"]
                .iter()
                .any(|prefix| package.starts_with(prefix))
        })
        .map(str::to_owned)
        .collect();
    Some(Candidate {
        name: name.to_owned(),
        version: field("Version")?.to_owned(),
        assets,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANZAS: &str = "Types: deb\nURIs: mirror+file:/etc/apt/security.list\nSuites: bookworm-security\n\
                           Components: main\n\n# the archive\nTypes: deb deb-src\nURIs: mirror+file:/etc/apt/main.list\n\
                           Suites: bookworm\n bookworm-updates\nComponents: main contrib\nSigned-By:\n -----BEGIN\n .\n -----END\n";

    #[test]
    fn the_archives_stanza_keeps_its_address_and_keys() {
        let turned = STANZAS.split("\n\n").find_map(turn_stanza).unwrap();
        assert_eq!(
            turned,
            "Types: deb\nURIs: mirror+file:/etc/apt/main.list\nSuites: sid\nComponents: main\n\
             Signed-By:\n -----BEGIN\n .\n -----END\n"
        );
    }

    #[test]
    fn vendors_and_disabled_stanzas_are_passed_over() {
        assert_eq!(
            turn_stanza("Types: deb\nURIs: file:/x\nSuites: nodistro\nComponents: main"),
            None
        );
        assert_eq!(
            turn_stanza("Enabled: no\nTypes: deb\nURIs: file:/x\nSuites: trixie\nComponents: main"),
            None
        );
    }

    #[test]
    fn old_style_lines_keep_their_options() {
        assert_eq!(
            turn_line("deb [arch=amd64 signed-by=/k.gpg] file:/x bookworm main non-free").unwrap(),
            "deb [arch=amd64 signed-by=/k.gpg] file:/x sid main\n"
        );
        assert_eq!(
            turn_line("deb file:/x stable main").unwrap(),
            "deb file:/x sid main\n"
        );
        assert_eq!(turn_line("# deb file:/x stable main"), None);
        assert_eq!(turn_line("deb file:/x bookworm-security main"), None);
        assert_eq!(turn_line("deb-src file:/x stable main"), None);
    }

    #[test]
    fn the_newest_odoo_is_the_greatest_number() {
        let found = "odoo-9 - old\nodoo-19 - Open Source Apps\nodoo-18 - Open Source Apps\nodoo-extra - no\n";
        assert_eq!(newest(found).unwrap(), "odoo-19");
        assert_eq!(newest(""), None);
    }

    #[test]
    fn a_candidate_brings_its_fonts_and_scripts() {
        let shown = "Package: odoo-19\nVersion: 19.0.0+dfsg-1\n\
                     Depends: python3-lxml (>= 4), fonts-dejavu-core | fonts-freefont-ttf, libjs-jquery, adduser\n";
        let candidate = parse_candidate("odoo-19", shown).unwrap();
        assert_eq!(candidate.version, "19.0.0+dfsg-1");
        assert_eq!(candidate.assets, ["fonts-dejavu-core", "libjs-jquery"]);
    }

    #[test]
    fn private_settings_drop_hooks_and_keep_the_proxy() {
        let dump =
            "Acquire::http::Proxy \"p\";\nAPT::Update::Post-Invoke:: \"rm -f /var/cache/apt/x\";\n";
        let text = private_settings(dump, Path::new("/c/apt"));
        assert!(text.contains("Acquire::http::Proxy \"p\";"));
        assert!(!text.contains("Post-Invoke"));
        assert!(text.contains("Dir::State::lists \"/c/apt/lists\";"));
    }
}
