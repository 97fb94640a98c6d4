use serde_json::json;

use super::*;
use crate::instance::ModelsFile;
use crate::schema::Patterns;

const MODELS: &str = r#"
    [fields]
    "a.order" = ["note", "nothing"]
    [profiles.default]
    tools = ["b.thing:search", "a.order:search,create,action_done"]
"#;

fn file(model: &str) -> SchemaFile {
    let schema = ModelSchema::from_wire(&json!({
        "model": model, "label": "Thing", "rec_name": "name",
        "access": {"read": true, "write": true, "create": true, "unlink": true},
        "fields": {"name": {"type": "char", "views": ["form"]}, "note": {"type": "char"}},
        "actions": [{"method": "action_done"}],
    }));
    SchemaFile::build(schema.unwrap(), &|_| None)
}

fn selection() -> Selection {
    let file = ModelsFile::parse(MODELS).unwrap();
    Selection {
        profile: Profile::choose::<&str>(&file, &[]).unwrap(),
        ..Selection::default()
    }
}

fn catalogue(selection: &Selection) -> Catalogue {
    let files = vec![file("c.other"), file("a.order"), file("b.thing")];
    Catalogue::assemble(files, selection).unwrap()
}

fn typed(catalogue: &Catalogue) -> Vec<&str> {
    let names = catalogue.names();
    names.filter(|name| !name.starts_with("odoo_")).collect()
}

fn patterns(texts: &[&str]) -> Patterns {
    Patterns::new(texts).unwrap()
}

#[test]
fn models_that_differ_in_dots_alone_have_tools_of_their_own() {
    let all = Selection {
        models: patterns(&["*"]),
        ..selection()
    };
    let files = || vec![file("x.a_b"), file("odoo"), file("x.a.b")];
    let catalogue = Catalogue::assemble(files(), &all).unwrap();
    assert_eq!(catalogue.len(), GenericTool::ALL.len() + 3 * 8);
    let of = |name: &str| match catalogue.target(name) {
        Some(Target::Typed { model, .. }) => model.clone(),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(of("x_a_b_search"), "x.a.b");
    let other = distinct_tool_name("x.a_b", &Operation::Search);
    assert_eq!(of(&other), "x.a_b");
    assert_eq!(of("odoo_aggregate"), "odoo");
    assert_eq!(of(&distinct_tool_name("odoo", &Operation::Search)), "odoo");
    // The names do not hang on what is served.
    let one = Selection {
        models: patterns(&["x.a_b"]),
        ..selection()
    };
    let catalogue = Catalogue::assemble(files(), &one).unwrap();
    assert!(catalogue.tool(&other).is_some() && catalogue.tool("x_a_b_search").is_none());
}

#[test]
fn the_profile_gives_the_order() {
    let catalogue = catalogue(&selection());
    assert_eq!(catalogue.len(), 17);
    assert_eq!(
        typed(&catalogue),
        [
            "b_thing_search",
            "a_order_search",
            "a_order_create",
            "a_order_action_done"
        ]
    );
}

#[test]
fn options_choose_exclude_and_restrict() {
    let chosen = Selection {
        models: patterns(&["c.*"]),
        exclude: patterns(&["c_other_*_done", "*_delete", "a_*"]),
        read_only: true,
        ..selection()
    };
    let catalogue = catalogue(&chosen);
    assert_eq!(
        typed(&catalogue),
        [
            "b_thing_search",
            "c_other_search",
            "c_other_read",
            "c_other_count",
            "c_other_aggregate"
        ]
    );
    assert!(catalogue.tool("odoo_create").is_none());
}

#[test]
fn named_tools_come_from_everything_that_exists() {
    let chosen = Selection {
        tools: patterns(&["c_other_delete", "odoo_search", "b_*_count"]),
        ..selection()
    };
    let catalogue = catalogue(&chosen);
    let names: Vec<&str> = catalogue.names().collect();
    assert_eq!(names, ["odoo_search", "b_thing_count", "c_other_delete"]);
}

#[test]
fn a_read_only_server_knows_what_it_refuses() {
    let chosen = Selection {
        tools: patterns(&["odoo_delete"]),
        read_only: true,
        ..selection()
    };
    let catalogue = catalogue(&chosen);
    assert!(catalogue.is_empty());
    for name in ["odoo_delete", "odoo_create", "c_other_action_done"] {
        let target = catalogue.target(name).unwrap();
        assert!(!target.is_read_only(), "{name}");
        assert!(catalogue.tool(name).is_none(), "{name}");
    }
    assert!(catalogue.target("odoo_search").is_none());
}

#[test]
fn what_does_not_exist_is_refused_at_start() {
    let chosen = Selection {
        exclude: patterns(&["a_ordr_*"]),
        ..selection()
    };
    let error = Catalogue::assemble(vec![file("a.order")], &chosen).err();
    assert!(error.unwrap().message().contains("did you mean a_order_*?"));
    assert!(Catalogue::generic(&chosen).is_err());
}

#[test]
fn chosen_fields_come_first_and_unknown_ones_do_not_matter() {
    let catalogue = catalogue(&selection());
    let create = catalogue.tool("a_order_create").unwrap();
    let values = &create.input_schema["properties"]["values"]["properties"];
    let names: Vec<&String> = values.as_object().unwrap().keys().collect();
    assert_eq!(names, ["note", "name"]);
    let schema = catalogue.generated_schema("a.order").unwrap();
    assert_eq!(schema.summary_fields(), ["note"]);
    let other = catalogue.generated_schema("b.thing").unwrap();
    assert_eq!(other.summary_fields(), ["name"]);
}
