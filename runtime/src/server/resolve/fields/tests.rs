use super::*;

fn schema() -> ModelSchema {
    let fields = json!({
        "display_name": {"type": "char", "searchable": true},
        "name": {"type": "char", "store": true},
        "default_code": {"type": "char", "store": true},
        "barcode": {"type": "char", "store": true},
        "code": {"type": "char"},
        "ref": {"type": "selection", "store": true},
        "active": {"type": "boolean", "store": true},
    });
    ModelSchema::from_wire(&json!({
        "model": "product.product", "rec_name": "name", "fields": fields
    }))
    .unwrap()
}

fn fields() -> NameFields {
    NameFields::of(Some(&schema()))
}

fn row(id: i64, display: &str, name: &str, code: &str) -> RawRecord {
    let row = json!({
        "id": id, "display_name": display, "name": name, "default_code": code, "active": true
    });
    let Value::Object(row) = row else {
        panic!("an object")
    };
    row
}

fn archived(mut row: RawRecord) -> RawRecord {
    row.insert("active".to_owned(), json!(false));
    row
}

fn rows() -> Vec<RawRecord> {
    vec![
        row(1, "[A] Chair", "Chair", "A"),
        row(2, "[B] Chair", "Chair", "B"),
        row(3, "Desk", "Desk", ""),
        row(4, "[C] Desk", "Desk", "C"),
        row(5, "3", "3", ""),
        row(6, "[Desk] Lamp", "Lamp", "Desk"),
        archived(row(7, "Old", "Old", "O")),
        archived(row(8, "Desk", "Desk", "")),
        row(9, "[6] Mat", "Mat", "6"),
    ]
}

fn settled(text: &str) -> Settled {
    fields().settle(&rows(), &NameText::of(text))
}

fn ids(candidates: &[Candidate]) -> Vec<i64> {
    candidates.iter().map(|candidate| candidate.id).collect()
}

fn exact(text: &str) -> Vec<i64> {
    match settled(text) {
        Settled::Found(NameMatch::Exact(found)) => ids(&found),
        Settled::Open(_) => Vec::new(),
        other @ Settled::Found(_) => panic!("{text}: {other:?}"),
    }
}

#[test]
fn codes_are_searchable_texts() {
    let fields = fields();
    assert_eq!(fields.names, ["display_name", "name"]);
    assert_eq!(fields.codes, ["default_code", "barcode"]);
    assert_eq!(
        fields.read(),
        ["display_name", "name", "default_code", "barcode", "active"]
    );
}

#[test]
fn a_display_name_goes_before_a_name_and_that_before_a_code() {
    assert_eq!(exact("[A] Chair"), [1]);
    assert_eq!(exact("Chair"), [1, 2]);
    assert_eq!(exact("Desk"), [3], "and neither 4 by name nor 6 by code");
    assert_eq!(exact("C"), [4]);
    assert_eq!(exact("[C] desk"), Vec::<i64>::new());
    assert!(exact("chair").is_empty() && exact("Cha").is_empty());
}

#[test]
fn a_code_and_a_name_are_one_record_also_where_no_name_shows_both() {
    let rows = [row(4, "Current Assets", "Current Assets", "101000")];
    let by = |text: &str| fields().settle(&rows, &NameText::of(text));
    let found = Settled::Found(NameMatch::Exact(vec![Candidate::new(4, "Current Assets")]));
    assert_eq!(by("101000 Current Assets"), found);
    assert_eq!(by("[101000] Current Assets"), found);
    assert_eq!(by("101000"), found);
    assert_eq!(by("101000 Other Assets"), Settled::Open(Vec::new()));
}

#[test]
fn a_number_is_an_id_where_no_record_has_it_as_a_name() {
    assert_eq!(exact("4"), [4]);
    assert_eq!(exact("7"), [7], "archived ones are reached by id");
    assert_eq!(exact("5"), [5]);
    for (text, by_name, by_id) in [("3", 5, 3), ("6", 9, 6)] {
        let Settled::Found(NameMatch::NameOrId(named, other)) = settled(text) else {
            panic!("{text} has two meanings")
        };
        assert_eq!((ids(&named), other.id), (vec![by_name], by_id));
    }
    assert_eq!(settled("99"), Settled::Open(Vec::new()));
}

#[test]
fn a_record_as_answers_show_it_is_the_one_with_its_id() {
    assert_eq!(exact("Chair (2)"), [2]);
    assert_eq!(exact("[B] Chair (2)"), [2]);
    assert_eq!(exact("“[b]  chair” (2)"), [2]);
    assert_eq!(exact("[B] Ch… (2)"), [2], "as a long one is shown");
    assert_eq!(
        settled("Chair (3)"),
        Settled::Found(NameMatch::OtherName(Candidate::new(3, "Desk")))
    );
    assert_eq!(settled("Chair (99)"), Settled::Open(Vec::new()));
    let shown = [
        row(1, "Chair (2)", "Chair (2)", ""),
        row(2, "Chair", "Chair", ""),
    ];
    let by = |text: &str| fields().settle(&shown, &NameText::of(text));
    assert!(matches!(
        by("Chair (2)"),
        Settled::Found(NameMatch::NameOrId(..))
    ));
    let shown = [
        row(1, "Chair (2)", "Chair (2)", ""),
        row(2, "Desk", "Desk", ""),
    ];
    let by = |text: &str| fields().settle(&shown, &NameText::of(text));
    let found = Settled::Found(NameMatch::Exact(vec![Candidate::new(1, "Chair (2)")]));
    assert_eq!(by("Chair (2)"), found, "2 is another one");
}

#[test]
fn an_archived_record_is_told_and_not_taken() {
    let Settled::Open(old) = settled("Old") else {
        panic!("nothing active")
    };
    assert_eq!(ids(&old), [7]);
    let nearly =
        |text: &str, known: Vec<Candidate>| fields().nearly(&rows(), &NameText::of(text), known);
    assert_eq!(
        nearly("Old", old.clone()),
        Some(NameMatch::Archived(old.clone()))
    );
    assert_eq!(nearly("old", Vec::new()), Some(NameMatch::Archived(old)));
}

#[test]
fn the_case_of_letters_makes_no_other_name() {
    let nearly = |text: &str| fields().nearly(&rows(), &NameText::of(text), Vec::new());
    let found = |text: &str| match nearly(text) {
        Some(NameMatch::Exact(found)) => ids(&found),
        _ => Vec::new(),
    };
    assert_eq!(found("desk"), [3]);
    assert_eq!(found("a"), [1]);
    let Some(NameMatch::Near(near)) = nearly("Lam (99)") else {
        panic!("a part is near")
    };
    assert_eq!(ids(&near), [6]);
    assert_eq!(nearly("Sofa"), None);
}

#[test]
fn one_request_finds_all_that_may_be_exact() {
    let texts = ["[A] Chair", "3", "Desk (4)"];
    let texts: Vec<NameText> = texts.into_iter().map(NameText::of).collect();
    let names = json!(["3", "Chair", "Desk", "Desk (4)", "[A] Chair"]);
    let codes = json!(["3", "A", "Desk (4)", "[A] Chair"]);
    assert_eq!(
        fields().exact_domain(&texts),
        json!([
            "|",
            "|",
            "|",
            "|",
            "|",
            "|",
            ["display_name", "=", "[A] Chair"],
            ["display_name", "=", "3"],
            ["display_name", "=", "Desk (4)"],
            ["name", "in", names],
            ["default_code", "in", codes],
            ["barcode", "in", codes],
            ["id", "in", [3, 4]]
        ])
    );
}
