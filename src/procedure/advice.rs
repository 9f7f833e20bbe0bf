//! What the operator is told when something stops: what happened, why that usually is, what to do next.
//!
//! One file for all of it, so that the same fault always reads the same. Each text is covered by a snapshot.

use meter_interface::map::Exception;

use super::StepError;
use crate::advice::Advice;
use crate::calibration::formula::FormulaError;
use crate::flash;
use crate::meter::MeterError;
use crate::meter::service::ServiceError;
use crate::operator::OperatorError;
use crate::port::pulse::PulseError;
use crate::port::{OpenError, PortError};
use crate::profile::procedure::Mode;
use crate::reference::InstrumentError;

/// The advice for an error that ended a run of a procedure in this mode.
#[must_use]
pub fn in_mode(error: &StepError, mode: Mode) -> Advice {
    match (error, mode) {
        (StepError::Cancelled, Mode::Verify) => Advice {
            next: "The source is off, and the registers are as they were; run it again".to_owned(),
            ..of(error)
        },
        _ => of(error),
    }
}

/// The advice for an error that ended a run.
#[must_use]
pub fn of(error: &StepError) -> Advice {
    let what = error.to_string();
    match error {
        StepError::Cancelled => Advice::new(
            what,
            "Somebody stopped the run",
            "The source is off. The unit is not calibrated: its registers are written in part; run it again",
        ),
        StepError::Meter(error) => of_meter(error),
        StepError::Instrument(error) => of_instrument(error),
        StepError::ReferenceFailed(error) => match &**error {
            InstrumentError::Typed { .. } | InstrumentError::Operator { .. } => of_instrument(error),
            _ => Advice { what, ..of_instrument(error) },
        },
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
        StepError::Operator(OperatorError::Unreadable) => Advice::new(
            what,
            "What was answered was no answer to the question, several times",
            "Run again, and answer as the question asks",
        ),
        StepError::Formula(FormulaError::Range(range)) => Advice::new(
            // Without the cause, which has a line of its own here.
            what.split(';').next().unwrap_or(&what),
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
        StepError::TooFew { .. } => Advice::new(
            what,
            "The line to the meter stalls or loses answers again and again, or the computer is busy with other things",
            "Look at the retries on the Live page; check cable, hub and network, and close what else runs",
        ),
        StepError::Uncertain { .. } => Advice::new(
            what,
            "The readings scatter, or the meter's counts come too rarely, for the time allowed",
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
        StepError::OutOfReach { needs: super::error::HEAD, .. } => Advice::new(
            what,
            "The procedure counts the meter's pulses (method = \"pulses\"), and no optical head is named for this position",
            "Put a head before the lamp and name its port (--pulses pulse+serial:PORT?line=cts, or the meter's panel in the window), \
             or choose a procedure that reads the registers; nothing was switched on",
        ),
        StepError::OutOfReach { .. } => Advice::new(
            what,
            "The link shows less of the meter than the procedure wants to see",
            "Connect the meter's service port (service+serial:), or take this test out of a copy of the procedure",
        ),
        StepError::BeyondRating { .. } => Advice::new(
            what,
            "The procedure is written for a meter with a larger current range",
            "Choose the procedure for this meter type, or correct the test's load in a copy of it; nothing was switched on",
        ),
        StepError::NotMetering { .. } => Advice::new(
            what,
            "The meter is not calibrated, its own controller does not run, or the supply is too low; a verification writes nothing",
            "Let the meter run by itself, or calibrate it first",
        ),
        StepError::LostRegisters => Advice::new(
            what,
            "The supply of the chip drops out, or something resets it; a verification writes nothing",
            "Check the supply of the chip, then run again",
        ),
        StepError::PartsFailed { .. } => Advice::new(
            what,
            "The part is dead, badly soldered or not fitted, or nobody saw or heard what it did",
            "Take the unit out for repair; `meterbench selftest --only` repeats single tests. It was not verified",
        ),
        StepError::NotTested { .. } => Advice::new(
            what,
            "The meter is busy, or its firmware is older than this program",
            "Wait some seconds, then run again; update the meter's firmware when it stays",
        ),
        StepError::KeepsResetting { .. } => Advice::new(
            what,
            "The chip's supply drops out, or the meter's own controller resets it",
            "Check the supply of the chip and hold the meter's controller in reset",
        ),
        StepError::Flash(error) => flash::advice::advice(error),
        StepError::TargetClosed { source } | StepError::LinkClosed { source } => match source {
            OpenError::Port(error) => Advice { what, ..of_port(error) },
            OpenError::Url(_) => {
                Advice::new(what, "An address is misspelt or incomplete", "Correct the address and run again")
            }
        },
        StepError::NothingToFlash => Advice::new(
            what,
            "The station has no flash target, or no image was chosen",
            "Name a flash target and an image, or choose a procedure that does not flash",
        ),
        StepError::BlockField { .. } | StepError::Firmware(_) => Advice::new(
            what,
            "The image is not the firmware of this meter, or a value of profile or label does not fit into it",
            "Choose the meter's own image; check the serial number and the profile",
        ),
        StepError::WrongLink { .. } => Advice::new(
            what,
            "The procedure asks for a proof that this way cannot give",
            "Name the meter's service port as the way after flashing, or choose another procedure",
        ),
        StepError::NotStarted { .. } => Advice::new(
            what,
            "BOOT0 is still at 1, the unit has no supply, or its service port is on another line",
            "Set BOOT0 to 0, switch the unit off and on, and run again. Do not ship this unit",
        ),
        StepError::WrongAnswer { .. } => Advice::new(
            what,
            "Flash target and meter are those of two different units, or the unit still runs what it ran before",
            "Check the cables of this position, switch the unit off and on, and run again. Do not ship this unit",
        ),
        StepError::CalibrationLost => Advice::new(
            what,
            "The chip's supply drops out, or the meter's program loads other registers than were flashed",
            "Check the supply of the chip and run again. Do not ship this unit",
        ),
        StepError::Custody(error) => error.advice(),
        StepError::Earlier { advice, .. } => advice.clone(),
        StepError::Pulses(PulseError::Port(error)) => of_port(error),
        StepError::Pulses(PulseError::Chatter { .. }) => Advice::new(
            what,
            "The head sees light from elsewhere (lamps flicker a hundred times a second), or its contact bounces",
            "Put the hood over the head, set it right before the lamp, then run again",
        ),
        StepError::Pulses(PulseError::Blind { .. }) => Advice::new(
            what,
            "The computer was too busy to look at the line in time",
            "Close other programs, then run again; nothing was judged from these pulses",
        ),
        StepError::Pulses(PulseError::Missing { .. }) => Advice::new(
            what,
            "The head does not stand before the lamp, its line is another one, or the meter does not register",
            "Set the head right before the lamp and check line= in its address; watch the lamp by eye",
        ),
        StepError::Undecided { .. } => Advice::new(
            what,
            "The reference's certificate says nothing of this load point, or it is not good enough for these limits",
            "Enter the certificate's uncertainties (`meterbench instruments add`), use a better reference, or choose another rule in a copy of the procedure",
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
        MeterError::Service(error) => of_service(what, error),
        MeterError::LogOnly { .. } => Advice::new(
            what,
            "The stock firmware prints what it measures and takes no commands",
            "Calibrate over the chip's own UART (afe+serial:), or flash the firmware with the service port (service+serial:)",
        ),
        MeterError::LogSilent { .. } => Advice::new(
            what,
            "The stock firmware prints only when it polls its server; or the line has another speed, or it is another port",
            "Wait for the next poll with ?patience=SECONDS, and check the port's name and speed (115200 baud)",
        ),
        MeterError::NoRelay => Advice::new(
            what,
            "The metering chip's own UART knows nothing of the meter's relay",
            "Connect the meter's service port (service+serial:)",
        ),
        MeterError::ReadOnly { .. } => Advice::new(
            what,
            "The program asked for something the chip does not do",
            "Send the log to the makers of the program",
        ),
    }
}

fn of_service(what: String, error: &ServiceError) -> Advice {
    match error {
        ServiceError::Port(_) => {
            Advice::new(what, "A cable was pulled or the other side switched off", "Plug it in again, then run again")
        }
        ServiceError::NoAnswer { .. } => Advice::new(
            what,
            "The meter has no supply, runs the stock firmware, RX and TX are swapped, or it is another port",
            "Check supply, wires and the port's name; the stock firmware is read with log+serial:",
        ),
        ServiceError::Garbled { .. } => Advice::new(
            what,
            "A bad contact or noise on the line, or the line has another speed",
            "Check the adapter's contacts and that nothing else sets the speed (115200 baud, 8N1)",
        ),
        ServiceError::Foreign { .. } => {
            Advice::new(what, "Another Modbus device is on this port", "Choose the port the meter is on")
        }
        ServiceError::Version { .. } => Advice::new(
            what,
            "The meter's firmware and this program are of different ages",
            "Update the older of the two",
        ),
        ServiceError::StartedAnew => Advice::new(
            what,
            "The meter's supply dropped out, or its program crashed; what it had counted is gone",
            "Check the supply; `meterbench selftest` tells why it started. Then run again",
        ),
        ServiceError::Stale { .. } | ServiceError::Refused { exception: Exception::ChipSilent } => Advice::new(
            what,
            "The metering chip has lost its supply, or the line between controller and chip is bad",
            "Check the chip's supply and its solder joints",
        ),
        ServiceError::Refused { exception: Exception::Busy } => Advice::new(
            what,
            "The meter is still starting, or a self test is running",
            "Wait some seconds, then run again",
        ),
        ServiceError::Refused { .. } | ServiceError::Nonsense { .. } => Advice::new(
            what,
            "The meter's firmware and this program do not agree on the map of the service port",
            "Update both; when it stays, send the log to the makers of the program",
        ),
    }
}

/// The advice for a port that failed.
#[must_use]
pub fn of_port(error: &PortError) -> Advice {
    let what = error.to_string();
    match error {
        PortError::Open { .. } => Advice::new(
            what,
            "It is not plugged in or not there, another program uses it, or this user may not open it",
            "Plug it in, or check host and port; close the other program, or add the user to the group that owns serial ports",
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
        InstrumentError::Typed { .. } => Advice::new(
            what,
            "What was typed cannot be what the reference shows at this load point",
            "Set the source to the load point, read the reference again, and start again",
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

#[cfg(test)]
mod tests {
    use m90e26::Register;
    use m90e26::uart::SessionError;
    use meter_interface::block::Copy;

    use super::*;
    use crate::calibration::formula::{self, AnalogPath, PlRounding};
    use crate::flash::{FlashError, Stage};
    use crate::image::block::PatchError;
    use crate::image::firmware::FirmwareError;
    use crate::load::{LoadPoint, PowerFactor};
    use crate::meter::Line;
    use crate::port::url::DeviceUrl;
    use crate::procedure::custody::{CustodyError, Role};
    use crate::procedure::decision::Undecided;
    use crate::profile::inventory::CalendarDate;
    use crate::units::{Amps, Hertz, Percent, Volts};

    fn all() -> Vec<StepError> {
        let port = || "/dev/ttyUSB0".to_owned();
        let reason = || "no such device".to_owned();
        let instrument = || "MT310s2".to_owned();
        let point = LoadPoint { u: Volts(240.0), i: Amps(5.0), pf: PowerFactor::HALF_INDUCTIVE, f: Hertz(50.0) };
        let day = |text: &str| text.parse::<CalendarDate>().expect("day");
        let range = formula::gain(Line::N, Percent(-60.0)).expect_err("out of range");
        let path = AnalogPath { gain: 1.0, current_mv: 0.0, voltage_mv: 260.0 };
        let input = formula::pl_constant(path, 2000.0, Volts(240.0), Amps(5.0), PlRounding::Nearest).expect_err("zero");
        let no_current = |on_other_line| StepError::NoCurrent {
            line: Line::N,
            meter_amps: 0.02,
            reference_amps: 5.0,
            other_amps: 4.9,
            on_other_line,
        };
        vec![
            StepError::Cancelled,
            MeterError::Port(PortError::Open { port: port(), reason: reason() }).into(),
            MeterError::Port(PortError::Gone { port: port(), reason: reason() }).into(),
            MeterError::Port(PortError::Unsupported { port: port(), what: "set modem signals" }).into(),
            MeterError::Bus { register: Register::Urms, source: SessionError::NoAnswer { address: 0x49, attempts: 6 } }
                .into(),
            MeterError::Silent { tried: vec![9600, 2400] }.into(),
            MeterError::Implausible { register: Register::Urms, value: 0xFFFF }.into(),
            MeterError::LogOnly { register: Register::Ugain }.into(),
            MeterError::LogSilent { what: "complete readings", seconds: 30 }.into(),
            MeterError::Service(ServiceError::Port("/dev/ttyUSB0 is gone".to_owned())).into(),
            MeterError::Service(ServiceError::NoAnswer { attempts: 4 }).into(),
            MeterError::Service(ServiceError::Garbled { attempts: 4 }).into(),
            MeterError::Service(ServiceError::Foreign { vendor: "Eastron".to_owned(), product: "SDM120".to_owned() })
                .into(),
            MeterError::Service(ServiceError::Version { found: 2, spoken: 1 }).into(),
            MeterError::Service(ServiceError::StartedAnew).into(),
            MeterError::Service(ServiceError::Stale { register: Register::APenergy, seconds: 2 }).into(),
            MeterError::Service(ServiceError::Refused { exception: Exception::ChipSilent }).into(),
            MeterError::Service(ServiceError::Refused { exception: Exception::Busy }).into(),
            MeterError::Service(ServiceError::Refused { exception: Exception::IllegalAddress }).into(),
            MeterError::Service(ServiceError::Nonsense { what: "0000 instead of its mark".to_owned() }).into(),
            MeterError::ReadOnly { register: Register::Urms }.into(),
            InstrumentError::Port {
                instrument: instrument(),
                source: PortError::Gone { port: "10.0.0.5:6320".to_owned(), reason: "it hung up".to_owned() },
            }
            .into(),
            InstrumentError::Silent { instrument: instrument(), command: "*IDN?".to_owned(), waited_millis: 2000 }
                .into(),
            InstrumentError::Answer {
                instrument: instrument(),
                command: "MEASURE:RMS1?".to_owned(),
                answer: "NAN".to_owned(),
                problem: "no number".to_owned(),
            }
            .into(),
            StepError::ReferenceFailed(std::sync::Arc::new(InstrumentError::Typed {
                question: "P as the reference shows".to_owned(),
                answer: "500".to_owned(),
                problem: "500 W is far from 1200 W".to_owned(),
            })),
            InstrumentError::WrongInstrument { instrument: instrument(), found: "GPM-8213".to_owned() }.into(),
            InstrumentError::OutOfRange { instrument: instrument(), what: "500.00 V, 300 V is its limit".to_owned() }
                .into(),
            InstrumentError::Operator { question: "U in V".to_owned(), source: OperatorError::Absent }.into(),
            StepError::Reference { reason: "it showed nothing new for 10 s".to_owned() },
            OperatorError::Absent.into(),
            OperatorError::Cancelled.into(),
            OperatorError::Unreadable.into(),
            range.into(),
            input.into(),
            crate::calibration::registers::NotCalibration(Register::Urms).into(),
            StepError::Implausible { register: Register::IgainN, value: 7619, low: 3337, high: 4515 },
            StepError::NotTheChip { register: Register::Ugain, expected: 0x6720, found: 0 },
            StepError::NoVoltage { meter_volts: 0.02, reference_volts: 240.0 },
            no_current(true),
            no_current(false),
            StepError::Reversed { line: Line::N, degrees: -179.7 },
            StepError::NoEnergy { seconds: 10.0, watts: 1200.0 },
            StepError::LoadPointMissed { point, shown: "0.00 V, 0.0000 A, 0.0 W".to_owned() },
            StepError::Unstable {
                quantity: "the meter's current",
                change_percent: 0.278,
                window_secs: 4.0,
                tolerance_percent: 0.01,
            },
            StepError::TooFew { quantity: "voltage or current", seconds: 15.0 },
            StepError::Uncertain {
                quantity: "the energy error",
                seconds: 60.0,
                achieved_percent: 0.01,
                target_percent: 0.0007,
            },
            StepError::ChecksumDiffers { register: Register::Cs1, expected: 0x327C, found: 0 },
            StepError::StatusNotClean { status: 0xF000 },
            StepError::RegisterDiffers { register: Register::Ugain, expected: 0x71D8, found: 0x6720 },
            StepError::KeepsResetting { times: 4 },
            StepError::OutOfReach { test: "Over-voltage".to_owned(), needs: "the meter's relay" },
            StepError::OutOfReach { test: "Ib, PF 1".to_owned(), needs: super::super::error::HEAD },
            StepError::BeyondRating {
                test: "60 A".to_owned(),
                asked: "60.0000 A".to_owned(),
                allowed: "24.0000 A".to_owned(),
            },
            StepError::NotMetering { register: Register::CalStart, expected: 0x8765, found: 0x6886 },
            StepError::LostRegisters,
            MeterError::NoRelay.into(),
            FlashError::NoAnswer.into(),
            FlashError::Cancelled { stage: Stage::Write }.into(),
            StepError::NothingToFlash,
            StepError::BlockField { field: "serial", reason: "\"a long one\" is longer than 24 bytes".to_owned() },
            FirmwareError::Patch(PatchError::NoPage { copy: Copy::A, address: 0x0800_F800 }).into(),
            StepError::TargetClosed { source: PortError::Open { port: port(), reason: reason() }.into() },
            StepError::TargetClosed { source: DeviceUrl::sim().error("it is none").into() },
            StepError::LinkClosed { source: PortError::Open { port: port(), reason: reason() }.into() },
            StepError::WrongLink { found: "the log" },
            StepError::NotStarted { seconds: 20.2, reason: "the meter's service port does not answer".to_owned() },
            StepError::WrongAnswer {
                what: "serial number",
                expected: "MT50-000123".to_owned(),
                found: "MT50-000122".to_owned(),
            },
            StepError::CalibrationLost,
            StepError::OutOfReach { test: "Self test".to_owned(), needs: "the meter's service port" },
            StepError::PartsFailed { parts: "EEPROM, Red LED".to_owned() },
            StepError::NotTested { part: "EEPROM", reason: Exception::Busy.to_string() },
            PulseError::Chatter { rejected: 4, seen: 5, least_gap: std::time::Duration::from_millis(20) }.into(),
            PulseError::Blind { pause: std::time::Duration::from_millis(30), missed: 1 }.into(),
            PulseError::Missing { seen: 0, seconds: 12.0 }.into(),
            CustodyError::OtherSerial { role: Role::Reference, found: "4712".to_owned(), listed: "4711".to_owned() }
                .into(),
            CustodyError::NotListed { role: Role::Reference, identity: "Maker Model 4712".to_owned() }.into(),
            CustodyError::Overdue { role: Role::Source, serial: "4711".to_owned(), due: day("2026-10-01"), days: 51 }
                .into(),
            CustodyError::Exchanged { found: "4712".to_owned(), proven: "4711".to_owned() }.into(),
            CustodyError::ClockBack {
                today: day("2026-01-01"),
                than: "the newest record".to_owned(),
                day: day("2026-11-21"),
            }
            .into(),
            StepError::Undecided {
                quantity: "energy_error".to_owned(),
                test: "Ib".to_owned(),
                cause: Undecided::NoUncertainty,
            },
            StepError::SourceOn { reason: "no answer".to_owned() },
            StepError::Earlier {
                verdict: super::super::Verdict::Fail,
                advice: Advice::new("what it was then", "why it was then", "what was next then"),
            },
            StepError::Panicked,
        ]
    }

    #[test]
    fn every_advice_reads_as() {
        let texts: Vec<String> = all()
            .iter()
            .map(|error| {
                let Advice { what, why, next } = of(error);
                assert!(!what.contains(['{', '}']) && !why.is_empty() && !next.is_empty(), "{error:?}");
                format!("{} what  {what}\n      why   {why}\n      next  {next}\n", error.verdict())
            })
            .collect();
        insta::assert_snapshot!(texts.join("\n"));
    }
}
