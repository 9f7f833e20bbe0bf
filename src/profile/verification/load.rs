//! A load as procedures write it: multiples of what the nameplate says.

use super::{Hertz, PowerFactor};
use crate::load::LoadPoint;
use crate::profile::meter::Rating;
use crate::units::Amps;

/// What the source supplies for a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Voltage as a multiple of Un.
    pub u_of_un: f64,
    /// Current.
    pub current: Current,
    /// Power factor: 1.0, 0.5L, 0.8C.
    pub pf: PowerFactor,
    /// Frequency, where it is not the nameplate's.
    pub frequency: Option<Hertz>,
}

/// Current as a multiple of what the nameplate says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Current {
    /// Of Ib; 0 is the open circuit.
    OfIb(f64),
    /// Of Imax.
    OfImax(f64),
}

impl Load {
    /// The load point of a meter with this nameplate.
    #[must_use]
    pub fn at(&self, rating: &Rating) -> LoadPoint {
        LoadPoint {
            u: rating.un * self.u_of_un,
            i: self.current.at(rating),
            pf: self.pf,
            f: self.frequency.unwrap_or(rating.frequency),
        }
    }
}

impl Current {
    /// Amperes for a meter with this nameplate.
    #[must_use]
    pub fn at(self, rating: &Rating) -> Amps {
        match self {
            Self::OfIb(multiple) => rating.ib * multiple,
            Self::OfImax(multiple) => rating.imax * multiple,
        }
    }

    /// The multiple, of whichever.
    #[must_use]
    pub const fn multiple(self) -> f64 {
        match self {
            Self::OfIb(multiple) | Self::OfImax(multiple) => multiple,
        }
    }
}
