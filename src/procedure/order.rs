//! In which order the tests of a verification are done: as written where that matters, else so that the source changes seldom and the
//! unit waits least.
//!
//! Tests at one load point are done together. The way through the load points is the cheapest of all ways as long as they are few, and
//! never dearer than the written one. Warm-up and questions keep their place, and nothing is moved across them.

use std::time::Duration;

use crate::reference::LoadPoint;

/// From one load point to another, whatever changes: the source's own settling and the reference's next readings.
const CHANGE: Duration = Duration::from_secs(4);
/// More, when the voltage changes: the unit's own supply and its divider follow.
const VOLTAGE: Duration = Duration::from_secs(2);
/// More, when the power factor changes.
const POWER_FACTOR: Duration = Duration::from_secs(1);
/// More, when the frequency changes: everything that averages over whole periods begins anew.
const FREQUENCY: Duration = Duration::from_secs(3);
/// More for each power of ten the current rises; for each it falls twice as much, because what a high current has warmed cools
/// slowly, and a low current shows it. The figures are assumptions; how long a bench really waits, its stability criterion decides.
const CURRENT_DECADE: Duration = Duration::from_secs(1);
/// Below this a current is as good as none.
const LEAST_AMPS: f64 = 1e-3;
/// Up to so many load points all ways are compared.
const FEW: usize = 10;

/// A test with respect to order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Where the source has to be; `None` where it does not matter.
    pub point: Option<LoadPoint>,
    /// Nothing is moved across it.
    pub keeps_its_place: bool,
}

/// The tests' numbers in the order in which they are done; `start` is where the source stands before.
#[must_use]
pub fn order(stops: &[Stop], start: Option<LoadPoint>) -> Vec<usize> {
    let mut done = Vec::with_capacity(stops.len());
    let mut present = start;
    let mut movable: Vec<(usize, LoadPoint)> = Vec::new();
    for (number, stop) in stops.iter().enumerate() {
        match stop.point {
            Some(point) if !stop.keeps_its_place => movable.push((number, point)),
            point => {
                present = append(&mut done, std::mem::take(&mut movable), present);
                present = point.or(present);
                done.push(number);
            }
        }
    }
    append(&mut done, movable, present);
    done
}

/// What the source's changes and the waits behind them cost, in seconds.
#[must_use]
pub fn cost(points: &[LoadPoint], start: Option<LoadPoint>) -> f64 {
    let mut present = start;
    let mut sum = 0.0;
    for point in points {
        sum += change(present.as_ref(), point);
        present = Some(*point);
    }
    sum
}

/// Adds a stretch without anything that keeps its place; returns where the source stands then.
fn append(done: &mut Vec<usize>, tests: Vec<(usize, LoadPoint)>, start: Option<LoadPoint>) -> Option<LoadPoint> {
    let mut places: Vec<(LoadPoint, Vec<usize>)> = Vec::new();
    for (number, point) in tests {
        match places.iter_mut().find(|(other, _)| *other == point) {
            Some((_, numbers)) => numbers.push(number),
            None => places.push((point, vec![number])),
        }
    }
    let points: Vec<LoadPoint> = places.iter().map(|(point, _)| *point).collect();
    let way = if points.len() <= FEW { cheapest(&points, start) } else { improved(&points, start) };
    let mut last = start;
    for place in way.into_iter().filter_map(|place| places.get(place)) {
        done.extend(&place.1);
        last = Some(place.0);
    }
    last
}

/// What one change costs, in seconds.
fn change(from: Option<&LoadPoint>, to: &LoadPoint) -> f64 {
    let Some(from) = from else { return CHANGE.as_secs_f64() };
    if from == to {
        return 0.0;
    }
    let mut sum = CHANGE.as_secs_f64();
    for (changes, time) in [(from.u != to.u, VOLTAGE), (from.pf != to.pf, POWER_FACTOR), (from.f != to.f, FREQUENCY)] {
        if changes {
            sum += time.as_secs_f64();
        }
    }
    let decades = to.i.0.max(LEAST_AMPS).log10() - from.i.0.max(LEAST_AMPS).log10();
    sum + CURRENT_DECADE.as_secs_f64() * if decades < 0.0 { -2.0 * decades } else { decades }
}

/// The cheapest way through all points, by the cheapest ways through each set of them (Bellman, Held and Karp 1962). Of equal ones the
/// one nearest to the written order.
fn cheapest(points: &[LoadPoint], start: Option<LoadPoint>) -> Vec<usize> {
    let count = points.len();
    // For each set of points and each first one of it: the cost from there to the end, and the next one.
    let mut best: Vec<Vec<Option<(f64, usize)>>> = vec![vec![None; count]; 1 << count];
    for set in 1..1_usize << count {
        for (first, from) in points.iter().enumerate().filter(|(first, _)| set & (1 << first) != 0) {
            let rest = set & !(1 << first);
            if rest == 0 {
                offer(&mut best, set, first, (0.0, first));
            }
            for (next, to) in points.iter().enumerate() {
                if let Some((remaining, _)) = at(&best, rest, next) {
                    offer(&mut best, set, first, (change(Some(from), to) + remaining, next));
                }
            }
        }
    }
    let mut set = (1_usize << count) - 1;
    let whole = |(first, point): (usize, &LoadPoint)| {
        let remaining = at(&best, set, first).map_or(f64::MAX, |(cost, _)| cost);
        (first, change(start.as_ref(), point) + remaining)
    };
    let cheapest = points.iter().enumerate().map(whole).min_by(|left, right| left.1.total_cmp(&right.1));
    let mut place = cheapest.map(|(first, _)| first);
    let mut way = Vec::with_capacity(count);
    while let Some(present) = place {
        way.push(present);
        let next = at(&best, set, present).map(|(_, next)| next);
        set &= !(1 << present);
        place = next.filter(|_| set != 0);
    }
    way
}

fn at(best: &[Vec<Option<(f64, usize)>>], set: usize, first: usize) -> Option<(f64, usize)> {
    best.get(set).and_then(|row| row.get(first)).copied().flatten()
}

fn offer(best: &mut [Vec<Option<(f64, usize)>>], set: usize, first: usize, (cost, next): (f64, usize)) {
    if let Some(known) = best.get_mut(set).and_then(|row| row.get_mut(first))
        && known.is_none_or(|(known, _)| cost < known - 1e-12)
    {
        *known = Some((cost, next));
    }
}

/// The written way, bettered as long as turning a stretch of it or moving a part of it betters it.
fn improved(points: &[LoadPoint], start: Option<LoadPoint>) -> Vec<usize> {
    let price = |way: &[usize]| {
        let points: Vec<LoadPoint> = way.iter().filter_map(|place| points.get(*place)).copied().collect();
        cost(&points, start)
    };
    let mut way: Vec<usize> = (0..points.len()).collect();
    let mut paid = price(&way);
    loop {
        let better = neighbours(&way).into_iter().map(|way| (price(&way), way)).min_by(|a, b| a.0.total_cmp(&b.0));
        match better {
            Some((price, other)) if price < paid - 1e-9 => (paid, way) = (price, other),
            _ => return way,
        }
    }
}

/// All ways that differ by one stretch turned round or one point moved.
fn neighbours(way: &[usize]) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    for from in 0..way.len() {
        for to in from + 1..way.len() {
            let mut turned = way.to_vec();
            if let Some(stretch) = turned.get_mut(from..=to) {
                stretch.reverse();
            }
            all.push(turned);
            for (taken, put) in [(from, to), (to, from)] {
                let mut moved = way.to_vec();
                let place = moved.remove(taken);
                moved.insert(put, place);
                all.push(moved);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference::{PowerFactor, Side};
    use crate::units::{Amps, Hertz, Volts};

    fn point(u: f64, i: f64, pf: f64) -> LoadPoint {
        let pf = PowerFactor { magnitude: pf, side: Side::Inductive };
        LoadPoint { u: Volts(u), i: Amps(i), pf, f: Hertz(50.0) }
    }

    fn stop(point: LoadPoint) -> Stop {
        Stop { point: Some(point), keeps_its_place: false }
    }

    fn price(stops: &[Stop], order: &[usize], start: Option<LoadPoint>) -> f64 {
        let points: Vec<LoadPoint> = order.iter().filter_map(|number| stops[*number].point).collect();
        cost(&points, start)
    }

    /// All orders of `rest` behind `done`.
    fn least_of_all(stops: &[Stop], done: &mut Vec<usize>, start: Option<LoadPoint>) -> f64 {
        if done.len() == stops.len() {
            return price(stops, done, start);
        }
        let mut least = f64::MAX;
        for next in 0..stops.len() {
            if !done.contains(&next) {
                done.push(next);
                least = least.min(least_of_all(stops, done, start));
                done.pop();
            }
        }
        least
    }

    fn any_stop() -> impl Strategy<Value = Stop> {
        let u = prop::sample::select(vec![207.0, 230.0, 264.5]);
        let i = prop::sample::select(vec![0.0, 0.02, 0.25, 0.5, 5.0, 20.0, 80.0]);
        (u, i, prop::sample::select(vec![1.0, 0.5, 0.8])).prop_map(|(u, i, pf)| stop(point(u, i, pf)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn few_points_are_visited_in_the_cheapest_order(stops in prop::collection::vec(any_stop(), 1..7), off: bool) {
            let start = (!off).then(|| point(230.0, 5.0, 0.5));
            let found = order(&stops, start);
            let least = least_of_all(&stops, &mut Vec::new(), start);
            prop_assert!((price(&stops, &found, start) - least).abs() < 1e-9);
        }

        #[test]
        fn no_order_is_dearer_than_the_written_one(stops in prop::collection::vec(any_stop(), 1..30)) {
            let found = order(&stops, None);
            let written: Vec<usize> = (0..stops.len()).collect();
            prop_assert!(price(&stops, &found, None) <= price(&stops, &written, None) + 1e-9);
            let mut sorted = found.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, written);
            // Nothing is gone to twice.
            let mut visited: Vec<LoadPoint> = found.iter().filter_map(|number| stops[*number].point).collect();
            visited.dedup();
            let distinct = visited.iter().enumerate().filter(|(at, point)| !visited[..*at].contains(point)).count();
            prop_assert_eq!(distinct, visited.len());
        }
    }

    #[test]
    fn what_keeps_its_place_is_not_crossed() {
        let warm_up = Stop { keeps_its_place: true, ..stop(point(230.0, 80.0, 1.0)) };
        let look = Stop { point: None, keeps_its_place: true };
        let stops =
            [stop(point(230.0, 5.0, 1.0)), look, warm_up, stop(point(230.0, 0.25, 1.0)), stop(point(230.0, 80.0, 1.0))];
        assert_eq!(order(&stops, None), [0, 1, 2, 4, 3], "Imax again while the source stands there");
    }

    #[test]
    fn the_present_point_comes_first_and_the_power_factor_changes_once() {
        let stops = [(5.0, 1.0), (5.0, 0.5), (80.0, 1.0), (80.0, 0.5)].map(|(i, pf)| stop(point(230.0, i, pf)));
        assert_eq!(order(&stops, Some(point(230.0, 5.0, 0.5))), [1, 0, 2, 3]);
    }
}
