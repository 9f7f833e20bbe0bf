//! The shipped profile of the simulated bench against the simulated instrument: both speak of the same thing.

use super::*;
use crate::sim::instrument::{BenchModel, ScpiInstrument, SimReadings, SimSetting};

/// A bench without losses.
#[derive(Default)]
struct Ideal {
    on: bool,
    set: Option<SimSetting>,
}

impl BenchModel for Ideal {
    fn read(&mut self) -> SimReadings {
        let Some(set) = self.set.filter(|_| self.on) else { return SimReadings::default() };
        let s_volt_amps = set.u_volts * set.i_amps;
        let (sin, cos) = set.phase_degrees.to_radians().sin_cos();
        let loaded = set.i_amps > 0.0;
        SimReadings {
            u_volts: set.u_volts,
            i_amps: set.i_amps,
            p_watts: s_volt_amps * cos,
            q_vars: s_volt_amps * sin,
            s_volt_amps,
            pf: loaded.then_some(cos),
            phase_degrees: loaded.then_some(set.phase_degrees),
            f_hertz: Some(set.f_hertz),
        }
    }

    fn set(&mut self, setting: SimSetting) {
        self.set = Some(setting);
    }

    fn on(&mut self) {
        self.on = true;
    }

    fn off(&mut self) {
        self.on = false;
    }
}

/// Bytes go straight into the instrument.
struct DirectPort {
    clock: SharedClock,
    instrument: ScpiInstrument<Ideal>,
    answers: Vec<u8>,
}

impl Port for DirectPort {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.instrument.on_bytes(bytes, &mut self.answers);
        Ok(())
    }

    fn read(&mut self, into: &mut [u8], deadline: Moment) -> Result<usize, PortError> {
        let count = self.answers.len().min(into.len());
        if count == 0 {
            self.clock.sleep_until(deadline);
        }
        into[..count].copy_from_slice(&self.answers[..count]);
        self.answers.drain(..count);
        Ok(count)
    }

    fn configure(&mut self, _line: LineSettings) -> Result<(), PortError> {
        Ok(())
    }

    fn set_signal(&mut self, _signal: Signal, _level: Level) -> Result<(), PortError> {
        Ok(())
    }
}

#[test]
fn reference_and_source_are_one_instrument() {
    let clock = VirtualClock::shared(None);
    let instrument = ScpiInstrument::new(Ideal::default(), 42);
    let port = DirectPort { clock: Arc::clone(&clock), instrument, answers: Vec::new() };
    let services = BenchServices { clock, operator: Arc::new(Nobody) };
    let profile = load_instrument("meterbench-sim").expect("shipped").profile;
    let link = ScpiLink::new(Box::new(port), profile, &services);
    let (mut reference, mut source) = (link.reference().expect("[read]"), link.source().expect("[source]"));
    assert_eq!(source.identify().expect("identity").serial, "SIMULATED-42");
    assert!(reference.identify().expect("identity").simulated);

    let inductive = LoadPoint { pf: PowerFactor::HALF_INDUCTIVE, ..HALF };
    source.apply(&inductive).expect("set");
    let reading = reference.read().expect("reading");
    assert_eq!((reading.u, reading.i, reading.phase.map(|phase| phase.0)), (Volts(240.0), Amps(5.0), Some(60.0)));
    assert!((reading.p.0 - 600.0).abs() < 0.01, "{reading:?}");
    assert!(reading.q.is_some_and(|q| q.0 > 1000.0), "inductive is positive: {reading:?}");

    source.apply(&LoadPoint { i: Amps(0.0), ..inductive }).expect("open");
    let reading = reference.read().expect("reading");
    assert_eq!((reading.u, reading.i, reading.pf, reading.phase), (Volts(240.0), Amps(0.0), None, None));

    source.switch_off().expect("off");
    assert_eq!(reference.read().expect("reading").u, Volts(0.0));
}
