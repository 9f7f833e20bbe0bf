//! The windows of input registers, filled from the meter's parts.

use m90e26::Line;
use meter_interface::block::{Copy, LAYOUT_VERSION, LENGTH, Text};
use meter_interface::map::{Diagnostics, Floats, Identity, Protections, QUANTITIES, Snapshot, VERSION, Window};

use super::Meter;
use crate::chip::reading::age_millis;
use crate::energy::{COUNTED, watt_hours};
use crate::protect::Cause;

/// Registers of the longest request, and room for any window's part.
pub(super) type Words = heapless::Vec<u16, { meter_interface::map::READ_MOST as usize }>;

impl Meter<'_> {
    /// `count` registers of a window from `offset` on.
    pub(super) fn window(&self, window: Window, offset: usize, count: usize, now: u64) -> Words {
        let boot = self.facts.boot;
        let mut words = Words::new();
        let mut part = |all: &[u16]| {
            for &word in all.iter().skip(offset).take(count) {
                let _full = words.push(word);
            }
        };
        match window {
            Window::Identity => part(&self.identity().encode()),
            Window::Snapshot => part(&self.snapshot(now).encode()),
            Window::Floats => part(&Floats::of(&self.snapshot(now)).encode()),
            Window::Tally(register) => part(&self.chip.tallies().tally(register, boot, now).encode()),
            Window::Events => part(&self.chip.tallies().events(boot, now).encode()),
            Window::SelfTest => part(&self.self_test.window(now).encode()),
            Window::Crash => part(&self.crash().encode()),
            Window::Diagnostics => part(&self.diagnostics().encode()),
            Window::Program => part(&self.facts.program.encode()),
            Window::Block => return self.block_words(offset, count),
        }
        words
    }

    /// Registers of the block in force without its secrets; FF throughout without one, and behind its end.
    fn block_words(&self, offset: usize, count: usize) -> Words {
        let mut bytes = [0xFF; LENGTH.next_multiple_of(2)];
        if let Some(block) = self.calibration.block {
            // The array has the length the encoding needs.
            let _encoded = block.encode_without_secrets(&mut bytes);
        }
        let pairs = bytes.as_chunks::<2>().0;
        let word = |place: usize| pairs.get(place).map_or(u16::MAX, |pair| u16::from_be_bytes(*pair));
        (offset..offset + count).map(word).collect()
    }

    fn diagnostics(&self) -> Diagnostics {
        Diagnostics {
            stack_bytes: self.facts.stack_bytes,
            stack_unused: self.stack_unused,
            longest_turn_millis: u16::try_from(self.longest_turn / 1_000).unwrap_or(u16::MAX),
        }
    }

    /// What the clock shows.
    pub(super) fn clock_secs(&self) -> u32 {
        self.clock.map_or(0, |time| time.secs)
    }

    fn identity(&self) -> Identity {
        let block = self.calibration.block;
        Identity {
            magic: Identity::MAGIC,
            map_version: u32::from(VERSION.0) << 16 | u32::from(VERSION.1),
            firmware: [
                const { number(env!("CARGO_PKG_VERSION_MAJOR")) },
                const { number(env!("CARGO_PKG_VERSION_MINOR")) },
                const { number(env!("CARGO_PKG_VERSION_PATCH")) },
            ],
            layout_version: LAYOUT_VERSION,
            serial: block.map_or_else(Text::default, |block| block.serial),
            unique: self.facts.unique,
            line: block.map_or(0, |block| u16::from(block.line == Line::N)),
            scale_numerator: block.map_or(1, |block| block.current_scale.numerator()),
            scale_denominator: block.map_or(1, |block| block.current_scale.denominator()),
            pulses_per_kwh: block.map_or(0, |block| block.pulses_per_kwh),
            constant_imp_per_kwh: block.map_or(0, |block| block.constant_imp_per_kwh),
            copy: match self.calibration.copy {
                None => 0,
                Some(Copy::A) => 1,
                Some(Copy::B) => 2,
            },
            sequence: block.map_or(0, |block| block.sequence),
        }
    }

    /// The meter at one moment.
    #[must_use]
    pub fn snapshot(&self, now: u64) -> Snapshot {
        let block = self.calibration.block;
        let statistics = self.chip.statistics();
        let (chip_loads, chip_resets) = self.chip.loads_and_resets();
        let [cs1, cs2] = self.chip.computed();
        let en_status = self.chip.en_status();
        let readings = self.chip.readings();
        let totals = self.chip.totals();
        // Forward and reverse: who turns the current transformer round still pays.
        let total_counts = COUNTED.iter().take(2).filter_map(|&register| totals.of(register)).sum();
        let pulses_per_kwh = block.map_or(0, |block| block.pulses_per_kwh);
        Snapshot {
            sequence: readings.rounds,
            uptime_millis: (now / 1_000) as u32,
            boot: self.facts.boot,
            state: self.state(now),
            relay: self.relay_state(),
            protections: self.tripped(),
            alarms: self.alarms(now),
            unlocked_secs: self.service.unlocked_secs(now),
            measured: QUANTITIES.map(|quantity| readings.measured(quantity, now)),
            total_counts,
            total_milliwatt_hours: watt_hours(total_counts.saturating_mul(1_000), pulses_per_kwh),
            pulses: self.pulses(),
            en_status: en_status.map_or(0, |(status, _)| status.bits()),
            en_status_age_millis: age_millis(en_status.map(|(_, at)| at), now),
            cs1_chip: cs1.unwrap_or_default(),
            cs1_block: block.map_or(0, |block| block.cs1),
            cs2_chip: cs2.unwrap_or_default(),
            cs2_block: block.map_or(0, |block| block.cs2),
            chip_loads,
            chip_resets,
            chip_transactions: statistics.transactions as u32,
            chip_retries: statistics.retries as u32,
            chip_recovered: statistics.recovered as u32,
            readings_per_10_secs: self.chip.readings_per_10_secs(now),
            service_frames: self.service.frames(),
            service_errors: self.service.errors(),
            reset_cause: self.facts.reset_cause,
            supply_millivolts: self.sense.unwrap_or(u16::MAX),
            clock_secs: self.clock_secs(),
            crash: self.crash().kind,
        }
    }

    #[inline(never)]
    fn tripped(&self) -> Protections {
        self.protections.causes().fold(Protections::default(), |flags, cause| {
            flags.with(match cause {
                Cause::OverVoltage => Protections::OVER_VOLTAGE,
                Cause::UnderVoltage => Protections::UNDER_VOLTAGE,
                Cause::OverLoad => Protections::OVERLOAD,
                Cause::UnderFrequency => Protections::UNDER_FREQUENCY,
            })
        })
    }
}

/// A part of a version, at compile time.
const fn number(digits: &str) -> u16 {
    match u16::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => 0,
    }
}
