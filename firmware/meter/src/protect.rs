//! Protections: when the relay opens by itself, and when it closes again.
//!
//! Each watches one quantity. It trips when its limit has been passed without a break for the delay, and lets go when the quantity
//! has been back behind the limit by the hysteresis for as long as [`RETURN`]. What is not measured trips nothing and lets nothing go.

/// What a protection watches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Voltage too high.
    OverVoltage,
    /// Voltage too low.
    UnderVoltage,
    /// Power too high, in either direction.
    OverLoad,
    /// Frequency too low.
    UnderFrequency,
}

/// A quantity beyond which something happens.
#[derive(Clone, Copy, Debug)]
struct Limit {
    cause: Cause,
    /// Trips beyond this: above it, or for under-voltage and under-frequency below it.
    at: i32,
    /// Lets go when this far behind the limit.
    hysteresis: i32,
    /// Microseconds beyond the limit until it trips.
    delay: u64,
}

/// The limits, those of the stock firmware, in 0.01 V, 0.01 Hz and W. Hysteresis and delays are this program's own.
const LIMITS: [Limit; 4] = [
    Limit { cause: Cause::OverVoltage, at: 25_000, hysteresis: 500, delay: 1_000_000 },
    Limit { cause: Cause::UnderVoltage, at: 15_000, hysteresis: 500, delay: 2_000_000 },
    Limit { cause: Cause::OverLoad, at: 25_000, hysteresis: 1_000, delay: 5_000_000 },
    Limit { cause: Cause::UnderFrequency, at: 4_500, hysteresis: 50, delay: 2_000_000 },
];

/// How long everything has to be well before the relay closes again.
pub const RETURN: u64 = 10_000_000;

/// What the protections look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// In 0.01 V.
    pub centivolts: i32,
    /// In W, positive either way.
    pub watts: i32,
    /// In 0.01 Hz; without voltage there is none.
    pub centihertz: i32,
}

/// The state of one protection.
#[derive(Clone, Copy, Debug, Default)]
struct Guard {
    tripped: bool,
    /// Since when the quantity is where it would change the state.
    since: Option<u64>,
}

/// All protections.
#[derive(Debug, Default)]
pub struct Protections {
    guards: [Guard; LIMITS.len()],
}

impl Protections {
    /// Looks at fresh readings; `None` while there are none.
    pub fn watch(&mut self, watched: Option<Watched>, now: u64) {
        for (limit, guard) in LIMITS.iter().zip(&mut self.guards) {
            let Some(watched) = watched else {
                guard.since = None;
                continue;
            };
            // How far beyond the limit.
            let beyond = match limit.cause {
                Cause::OverVoltage => watched.centivolts - limit.at,
                Cause::UnderVoltage => limit.at - watched.centivolts,
                Cause::OverLoad => watched.watts - limit.at,
                Cause::UnderFrequency => limit.at - watched.centihertz,
            };
            let (changes, after) =
                if guard.tripped { (beyond <= -limit.hysteresis, RETURN) } else { (beyond > 0, limit.delay) };
            if !changes {
                guard.since = None;
                continue;
            }
            let since = *guard.since.get_or_insert(now);
            if now.saturating_sub(since) >= after {
                *guard = Guard { tripped: !guard.tripped, since: None };
            }
        }
    }

    /// Whether one of them has tripped.
    #[must_use]
    pub fn tripped(&self) -> bool {
        self.guards.iter().any(|guard| guard.tripped)
    }

    /// Whether nothing has tripped or is about to.
    #[must_use]
    pub fn all_well(&self) -> bool {
        self.guards.iter().all(|guard| !guard.tripped && guard.since.is_none())
    }

    /// Those that have tripped.
    pub fn causes(&self) -> impl Iterator<Item = Cause> {
        LIMITS.iter().zip(&self.guards).filter(|(_, guard)| guard.tripped).map(|(limit, _)| limit.cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: Watched = Watched { centivolts: 23_000, watts: 1_150, centihertz: 5_000 };
    const MILLIS: u64 = 1_000;

    fn run(protections: &mut Protections, watched: Option<Watched>, from: u64, to: u64) {
        for at in (from..=to).step_by(100) {
            protections.watch(watched, at * MILLIS);
        }
    }

    #[test]
    fn trips_after_its_delay_and_returns_with_hysteresis() {
        let mut protections = Protections::default();
        let high = Watched { centivolts: 25_001, ..SOUND };
        run(&mut protections, Some(high), 0, 900);
        assert!(!protections.tripped());
        run(&mut protections, Some(high), 1_000, 1_000);
        assert!(protections.causes().eq([Cause::OverVoltage]));
        // Just below the limit is not yet well.
        run(&mut protections, Some(Watched { centivolts: 24_900, ..SOUND }), 1_100, 60_000);
        assert!(protections.tripped());
        run(&mut protections, Some(SOUND), 60_100, 70_000);
        assert!(protections.tripped());
        run(&mut protections, Some(SOUND), 70_100, 70_100);
        assert!(!protections.tripped());
    }

    #[test]
    fn each_has_its_limit() {
        for (watched, cause) in [
            (Watched { centivolts: 14_999, ..SOUND }, Cause::UnderVoltage),
            (Watched { watts: 25_001, ..SOUND }, Cause::OverLoad),
            (Watched { centihertz: 4_499, ..SOUND }, Cause::UnderFrequency),
        ] {
            let mut protections = Protections::default();
            run(&mut protections, Some(watched), 0, 5_000);
            assert!(protections.causes().eq([cause]), "{cause:?}");
        }
        let mut protections = Protections::default();
        run(&mut protections, Some(SOUND), 0, 60_000);
        assert!(!protections.tripped());
    }

    #[test]
    fn a_dip_or_a_gap_in_the_readings_starts_the_delay_again() {
        let mut protections = Protections::default();
        let high = Watched { centivolts: 26_000, ..SOUND };
        for second in 0..20 {
            run(&mut protections, Some(high), second * 1_000, second * 1_000 + 800);
            run(&mut protections, (second % 2 == 0).then_some(SOUND), second * 1_000 + 900, second * 1_000 + 900);
        }
        assert!(!protections.tripped());
    }
}
