//! Names beside the ends of lines, none over another.

/// Moves places, each as far as it must, until there is so much between two and all lie between `top` and `bottom`.
/// They come back in the order in which they were given.
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
