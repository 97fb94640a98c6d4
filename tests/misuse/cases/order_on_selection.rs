//~ field has no order, so `gt`, `ge`, `lt` and `le` do not exist for it
//~ for a selection or a relation, use `eq`, `ne`, `is_in` or `not_in`

use butopea_models::sale_order as so;

fn main() {
    let _ = so::F.state.gt(so::State::Sale);
}
