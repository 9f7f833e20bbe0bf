//! What is going to be done: a meter profile and a procedure, and what follows from both.

use std::time::Duration;

use m90e26::Register;
use m90e26::field::{LnSel, MMode};

use super::durations;
use super::error::StepError;
use super::order::{self, Stop};
use crate::calibration::formula::{self, AnalogPath, PlRounding};
use crate::calibration::registers::RegisterSet;
use crate::meter::Line;
use crate::profile::meter::{Calibration, OffsetMode, Threshold};
use crate::profile::procedure::{Mode, Offsets};
use crate::profile::self_test::{SelfTest, When};
use crate::profile::verification::{Kind, Series, Test};
use crate::profile::{Loaded, MeterProfile, Procedure};
use crate::reference::{LoadPoint, PowerFactor};
use crate::units::Amps;

/// From one load point to the next.
const SETTLING: Duration = Duration::from_secs(4);
/// A person's look and answer.
const QUESTION: Duration = Duration::from_secs(5);
/// 64 KiB over the boot loader: at 115200 baud they take some 8 s to write and 6 s to read back.
const FLASHING: Duration = Duration::from_secs(17);
/// A step that only reads and writes registers.
const TALK: Duration = Duration::from_secs(1);

/// The work of one run, the same for every position.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The meter type.
    pub meter: Loaded<MeterProfile>,
    /// What is done to it.
    pub procedure: Loaded<Procedure>,
}

/// A step of the plan. Steps with a load point begin when the whole bench has reached it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Find the meter and note what is in it; nothing is changed.
    Connect,
    /// The meter tests its own parts.
    SelfTest,
    /// Read the old registers, reset, look for the power-on values.
    Identify,
    /// Calibration mode, PL_Constant, MMode, thresholds.
    Prepare,
    /// Ugain and Igain at Un, Ib, PF 1.
    Gains,
    /// Lgain, Ngain at Un, Ib, PF 1.
    EnergyGain,
    /// Lphi, Nphi at Un, Ib, PF 0.5L.
    Phase,
    /// Current and power offsets at Un without current.
    Offsets,
    /// CS1, CS2, normal operation.
    Commit,
    /// The unit's own image onto its chip.
    Flash,
    /// The unit runs its image, and is found to be this unit with this calibration.
    Restart,
    /// One test of the verification, by its number in the procedure.
    Verify(usize),
    /// The middle of a protection's test, by its number: beyond the limit.
    Trip(usize),
    /// The end of a protection's test, by its number: back at its load.
    Return(usize),
}

impl Plan {
    /// All steps in their order.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = self.before_the_tests();
        for number in self.order() {
            steps.push(Step::Verify(number));
            if self.test(number).is_some_and(|test| matches!(test.kind, Kind::Protection(_))) {
                steps.extend([Step::Trip(number), Step::Return(number)]);
            }
        }
        steps
    }

    /// The number of the first test's first step.
    #[must_use]
    pub fn tests_begin(&self) -> usize {
        self.before_the_tests().len()
    }

    fn before_the_tests(&self) -> Vec<Step> {
        let self_test =
            |when| self.procedure.self_test.as_ref().filter(|wanted| wanted.when == when).map(|_| Step::SelfTest);
        let mut steps: Vec<Step> = self_test(When::Before).into_iter().collect();
        match self.procedure.mode {
            Mode::Verify if self.needs_the_meter() => steps.push(Step::Connect),
            Mode::Verify => {}
            Mode::Adjust => steps.extend(self.calibration()),
        }
        steps.extend(self_test(When::After));
        steps
    }

    /// Questions alone are answered without a meter that answers.
    fn needs_the_meter(&self) -> bool {
        self.procedure.verify.iter().any(|test| !matches!(test.kind, Kind::Questions(_)))
    }

    fn calibration(&self) -> Vec<Step> {
        let mut steps = vec![Step::Identify, Step::Prepare, Step::Gains, Step::EnergyGain, Step::Phase];
        if measures_offsets(&self.meter.calibration) {
            steps.push(Step::Offsets);
        }
        steps.push(Step::Commit);
        if self.procedure.flash.is_some() {
            steps.extend([Step::Flash, Step::Restart]);
        }
        steps
    }

    /// The tests in the order in which they are done.
    fn order(&self) -> Vec<usize> {
        let stop = |test: &Test| Stop { point: self.test_load(test), keeps_its_place: test.keeps_its_place() };
        let stops: Vec<Stop> = self.procedure.verify.iter().map(stop).collect();
        let start = match self.procedure.mode {
            Mode::Verify => None,
            Mode::Adjust => self.before_the_tests().into_iter().rev().find_map(|step| self.load_point(step)),
        };
        order::order(&stops, start)
    }

    /// Where the bench has to be for a step; `None` where it does not matter.
    #[must_use]
    pub fn load_point(&self, step: Step) -> Option<LoadPoint> {
        let rating = &self.meter.rating;
        match step {
            // A meter gets its supply from the source: it is looked for where the tests begin.
            Step::Connect => self.order().into_iter().find_map(|number| self.test_load(self.test(number)?)),
            Step::Identify | Step::Prepare | Step::Commit | Step::Flash => None,
            Step::Gains | Step::EnergyGain | Step::Restart => Some(rating.load_point(1.0, 1.0, PowerFactor::UNITY)),
            Step::Phase => Some(rating.load_point(1.0, 1.0, PowerFactor::HALF_INDUCTIVE)),
            // A meter gets its supply from the source; without current a relay that opens takes nothing from its neighbours.
            Step::Offsets | Step::SelfTest => Some(rating.load_point(1.0, 0.0, PowerFactor::UNITY)),
            Step::Verify(number) | Step::Return(number) => self.test_load(self.test(number)?),
            Step::Trip(number) => {
                let test = self.test(number)?;
                let Kind::Protection(protection) = &test.kind else { return None };
                Some(LoadPoint { u: protection.beyond, ..self.test_load(test)? })
            }
        }
    }

    /// How long each step takes when nothing is out of the ordinary, the way to its load point included. The shares are those
    /// of runs on the simulated station; who shows the rest of a run corrects them by the run itself.
    #[must_use]
    pub fn expected(&self) -> Vec<Duration> {
        let Procedure { stability, rms, energy, offsets, .. } = &self.procedure.profile;
        let offsets = offsets.as_ref().map_or(Duration::ZERO, |offsets| offsets.settle + offsets.current_measure);
        let lines = u32::try_from(self.lines().len()).unwrap_or(1);
        let mut before = None;
        let of = |step: Step| {
            let point = self.load_point(step).filter(|point| before.as_ref() != Some(point));
            let settled = if point.is_some() { SETTLING } else { Duration::ZERO };
            before = point.or(before);
            settled
                + match step {
                    Step::SelfTest => self.procedure.self_test.as_ref().map_or(Duration::ZERO, SelfTest::expected),
                    Step::Identify => TALK * 2,
                    Step::Prepare | Step::Commit | Step::Restart => TALK,
                    Step::Flash => FLASHING,
                    Step::Gains => stability.window * 2 + rms.min + TALK,
                    Step::EnergyGain | Step::Phase => middle(energy.min, energy.max) * lines,
                    Step::Offsets => offsets * lines,
                    Step::Connect => TALK * 2,
                    Step::Verify(number) => self.test(number).map_or(Duration::ZERO, |test| self.test_time(test)),
                    Step::Trip(number) | Step::Return(number) => match self.test(number).map(|test| &test.kind) {
                        Some(Kind::Protection(protection)) if step == Step::Trip(number) => protection.opens_within / 2,
                        Some(Kind::Protection(protection)) => protection.closes_within / 2,
                        _ => Duration::ZERO,
                    },
                }
        };
        self.steps().into_iter().map(of).collect()
    }

    /// The test of that number.
    #[must_use]
    pub fn test(&self, number: usize) -> Option<&Test> {
        self.procedure.verify.get(number)
    }

    fn test_load(&self, test: &Test) -> Option<LoadPoint> {
        test.load().map(|load| load.at(&self.meter.rating))
    }

    /// Time of an exact meter from one count of its energy register to the next.
    #[must_use]
    pub fn count_time(&self, point: &LoadPoint) -> Duration {
        let watts = point.u.0 * point.i.0 * point.pf.magnitude;
        durations::bounded(3600.0 / (self.counts_per_wh() * watts))
    }

    /// How long one test takes when the unit is good.
    fn test_time(&self, test: &Test) -> Duration {
        let Procedure { rms, energy, .. } = &self.procedure.profile;
        let count = self.test_load(test).map_or(Duration::ZERO, |point| self.count_time(&point));
        let series = |series: &Series| {
            let uncertainty = series.uncertainty.unwrap_or(energy.verify_uncertainty);
            let known = durations::until_known(count, uncertainty);
            let one = known.max(energy.min).min(series.timeout.unwrap_or(energy.max));
            series.settle + one * (u32::from(series.repeats) + u32::from(series.discards))
        };
        match &test.kind {
            Kind::Accuracy(accuracy) => {
                let limits = &accuracy.limits;
                let part = |measured, time| if measured { time } else { Duration::ZERO };
                part(limits.voltage.or(limits.current).is_some(), rms.min)
                    + part(limits.energy.is_some(), series(&accuracy.series))
            }
            Kind::Repeatability(repeatability) => series(&repeatability.series),
            Kind::Dial(dial) => durations::dial(dial, &self.meter.rating),
            Kind::Starting(starting) => {
                durations::one_pulse(starting, &self.meter.rating) + count * durations::COUNTS_TO_GO_ON
            }
            Kind::NoLoad(no_load) => durations::no_load(no_load, &self.meter.rating),
            Kind::WarmUp(warm_up) => warm_up.duration,
            Kind::Protection(_) => TALK,
            Kind::Questions(questions) => QUESTION * u32::try_from(questions.questions.len()).unwrap_or(1),
        }
    }

    /// The step in the operator's words.
    #[must_use]
    pub fn title(&self, step: Step) -> String {
        match step {
            Step::SelfTest => "Self test of the meter's parts".to_owned(),
            Step::Identify => "Identify the chip and reset it".to_owned(),
            Step::Prepare => "Prepare for calibration".to_owned(),
            Step::Gains => "Voltage and current gain".to_owned(),
            Step::EnergyGain => "Energy gain at PF 1".to_owned(),
            Step::Phase => "Phase at PF 0.5L".to_owned(),
            Step::Offsets => "Offsets without current".to_owned(),
            Step::Commit => "Checksums and normal operation".to_owned(),
            Step::Flash => "Flash the unit's own image and read it back".to_owned(),
            Step::Restart => "Start the unit on its image".to_owned(),
            Step::Connect => "Find the meter".to_owned(),
            Step::Verify(number) => self.test(number).map_or_else(String::new, test_title),
            Step::Trip(number) => format!("{}: beyond the limit", self.test_name(number)),
            Step::Return(number) => format!("{}: back again", self.test_name(number)),
        }
    }

    fn test_name(&self, number: usize) -> &str {
        self.test(number).map_or("?", |test| test.name.as_str())
    }

    /// Whether the source has only its voltage to reach for a step: a relay that opens there takes the current away.
    #[must_use]
    pub const fn voltage_alone(step: Step) -> bool {
        matches!(step, Step::Trip(_) | Step::Return(_))
    }

    /// Times of the offsets, which a procedure that adjusts has.
    ///
    /// # Errors
    /// It does not, and adjusts nothing.
    pub fn offsets(&self) -> Result<&Offsets, StepError> {
        self.procedure.offsets.as_ref().ok_or(StepError::Panicked)
    }

    /// Lines that are calibrated, in their order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.meter.calibration.lines
    }

    /// The line that meters when nobody tells the chip otherwise.
    #[must_use]
    pub fn metered_line(&self) -> Line {
        match self.lines() {
            [only] => *only,
            // Where there are two, MMode says which; with the pins set otherwise both are read, and L is the first.
            _ if MMode::from_bits(self.meter.registers.m_mode.0).lnsel() == LnSel::N => Line::N,
            _ => Line::L,
        }
    }

    /// Real amperes from register amperes.
    #[must_use]
    pub fn amps_from_register(&self, register_amps: f64) -> Amps {
        Amps(register_amps * self.meter.calibration.current_scale)
    }

    /// Counts of 0.1 pulse per Wh that an exact meter makes.
    #[must_use]
    pub fn counts_per_wh(&self) -> f64 {
        self.meter.calibration.chip_constant_imp_per_kwh * 10.0 / 1000.0
    }

    /// The registers a calibration starts from: power-on values, the profile's words, PL_Constant.
    ///
    /// # Errors
    /// The profile's figures give a constant that does not fit its register.
    pub fn initial_registers(&self) -> Result<RegisterSet, StepError> {
        let (calibration, words, rating) = (&self.meter.calibration, &self.meter.registers, &self.meter.rating);
        let path = AnalogPath {
            gain: calibration.gl,
            current_mv: calibration.vl_millivolts,
            voltage_mv: calibration.vu_millivolts,
        };
        let mut set = RegisterSet::power_on();
        let mc = calibration.chip_constant_imp_per_kwh;
        set.set_pl_constant(formula::pl_constant(path, mc, rating.un, rating.ib, PlRounding::MultipleOfFour)?);
        let threshold = |which, given| match given {
            Threshold::Word(word) => Ok(word),
            Threshold::FractionOfIb(fraction) => formula::threshold(which, path, fraction),
        };
        set.set(Register::PStartTh, threshold(formula::Threshold::Start, words.start_threshold())?)?;
        set.set(Register::PNolTh, threshold(formula::Threshold::NoLoad, words.noload_threshold())?)?;
        for (register, word) in [
            (Register::FuncEn, Some(words.func_en)),
            (Register::SagTh, Some(words.sag_th)),
            (Register::MMode, Some(words.m_mode)),
            (Register::QStartTh, Some(words.q_start_th)),
            (Register::QNolTh, Some(words.q_nol_th)),
            (Register::Ugain, words.ugain),
            (Register::IgainL, words.igain_l),
            (Register::IgainN, words.igain_n),
        ] {
            if let Some(word) = word {
                set.set(register, word.0)?;
            }
        }
        Ok(set)
    }

    /// MMode with `line` metered, for a meter whose LNMode pins leave it to the register.
    #[must_use]
    pub fn mmode_for(&self, line: Line) -> u16 {
        let mmode = MMode::from_bits(self.meter.registers.m_mode.0);
        if self.lines().len() > 1 {
            mmode.with_lnsel(if line == Line::L { LnSel::L } else { LnSel::N }).bits()
        } else {
            mmode.bits()
        }
    }
}

fn test_title(test: &Test) -> String {
    let what = match &test.kind {
        Kind::Accuracy(_) => "Verify at",
        Kind::Repeatability(_) => "Repeatability:",
        Kind::Dial(_) => "Energy counted:",
        Kind::Starting(_) => "Starting current:",
        Kind::NoLoad(_) => "No load:",
        Kind::WarmUp(_) => "Warm-up:",
        Kind::Protection(_) => "Protection:",
        Kind::Questions(_) => "Look:",
    };
    format!("{what} {}", test.name)
}

/// A measurement that ends when it is certain enough takes some time between the least and the most.
fn middle(least: Duration, most: Duration) -> Duration {
    (least + most) / 2
}

fn measures_offsets(calibration: &Calibration) -> bool {
    [calibration.current_offset, calibration.power_offset].contains(&OffsetMode::Measure)
}
