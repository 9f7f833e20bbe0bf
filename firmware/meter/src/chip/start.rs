//! Loading the chip: first a look whether it already runs with the block's registers, then reset, load, prove.
//!
//! The look makes a restart of the processor harmless: the chip goes on metering, and what it counted meanwhile is read as usual.

use m90e26::Register;
use m90e26::field::{SysStatus, command};
use m90e26::uart::Operation;
use meter_interface::block::Block;

/// What the chip found wrong with its calibration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// CS1 does not agree, or the chip does not run with it.
    pub cs1: bool,
    /// The same for CS2.
    pub cs2: bool,
}

impl Refusal {
    /// Nothing was refused.
    #[must_use]
    pub const fn is_none(self) -> bool {
        !self.cs1 && !self.cs2
    }
}

/// One exchange of the loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The register has this value already, or the chip has to be loaded.
    Has(Register, u16),
    /// What was counted so far, before the reset forgets it.
    Drain(Register),
    Write(Register, u16),
    /// The chip computes this checksum.
    Computes(Register, u16),
    /// SysStatus has nothing against the checksums.
    Approves,
}

/// What comes after an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The next exchange.
    GoOn,
    /// The chip runs with the block's registers.
    Loaded,
    /// It does not.
    Refused(Refusal),
}

/// The loading, step by step.
#[derive(Debug, Default)]
pub struct Start {
    step: usize,
    cold: bool,
    refusal: Refusal,
    /// CS1 and CS2 as the chip computes them.
    pub computed: [Option<u16>; 2],
}

impl Start {
    /// Begins with the look.
    #[must_use]
    pub fn warm() -> Self {
        Self::default()
    }

    /// Resets the chip whatever it holds.
    #[must_use]
    pub fn cold() -> Self {
        Self { cold: true, ..Self::default() }
    }

    /// Whether the chip has been reset, so that its counters began anew.
    #[must_use]
    pub const fn was_cold(&self) -> bool {
        self.cold
    }

    /// The exchange to make now.
    #[must_use]
    pub fn operation(&self, block: &Block) -> Option<Operation> {
        Some(match self.current(block)? {
            Step::Has(register, _) | Step::Drain(register) | Step::Computes(register, _) => Operation::read(register),
            Step::Write(register, value) => Operation::write(register, value),
            Step::Approves => Operation::read(Register::SysStatus),
        })
    }

    /// Takes the value of the exchange.
    pub fn on_value(&mut self, value: u16, block: &Block) -> Progress {
        let step = self.current(block);
        self.step += 1;
        match step {
            Some(Step::Has(register, wanted)) => {
                match register {
                    Register::Cs1 => self.computed[0] = Some(value),
                    Register::Cs2 => self.computed[1] = Some(value),
                    _ => {}
                }
                if value != wanted {
                    *self = Self::cold();
                }
            }
            Some(Step::Computes(register, wanted)) => {
                let second = usize::from(register == Register::Cs2);
                if let Some(computed) = self.computed.get_mut(second) {
                    *computed = Some(value);
                }
                self.refusal.cs1 |= second == 0 && value != wanted;
                self.refusal.cs2 |= second == 1 && value != wanted;
            }
            Some(Step::Approves) => {
                let status = SysStatus::from_bits(value);
                self.refusal.cs1 |= status.cal_error();
                self.refusal.cs2 |= status.adj_error();
            }
            Some(Step::Drain(_) | Step::Write(..)) | None => {}
        }
        match (self.current(block), self.refusal) {
            (Some(_), _) => Progress::GoOn,
            (None, refusal) if refusal.is_none() => Progress::Loaded,
            (None, refusal) => Progress::Refused(refusal),
        }
    }

    fn current(&self, block: &Block) -> Option<Step> {
        let rows = if self.cold { COLD } else { WARM };
        rows.get(self.step)?.step(block)
    }
}

/// A row of the tables below: what is done with a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Drain(Register),
    Reset(Register),
    Begin(Register),
    Load(Register),
    Computes(Register),
    Check(Register),
    Runs(Register),
    Holds(Register),
    Approves,
}

impl Row {
    /// The exchange it is with that block.
    fn step(self, block: &Block) -> Option<Step> {
        Some(match self {
            Self::Drain(register) => Step::Drain(register),
            Self::Reset(register) => Step::Write(register, command::SOFT_RESET),
            Self::Begin(register) => Step::Write(register, command::CAL_START),
            Self::Load(register) => Step::Write(register, block.register(register)?),
            Self::Computes(register) => Step::Computes(register, block.register(register)?),
            Self::Check(register) => Step::Write(register, command::CAL_CHECK),
            Self::Runs(register) => Step::Has(register, command::CAL_CHECK),
            Self::Holds(register) => Step::Has(register, block.register(register)?),
            Self::Approves => Step::Approves,
        })
    }
}

macro_rules! rows {
    ($($row:ident: $($register:ident)*;)*) => {
        &[$($(Row::$row(Register::$register),)*)* Row::Approves]
    };
}

/// What tells that the chip runs with the block's registers.
#[rustfmt::skip]
const WARM: &[Row] = rows! {
    Runs: CalStart AdjStart;
    Holds: FuncEn SagTh
        PLconstH PLconstL Lgain Lphi Ngain Nphi PStartTh PNolTh QStartTh QNolTh MMode Cs1
        Ugain IgainL IgainN Uoffset IoffsetL IoffsetN PoffsetL QoffsetL PoffsetN QoffsetN Cs2;
};

/// What loads it.
#[rustfmt::skip]
const COLD: &[Row] = rows! {
    Drain: APenergy ANenergy ATenergy RPenergy RNenergy RTenergy;
    Reset: SoftReset;
    Load: FuncEn SagTh;
    Begin: CalStart;
    Load: PLconstH PLconstL Lgain Lphi Ngain Nphi PStartTh PNolTh QStartTh QNolTh MMode Cs1;
    Begin: AdjStart;
    Load: Ugain IgainL IgainN Uoffset IoffsetL IoffsetN PoffsetL QoffsetL PoffsetN QoffsetN Cs2;
    Computes: Cs1 Cs2;
    Check: CalStart AdjStart;
};

#[cfg(test)]
mod tests {
    use super::*;

    /// A chip that takes everything and computes these checksums.
    fn load(start: &mut Start, block: &Block, computes: [u16; 2], status: u16) -> (Progress, usize) {
        let mut exchanges = 0;
        while let Some(operation) = start.operation(block) {
            exchanges += 1;
            let value = match operation {
                Operation::Write(_, value) => value,
                Operation::Read(0x2C) => computes[0],
                Operation::Read(0x3B) => computes[1],
                Operation::Read(0x01) => status,
                Operation::Read(_) => 0,
            };
            match start.on_value(value, block) {
                Progress::GoOn => {}
                done => return (done, exchanges),
            }
        }
        panic!("no end");
    }

    #[test]
    fn loads_resets_and_proves() {
        let block = Block::default();
        let mut start = Start::warm();
        let (progress, exchanges) = load(&mut start, &block, [block.cs1, block.cs2], 0);
        assert_eq!(progress, Progress::Loaded);
        // One look, then six drains, reset, two, 1 + 12, 1 + 11, two checksums, two commands, status.
        assert_eq!(exchanges, 1 + 6 + 1 + 2 + 13 + 12 + 2 + 2 + 1);
        assert_eq!(start.computed, [Some(block.cs1), Some(block.cs2)]);
        assert!(start.was_cold());
    }

    #[test]
    fn every_register_of_a_block_is_loaded_and_looked_at_in_order() {
        let block = Block::default();
        let held: Vec<Register> =
            Register::ALL.into_iter().filter(|register| block.register(*register).is_some()).collect();
        let of = |rows: &[Row]| -> Vec<Register> {
            let register = |row: &Row| match *row {
                Row::Load(register) | Row::Holds(register) => Some(register),
                _ => None,
            };
            rows.iter().filter_map(register).collect()
        };
        assert_eq!(of(COLD), held);
        assert_eq!(of(WARM), held);
        let drained: Vec<Register> = Register::ALL
            .into_iter()
            .filter(|register| register.access() == m90e26::Access::ReadClear && *register != Register::SysStatus)
            .collect();
        let drains: Vec<Row> = drained.into_iter().map(Row::Drain).collect();
        assert_eq!(COLD[..drains.len()], drains);
    }

    #[test]
    fn a_chip_that_runs_is_left_alone() {
        let block = Block::default();
        let mut start = Start::warm();
        while let Some(operation) = start.operation(&block) {
            let address = operation.address();
            assert!(matches!(operation, Operation::Read(_)), "{operation:?}");
            let value = match Register::from_address(address) {
                Some(Register::CalStart | Register::AdjStart) => command::CAL_CHECK,
                Some(register) => block.register(register).unwrap_or(0),
                None => 0,
            };
            start.on_value(value, &block);
        }
        assert!(!start.was_cold());
    }

    #[test]
    fn a_checksum_that_disagrees_is_a_refusal() {
        let block = Block::default();
        let (progress, _) = load(&mut Start::cold(), &block, [block.cs1, block.cs2 ^ 1], 0);
        assert_eq!(progress, Progress::Refused(Refusal { cs1: false, cs2: true }));
        let (progress, _) = load(&mut Start::cold(), &block, [block.cs1, block.cs2], 0xC000);
        assert_eq!(progress, Progress::Refused(Refusal { cs1: true, cs2: false }));
    }
}
