//! Places for texts beside a scale: as near to their values as they can be without covering each other.

/// The places of texts for `values`, which go up, between `low` and `high`, `least` apart: where there is room, each is at its
/// value; where not, as many as are in each other's way stand round their middle.
#[must_use]
pub fn apart(values: &[f64], least: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let above = |number: usize| number as f64 * least;
    // Without the distances between them, places only have to go up: neighbours that do not are put to their middle.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for (number, value) in values.iter().enumerate() {
        let mut group = (value.clamp(low, high.max(low)) - above(number), 1);
        while let Some(&(below, count)) = groups.last()
            && below > group.0
        {
            groups.pop();
            let both = count + group.1;
            group = ((below * count as f64 + group.0 * group.1 as f64) / both as f64, both);
        }
        groups.push(group);
    }
    let top = (high - above(values.len().saturating_sub(1))).max(low);
    let places = groups.into_iter().flat_map(|(place, count)| std::iter::repeat_n(place.clamp(low, top), count));
    places.enumerate().map(|(number, place)| place + above(number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(places: &[f64], wanted: &[f64]) -> bool {
        places.len() == wanted.len() && places.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 1e-9)
    }

    #[test]
    fn what_has_room_stays_where_it_is() {
        assert!(near(&apart(&[-0.3, 0.007, 0.2], 0.1, (-1.0, 1.0)), &[-0.3, 0.007, 0.2]));
        assert!(apart(&[], 0.1, (-1.0, 1.0)).is_empty());
    }

    #[test]
    fn neighbours_give_way_to_both_sides() {
        let places = apart(&[0.0, 0.02, 0.9], 0.1, (-1.0, 1.0));
        assert!(near(&places, &[-0.04, 0.06, 0.9]), "{places:?}");
    }

    #[test]
    fn nothing_stands_beyond_the_ends() {
        let places = apart(&[-700.0, 0.95, 685.0], 0.1, (-1.0, 1.0));
        assert!(near(&places, &[-1.0, 0.9, 1.0]), "{places:?}");
    }
}
