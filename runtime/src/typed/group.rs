//! Group-by and aggregates.
//!
//! This is the types' half; [`crate::client::Grouping`] knows how each series groups.

use std::marker::PhantomData;

use serde_json::{Map, Value};

use crate::client::RecordGroup;
use crate::error::Result;
use crate::schema::{Measure, Sort, SortBy};

use super::kind::{self, Groupable, Kind, Numeric, Ordered, Temporal};
use super::plan::Plan;
use super::{Domain, Field, Model, Row};

/// A day, week, month, quarter or year of a date or datetime field, to group by.
pub struct Period<M, K> {
    field: Field<M, K>,
    granularity: &'static str,
}

macro_rules! periods {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        impl<M, K> Field<M, K> {$(
            $(#[$doc])*
            pub const fn $name(self) -> Period<M, K>
            where
                K: Temporal,
            {
                Period { field: self, granularity: stringify!($name) }
            }
        )*}
    };
}

periods! {
    /// To group by day.
    day;
    /// To group by week; which day starts it, the language says.
    week;
    /// To group by month.
    month;
    /// To group by quarter.
    quarter;
    /// To group by year.
    year;
}

/// Something to group records of the model `M` by.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing to group `{M}` by",
    note = "fields and, for dates, their periods are: `F.date_order.month()`"
)]
pub trait GroupKey<M>: Send {
    /// What the groups are told apart by.
    type Output: Send + 'static;

    /// The specification as Odoo reads it (`date_order:month`).
    fn specification(&self) -> String;

    /// Reads the value of a group.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) when Odoo sent another type.
    fn read(&self, value: Value) -> Result<Self::Output>;
}

impl<M: Model, K: Groupable> GroupKey<M> for Field<M, K> {
    type Output = <K::Key as Kind>::Value;

    fn specification(&self) -> String {
        self.name().to_owned()
    }

    fn read(&self, value: Value) -> Result<Self::Output> {
        read_value::<M, K::Key>(self.name(), value)
    }
}

impl<M: Model, K: Temporal> GroupKey<M> for Period<M, K> {
    /// The period's first day or moment.
    type Output = K::Value;

    fn specification(&self) -> String {
        format!("{}:{}", self.field.name(), self.granularity)
    }

    fn read(&self, value: Value) -> Result<Self::Output> {
        read_value::<M, K>(self.field.name(), value)
    }
}

fn read_value<M: Model, K: Kind>(name: &'static str, value: Value) -> Result<K::Value> {
    let fields: Map<String, Value> = std::iter::once((name.to_owned(), value)).collect();
    let mut row = Row::new(M::NAME, &fields);
    let value = K::read(&mut row, name);
    row.finish().map(|()| value)
}

/// One or several things to group by: a [`GroupKey`] or a tuple of at most three.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing to group `{M}` by",
    note = "a field, a period of a date field, or a tuple of at most three of these is"
)]
pub trait GroupKeys<M>: Send {
    /// The values that a group stands for.
    type Output: Send + 'static;

    /// The specifications as Odoo reads them.
    fn specifications(&self) -> Vec<String>;

    /// Reads the values of a group, in the order of the specifications.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) when Odoo sent another type.
    fn read(&self, values: &mut dyn Iterator<Item = Value>) -> Result<Self::Output>;
}

impl<M: Model, K> GroupKeys<M> for Field<M, K>
where
    Self: GroupKey<M>,
{
    type Output = <Self as GroupKey<M>>::Output;

    fn specifications(&self) -> Vec<String> {
        vec![self.specification()]
    }

    fn read(&self, values: &mut dyn Iterator<Item = Value>) -> Result<Self::Output> {
        GroupKey::read(self, values.next().unwrap_or_default())
    }
}

impl<M: Model, K> GroupKeys<M> for Period<M, K>
where
    Self: GroupKey<M>,
{
    type Output = <Self as GroupKey<M>>::Output;

    fn specifications(&self) -> Vec<String> {
        vec![self.specification()]
    }

    fn read(&self, values: &mut dyn Iterator<Item = Value>) -> Result<Self::Output> {
        GroupKey::read(self, values.next().unwrap_or_default())
    }
}

macro_rules! key_tuples {
    ($(($($part:ident $index:tt),+))+) => {$(
        impl<M, $($part: GroupKey<M>),+> GroupKeys<M> for ($($part,)+) {
            type Output = ($($part::Output,)+);

            fn specifications(&self) -> Vec<String> {
                vec![$(self.$index.specification()),+]
            }

            fn read(&self, values: &mut dyn Iterator<Item = Value>) -> Result<Self::Output> {
                Ok(($(self.$index.read(values.next().unwrap_or_default())?,)+))
            }
        }
    )+};
}

key_tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
}

/// One aggregate over the records of a group, read as a value of the kind `K`.
pub struct Aggregate<M, K> {
    field: &'static str,
    function: &'static str,
    marker: PhantomData<fn() -> (M, K)>,
}

impl<M, K> Aggregate<M, K> {
    const fn new(field: &'static str, function: &'static str) -> Self {
        Self {
            field,
            function,
            marker: PhantomData,
        }
    }
}

/// The aggregates of a grouped query: a tuple that grows with each call.
pub trait Measures<M>: Send {
    /// The values of a group.
    type Output: Send + 'static;

    /// Field and function of each aggregate.
    fn specifications(&self) -> Vec<(&'static str, &'static str)>;

    /// Reads the values of a group, in the order of the specifications.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) when Odoo sent another type.
    fn read(&self, values: &mut dyn Iterator<Item = Value>) -> Result<Self::Output>;
}

/// A tuple with one more part.
pub trait Append<T> {
    /// The longer tuple.
    type Output;

    /// Adds the part at the end.
    fn append(self, last: T) -> Self::Output;
}

macro_rules! measure_tuples {
    ($(($($kind:ident $index:tt),*))+) => {$(
        impl<M: Model, $($kind: Kind),*> Measures<M> for ($(Aggregate<M, $kind>,)*) {
            type Output = ($($kind::Value,)*);

            fn specifications(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((self.$index.field, self.$index.function)),*]
            }

            #[allow(unused_variables)] // no aggregate, no value
            fn read(&self, values: &mut dyn Iterator<Item = Value>) -> Result<Self::Output> {
                Ok(($(read_value::<M, $kind>(
                    self.$index.field,
                    values.next().unwrap_or_default(),
                )?,)*))
            }
        }

        impl<T, $($kind),*> Append<T> for ($($kind,)*) {
            type Output = ($($kind,)* T,);

            #[allow(non_snake_case)] // type names serve as variable names
            fn append(self, last: T) -> Self::Output {
                let ($($kind,)*) = self;
                ($($kind,)* last,)
            }
        }
    )+};
}

measure_tuples! {
    ()
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
}

/// One group of records.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Group<K, A> {
    /// The value that the records share; of several, a tuple.
    pub key: K,
    /// How many records there are.
    pub count: u64,
    /// The aggregates, in the order in which they were asked for.
    pub values: A,
    /// The conditions that find the group's records, besides those of the query.
    pub condition: Vec<Value>,
}

impl<K, A> Group<K, A> {
    /// The conditions that find the group's records, besides those of the query.
    pub fn domain<M>(&self) -> Domain<M> {
        Domain::raw(self.condition.clone())
    }
}

/// A query that answers groups instead of records.
#[must_use = "a query does nothing before one of its async methods is awaited"]
pub struct Grouped<M, G, A> {
    plan: Plan,
    keys: G,
    measures: A,
    descending: Option<bool>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model, G: GroupKeys<M>> Grouped<M, G, ()> {
    pub(super) fn new(plan: Plan, keys: G) -> Self {
        Self {
            plan,
            keys,
            measures: (),
            descending: None,
            model: PhantomData,
        }
    }
}

impl<M: Model, G: GroupKeys<M>, A> Grouped<M, G, A> {
    fn with<K>(self, field: &'static str, function: &'static str) -> Grouped<M, G, A::Output>
    where
        A: Append<Aggregate<M, K>>,
    {
        Grouped {
            plan: self.plan,
            keys: self.keys,
            measures: self.measures.append(Aggregate::new(field, function)),
            descending: self.descending,
            model: PhantomData,
        }
    }

    /// Adds the sum of a field.
    pub fn sum<K: Numeric>(self, field: Field<M, K>) -> Grouped<M, G, A::Output>
    where
        A: Append<Aggregate<M, K>>,
    {
        self.with(field.name(), "sum")
    }

    /// Adds the average of a field.
    pub fn avg<K: Numeric>(self, field: Field<M, K>) -> Grouped<M, G, A::Output>
    where
        A: Append<Aggregate<M, kind::Float>>,
    {
        self.with(field.name(), "avg")
    }

    /// Adds the least value of a field.
    pub fn min<K: Ordered>(self, field: Field<M, K>) -> Grouped<M, G, A::Output>
    where
        A: Append<Aggregate<M, K>>,
    {
        self.with(field.name(), "min")
    }

    /// Adds the greatest value of a field.
    pub fn max<K: Ordered>(self, field: Field<M, K>) -> Grouped<M, G, A::Output>
    where
        A: Append<Aggregate<M, K>>,
    {
        self.with(field.name(), "max")
    }

    /// Adds the number of different values of a field.
    pub fn count_distinct<K>(self, field: Field<M, K>) -> Grouped<M, G, A::Output>
    where
        A: Append<Aggregate<M, kind::Integer>>,
    {
        self.with(field.name(), "count_distinct")
    }

    /// Puts the groups with the least value of the first aggregate first.
    pub fn ascending(mut self) -> Self {
        self.descending = Some(false);
        self
    }

    /// Puts the groups with the greatest value of the first aggregate first.
    pub fn descending(mut self) -> Self {
        self.descending = Some(true);
        self
    }

    /// At most this many groups.
    pub fn limit(mut self, limit: u64) -> Self {
        self.plan.limit = Some(limit);
        self
    }
}

impl<M: Model, G: GroupKeys<M>, A: Measures<M>> Grouped<M, G, A> {
    /// The groups.
    ///
    /// # Errors
    /// Any failure of a call, and [`ErrorKind::Decode`](crate::ErrorKind::Decode).
    pub async fn all(&self) -> Result<Vec<Group<G::Output, A::Output>>> {
        let measures = self.measures.specifications();
        let measures: Vec<Measure> = measures
            .into_iter()
            .map(|(field, function)| Measure::new(field, function))
            .collect();
        let sort = self.descending.filter(|_| !measures.is_empty());
        let sort = sort.map(|descending| Sort {
            by: SortBy::Measure(0),
            descending,
            empty_last: false,
        });
        let keys = self.keys.specifications();
        self.read(self.plan.groups(keys, measures, sort).await?)
    }

    #[inline(never)] // as `read_rows`
    fn read(&self, groups: Vec<RecordGroup>) -> Result<Vec<Group<G::Output, A::Output>>> {
        let read = |group: RecordGroup| {
            let mut keys = group.keys.into_iter().map(|key| key.value);
            let mut values = group.measures.into_iter().map(Option::unwrap_or_default);
            Ok(Group {
                key: self.keys.read(&mut keys)?,
                count: group.count,
                values: self.measures.read(&mut values)?,
                condition: group.condition,
            })
        };
        groups.into_iter().map(read).collect()
    }
}
