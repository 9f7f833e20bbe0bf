//! What the operator is told when something stops: what happened, why that usually is, what to do next.
//!
//! One file for all of it, so that the same fault always reads the same. Each text is covered by a snapshot.

use super::StepError;
use crate::advice::Advice;
use crate::calibration::formula::FormulaError;
use crate::meter::MeterError;
use crate::port::PortError;
use crate::reference::{InstrumentError, OperatorError};

/// The advice for an error that ended a run.
#[must_use]
pub fn of(error: &StepError) -> Advice {
    let what = error.to_string();
    match error {
        StepError::Cancelled => {
            Advice::new(what, "Somebody stopped the run", "Start again when ready; the source is off")
        }
        StepError::Meter(error) => of_meter(error),
        StepError::Instrument(error) => of_instrument(error),
        StepError::Reference { .. } => Advice::new(
            what,
            "The reference stopped answering, or its readings no longer change",
            "Check the reference's cable and display, then run again",
        ),
        StepError::Operator(OperatorError::Absent) => Advice::new(
            what,
            "The run needs an answer and there is no terminal",
            "Run it in a terminal or in the window, or give the answers in the address of the manual reference",
        ),
        StepError::Operator(OperatorError::Cancelled) => {
            Advice::new(what, "Somebody stopped the run at a question", "Start again when ready; the source is off")
        }
        StepError::Formula(FormulaError::Range(range)) => Advice::new(
            what.clone(),
            format!("That smells of {}", range.smells_of),
            "Take the unit out for repair; its registers were not changed by this value",
        ),
        StepError::Formula(FormulaError::Input { .. }) => Advice::new(
            what,
            "A figure of the profile or a reading makes no sense",
            "Check the profile and the reading",
        ),
        StepError::Implausible { .. } => Advice::new(
            what,
            "A part of the board has another value than the profile expects: burden, current transformer ratio or divider; \
             or the unit is of another type",
            "Compare the unit with the profile; take it out for repair if the type is right",
        ),
        StepError::NotTheChip { .. } => Advice::new(
            what,
            "Something answers, but it is not an M90E26 just reset, or its supply is too low to reset properly",
            "Check that the meter's own controller is held in reset and that the chip has its supply",
        ),
        StepError::NoVoltage { .. } => Advice::new(
            what,
            "The voltage divider is open, or the voltage terminals are not connected",
            "Check the voltage terminals first, then the divider",
        ),
        StepError::NoCurrent { on_other_line: true, .. } => Advice::new(
            what,
            "The current transformer is connected to the other line of the chip",
            "Swap the transformer's connection, or choose the profile whose line it is",
        ),
        StepError::NoCurrent { .. } => Advice::new(
            what,
            "The current transformer is open or not connected, or the load current does not pass through the meter",
            "Check the current terminals first, then the transformer and its burden",
        ),
        StepError::Reversed { .. } => Advice::new(
            what,
            "The current transformer is reversed, or the current flows through the meter the wrong way",
            "Turn the transformer's wires round, or the meter's current terminals",
        ),
        StepError::NoEnergy { .. } => Advice::new(
            what,
            "The load is below the start-up threshold, the chip meters the other line, or its metering part does not run",
            "Check PStartTh and MMode in the profile and the chip's LNMode pins",
        ),
        StepError::LoadPointMissed { .. } => Advice::new(
            what,
            "The source is not on, is on another range, or was told something else",
            "Check the source's display and the wiring of the current loop",
        ),
        StepError::Unstable { .. } => Advice::new(
            what,
            "The unit is not warm yet, a contact is bad, or the source wanders",
            "Wait and run again; when it stays, check contacts and solder joints",
        ),
        StepError::Uncertain { .. } => Advice::new(
            what,
            "The meter's pulses come too rarely or too irregularly for the time allowed",
            "Check that the load is steady; allow more time in the procedure if the unit is fine otherwise",
        ),
        StepError::ChecksumDiffers { .. } | StepError::StatusNotClean { .. } => Advice::new(
            what,
            "The chip holds other registers than were written, or does not accept their checksum",
            "Run again; if it happens twice, replace the chip",
        ),
        StepError::RegisterDiffers { .. } => Advice::new(
            what,
            "A register changed after it was written: the chip was reset, or something else writes to it",
            "Make sure the meter's own controller is held in reset, then run again",
        ),
        StepError::KeepsResetting { .. } => Advice::new(
            what,
            "The chip's supply drops out, or the meter's own controller resets it",
            "Check the supply of the chip and hold the meter's controller in reset",
        ),
        StepError::SourceOn { .. } => Advice::new(
            what,
            "The source does not obey any more",
            "Switch the source off by hand NOW, before touching anything",
        ),
        StepError::Panicked | StepError::NotCalibration(_) => {
            Advice::new(what, "The program has a fault", "Run again, and send the log to the makers of the program")
        }
    }
}

fn of_meter(error: &MeterError) -> Advice {
    let what = error.to_string();
    match error {
        MeterError::Port(error) => of_port(error),
        MeterError::Bus { .. } => Advice::new(
            what,
            "A bad contact or noise on the line between converter and chip, or the chip has lost its supply",
            "Check the adapter's contacts and the chip's supply, then run again",
        ),
        MeterError::Silent { .. } => Advice::new(
            what,
            "The chip has no supply, RX and TX are swapped, or it is another port",
            "Check the supply, the adapter's wires and the port's name",
        ),
        MeterError::Implausible { .. } => Advice::new(
            what,
            "The chip is not measuring, or the line reads all ones",
            "Check the chip's supply and the wires, then run again",
        ),
        MeterError::ReadOnly { .. } => Advice::new(
            what,
            "The program asked for something the chip does not do",
            "Send the log to the makers of the program",
        ),
    }
}

fn of_port(error: &PortError) -> Advice {
    let what = error.to_string();
    match error {
        PortError::Open { .. } => Advice::new(
            what,
            "It is not plugged in, another program uses it, or this user may not open it",
            "Plug it in, close the other program, or add the user to the group that owns serial ports",
        ),
        PortError::Gone { .. } => {
            Advice::new(what, "A cable was pulled or the other side switched off", "Plug it in again, then run again")
        }
        PortError::Unsupported { .. } => Advice::new(
            what,
            "This kind of line has no such signal",
            "Use a serial port with modem signals, or the prompt",
        ),
    }
}

fn of_instrument(error: &InstrumentError) -> Advice {
    let what = error.to_string();
    match error {
        InstrumentError::Port { source, .. } => Advice { what, ..of_port(source) },
        InstrumentError::Silent { .. } => Advice::new(
            what,
            "The instrument is off, on another address, or its interface is set otherwise",
            "Check that it is on, and compare its interface settings with the profile",
        ),
        InstrumentError::Answer { .. } => Advice::new(
            what,
            "The profile does not fit the instrument or its firmware",
            "Compare the profile's queries with the instrument's manual",
        ),
        InstrumentError::WrongInstrument { .. } => Advice::new(
            what,
            "Another instrument is on this address",
            "Choose the profile of the instrument that is there",
        ),
        InstrumentError::OutOfRange { .. } => Advice::new(
            what,
            "The load point is beyond what the profile allows the source",
            "Choose another source or another procedure",
        ),
        InstrumentError::Operator { .. } => Advice::new(
            what,
            "The question was not answered",
            "Start again and answer, or use a source that can be controlled",
        ),
    }
}
