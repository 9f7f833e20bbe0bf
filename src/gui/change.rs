//! One changed setting.

use crate::settings::Settings;

/// A setting and its new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Who works here.
    Operator(String),
    /// The batch that units belong to.
    Batch(String),
    /// No run without a name.
    OperatorRequired(bool),
    /// The firmware that units get.
    Image(String),
    /// The list from which units get their rows; empty is none.
    Provisioning(String),
    /// A sound tells the verdict.
    Sounds(bool),
    /// Seconds after a PASS until the next unit is asked for.
    PassPause(u16),
    /// Connect again when the same converter is back.
    ReconnectByItself(bool),
}

impl Change {
    /// Puts it into the settings.
    pub fn apply(self, settings: &mut Settings) {
        match self {
            Self::Operator(name) => settings.operator = name,
            Self::Batch(name) => settings.batch = name,
            Self::OperatorRequired(required) => settings.operator_required = required,
            Self::Image(file) => settings.image = file,
            Self::Provisioning(list) => settings.provisioning = list,
            Self::Sounds(on) => settings.sounds = on,
            Self::PassPause(seconds) => settings.pass_pause_secs = seconds,
            Self::ReconnectByItself(on) => settings.reconnect_by_itself = on,
        }
    }
}
