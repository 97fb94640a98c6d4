//! Every generated model: what the typed API reads is what Odoo's own `read` answers.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use std::future::Future;
use std::pin::Pin;

use butopea_models::prelude::*;
use butopea_models::runtime::typed::ModelVisitor;
use typed_tests::{Comparison, odoo};

const RECORDS: u64 = 50;

type Check = Pin<Box<dyn Future<Output = Result<Comparison, Error>>>>;

/// Makes one check a model.
struct Checks {
    odoo: Odoo,
    checks: Vec<(&'static str, Check)>,
}

impl ModelVisitor for Checks {
    fn visit<M: HasRecord>(&mut self) {
        let odoo = self.odoo.clone();
        self.checks.push((M::NAME, Box::pin(check::<M>(odoo))));
    }
}

async fn check<M: HasRecord>(odoo: Odoo) -> Result<Comparison, Error> {
    let id = Field::<M, kind::Id<M>>::new("id");
    let query = odoo
        .query::<M>()
        .with_archived()
        .order(id.asc())
        .limit(RECORDS);
    let typed = query.all().await?;
    let ids = query.ids().await?.to_raw();
    assert_eq!(typed.len(), ids.len());
    let fields: Vec<String> = M::Record::FIELDS
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    // As Odoo's own `search_read`, which sees archived records when it searches, not when it
    // reads.
    let raw = odoo
        .client()
        .read(M::NAME, &ids, &fields, &Context::new())
        .await?;
    let mut comparison = Comparison::default();
    for (typed, raw) in typed.iter().zip(&raw) {
        comparison.compare(M::NAME, &typed.to_json(), raw);
    }
    assert_eq!(comparison.records, ids.len());
    Ok(comparison)
}

#[tokio::test]
#[ignore = "needs a running Odoo"]
async fn every_model_reads_as_odoo_itself_reads_it() {
    let mut checks = Checks {
        odoo: odoo().unwrap(),
        checks: Vec::new(),
    };
    butopea_models::each_model(&mut checks);
    let models = checks.checks.len();
    assert!(models >= 40, "only {models} models are compiled in");
    let mut all = Comparison::default();
    let mut failures = Vec::new();
    for (model, check) in checks.checks {
        match check.await {
            Ok(comparison) => all.add(comparison),
            Err(error) => failures.push(format!("{model}: {error}")),
        }
    }
    println!(
        "compared {} values of {} records of {models} models",
        all.values, all.records
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(all.differences.is_empty(), "{}", all.differences.join("\n"));
    assert!(
        all.values > 10_000,
        "only {} values were compared",
        all.values
    );
}
