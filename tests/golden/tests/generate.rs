//! The generator on the nasty schema: the checked-in output is fresh, the same on every run,
//! written whole, and named as expected.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use butopea_generator::{Config, Generated, Snapshot, diff, emit, generate};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn config() -> Config {
    Config::parse(&fs::read_to_string(root().join("models.toml")).unwrap()).unwrap()
}

fn generated() -> Generated {
    generate(&Snapshot::read(&root()).unwrap(), &config()).unwrap()
}

/// A folder of this test's own.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn the_checked_in_output_is_fresh() {
    let generated = generated();
    let difference = generated.output.diff(&root()).unwrap();
    assert!(
        difference.is_empty(),
        "run `cargo xtask gen --offline --out tests/golden`:\n{difference}"
    );
    let path = root().join("Cargo.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    assert_eq!(
        emit::with_features(&manifest, &generated.package, &path).unwrap(),
        manifest
    );
}

#[test]
fn two_runs_give_the_same_bytes() {
    assert_eq!(generated().output, generated().output);
    // What is written is also what is read back.
    let folder = scratch("same-bytes");
    generated().output.write(&folder).unwrap();
    let again = generate(&Snapshot::read(&folder).unwrap(), &config()).unwrap();
    assert_eq!(again.output, generated().output);
    assert!(again.output.changes(&folder).unwrap().is_empty());
}

#[test]
fn stale_files_go_and_others_stay() {
    let folder = scratch("stale");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/gone.rs"), "old").unwrap();
    fs::write(folder.join("README.md"), "mine").unwrap();
    let changes = generated().output.write(&folder).unwrap();
    assert_eq!(changes.removed, [PathBuf::from("src/gone.rs")]);
    assert!(!folder.join("src/gone.rs").exists());
    assert!(folder.join("README.md").exists());
    assert!(folder.join("src/lib.rs").exists());
}

#[test]
fn a_killed_run_is_finished_or_forgotten() {
    let output = generated().output;
    // Killed while the files were put together: nothing of it counts.
    let folder = scratch("killed-early");
    fs::create_dir_all(folder.join(".generating/src")).unwrap();
    fs::write(folder.join(".generating/src/lib.rs"), "half").unwrap();
    butopea_generator::recover(&folder).unwrap();
    assert!(!folder.join("src").exists() && !folder.join(".generating").exists());
    // Killed while the files took their places: the next run goes on.
    let folder = scratch("killed-late");
    output.write(&folder).unwrap();
    fs::create_dir_all(folder.join(".generating/src")).unwrap();
    fs::write(folder.join(".generating/src/new.rs"), "new").unwrap();
    fs::write(
        folder.join(".generating/READY"),
        "put src/already_there.rs\nput src/new.rs\ndelete src/plain.rs\n",
    )
    .unwrap();
    butopea_generator::recover(&folder).unwrap();
    assert_eq!(
        fs::read_to_string(folder.join("src/new.rs")).unwrap(),
        "new"
    );
    assert!(!folder.join("src/plain.rs").exists());
}

#[test]
fn odd_things_are_said_with_file_and_mend() {
    let said: Vec<String> = generated()
        .diagnostics
        .iter()
        .map(ToString::to_string)
        .collect();
    for expected in [
        "snapshot/nasty.thing.json: weird: has the unknown type `quantum`",
        "snapshot/nasty.thing.json: state: has the option `draft` twice",
        "snapshot/nasty.thing.json: lost_id: is a relation without a target",
        "snapshot/nasty.a_b.json: wants the module `nasty_a_b` as nasty.a.b does",
        "snapshot/nasty.thing.json: [profiles.default.fields]: names `stat`, which the user of \
         the snapshot does not see (did you mean `state`?)",
    ] {
        assert!(
            said.iter().any(|line| line.starts_with(expected)),
            "{expected}: {said:#?}"
        );
    }
}

#[test]
fn names_are_the_expected_ones() {
    let package = generated().package;
    let thing = package
        .models
        .iter()
        .find(|model| model.wire == "nasty.thing")
        .unwrap();
    let idents: BTreeMap<&str, &str> = thing
        .fields
        .iter()
        .map(|field| (field.wire.as_str(), field.ident.as_str()))
        .collect();
    assert_eq!(idents["posX"], "position_x");
    assert_eq!(
        (idents["posx"], idents["type"], idents["self_"]),
        ("posx", "type", "self_")
    );
    assert_eq!(idents["self"], "self_2");
    assert!(!idents.contains_key("secret"));
    let modules: Vec<&str> = package
        .models
        .iter()
        .map(|model| model.module.as_str())
        .collect();
    assert_eq!(
        modules,
        [
            "a_b_c",
            "other_abc",
            "action_",
            "field",
            "nasty_a_b",
            "nasty_a_b2",
            "nasty_empty",
            "nasty_thing",
            "plain"
        ]
    );
    let actions: Vec<&str> = thing
        .actions
        .iter()
        .map(|action| action.ident.as_str())
        .collect();
    assert_eq!(
        actions,
        [
            "Action2",
            "ActionConfirm",
            "ButtonConfirm",
            "ToggleActive",
            "Type"
        ]
    );
}

#[test]
fn differences_are_told_by_meaning() {
    let old = Snapshot::read(&root()).unwrap();
    let mut new = old.clone();
    let thing = new.models.get_mut("nasty.thing").unwrap();
    thing.fields.remove("note");
    thing
        .fields
        .insert("x_priority".into(), thing.fields["priority"].clone());
    thing.fields.get_mut("name").unwrap().required = false;
    let state = thing
        .fields
        .get_mut("state")
        .unwrap()
        .selection
        .as_mut()
        .unwrap();
    state.retain(|option| option.key.to_string() != "done");
    let mut hold = state[0].clone();
    hold.key = butopea_runtime::schema::SelectionKey::Text("hold".into());
    state.push(hold);
    thing
        .actions
        .retain(|action| action.method != "toggle_active");
    thing.access.unlink = false;
    new.models.remove("plain");
    new.manifest.odoo_series = Some("20.0".into());
    let difference = diff::difference(&old, &new, &config());
    assert_eq!(
        difference.to_string(),
        "\
note: Odoo was unknown and is 20.0
nasty.thing: ~ access: the user may no longer unlink
    breaks tool nasty_thing_delete
nasty.thing: ~ name: is no longer required
nasty.thing: - field note (text)
    breaks nasty_thing::F.note
    breaks nasty_thing::Record::note
nasty.thing: ~ state: + hold, - done
    breaks nasty_thing::State::Finished
nasty.thing: + field x_priority (selection)
nasty.thing: - action toggle_active
    breaks nasty_thing::action::ToggleActive
    breaks tool nasty_thing_toggle_active
plain: - the model
    breaks module plain
    breaks its tools
"
    );
    assert!(diff::difference(&old, &old, &config()).is_empty());
}
