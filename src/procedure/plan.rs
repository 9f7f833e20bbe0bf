//! What is going to be done: a meter profile and a procedure, and what follows from both.

use std::time::Duration;

use m90e26::Register;
use m90e26::field::{LnSel, MMode};

use super::error::StepError;
use crate::calibration::formula::{self, AnalogPath, PlRounding};
use crate::calibration::registers::RegisterSet;
use crate::meter::Line;
use crate::profile::meter::{Calibration, OffsetMode, Threshold};
use crate::profile::procedure::VerifyPoint;
use crate::profile::self_test::{SelfTest, When};
use crate::profile::{Loaded, MeterProfile, Procedure};
use crate::reference::{LoadPoint, PowerFactor};
use crate::units::Amps;

/// From one load point to the next.
const SETTLING: Duration = Duration::from_secs(4);
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
    /// Errors at one verification point, by its number.
    Verify(usize),
}

impl Plan {
    /// All steps in their order.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let calibration = &self.meter.calibration;
        let self_test =
            |when| self.procedure.self_test.as_ref().filter(|wanted| wanted.when == when).map(|_| Step::SelfTest);
        let mut steps: Vec<Step> = self_test(When::Before).into_iter().collect();
        steps.extend([Step::Identify, Step::Prepare, Step::Gains, Step::EnergyGain, Step::Phase]);
        if measures_offsets(calibration) {
            steps.push(Step::Offsets);
        }
        steps.push(Step::Commit);
        steps.extend(self_test(When::After));
        steps.extend((0..self.procedure.verify.len()).map(Step::Verify));
        steps
    }

    /// Where the bench has to be for a step; `None` where it does not matter.
    #[must_use]
    pub fn load_point(&self, step: Step) -> Option<LoadPoint> {
        let rating = &self.meter.rating;
        match step {
            Step::Identify | Step::Prepare | Step::Commit => None,
            Step::Gains | Step::EnergyGain => Some(rating.load_point(1.0, 1.0, PowerFactor::UNITY)),
            Step::Phase => Some(rating.load_point(1.0, 1.0, PowerFactor::HALF_INDUCTIVE)),
            // A meter gets its supply from the source; without current a relay that opens takes nothing from its neighbours.
            Step::Offsets | Step::SelfTest => Some(rating.load_point(1.0, 0.0, PowerFactor::UNITY)),
            Step::Verify(number) => self.verify_point(number).map(|point| self.verify_load(point)),
        }
    }

    /// How long each step takes when nothing is out of the ordinary, the way to its load point included. The shares are those
    /// of runs on the simulated station; who shows the rest of a run corrects them by the run itself.
    #[must_use]
    pub fn expected(&self) -> Vec<Duration> {
        let Procedure { stability, rms, energy, offsets, .. } = &self.procedure.profile;
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
                    Step::Prepare | Step::Commit => TALK,
                    Step::Gains => stability.window * 2 + rms.min + TALK,
                    Step::EnergyGain | Step::Phase => middle(energy.min, energy.max) * lines,
                    Step::Offsets => (offsets.settle + offsets.current_measure) * lines,
                    Step::Verify(number) => {
                        let limits = self.verify_point(number).map(|point| &point.limits);
                        let registers = limits.is_some_and(|limits| limits.voltage.or(limits.current).is_some());
                        let counted = limits.is_some_and(|limits| limits.energy.is_some());
                        let part = |measured, time| if measured { time } else { Duration::ZERO };
                        part(registers, rms.min) + part(counted, middle(energy.min, energy.max))
                    }
                }
        };
        self.steps().into_iter().map(of).collect()
    }

    /// The verification point of that number.
    #[must_use]
    pub fn verify_point(&self, number: usize) -> Option<&VerifyPoint> {
        self.procedure.verify.get(number)
    }

    fn verify_load(&self, point: &VerifyPoint) -> LoadPoint {
        self.meter.rating.load_point(point.u_of_un, point.i_of_ib, point.pf)
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
            Step::Verify(number) => {
                format!("Verify at {}", self.verify_point(number).map_or("?", |point| point.name.as_str()))
            }
        }
    }

    /// Lines that are calibrated, in their order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.meter.calibration.lines
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

/// A measurement that ends when it is certain enough takes some time between the least and the most.
fn middle(least: Duration, most: Duration) -> Duration {
    (least + most) / 2
}

fn measures_offsets(calibration: &Calibration) -> bool {
    [calibration.current_offset, calibration.power_offset].contains(&OffsetMode::Measure)
}
