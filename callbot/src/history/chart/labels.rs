//! Placement of labels without overlap.

/// Moves positions apart until their distances suffice and all lie between `top` and `bottom`. The result is in the
/// order of the input.
pub(super) fn spread(places: &[f64], gap: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let mut spread = places.to_vec();
    let mut lowest = top;
    for &label in &order {
        spread[label] = spread[label].max(lowest);
        lowest = spread[label] + gap;
    }
    let mut highest = bottom;
    for &label in order.iter().rev() {
        spread[label] = spread[label].min(highest);
        highest = spread[label] - gap;
    }
    spread
}
