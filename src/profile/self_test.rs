//! The self test in a procedure: which parts of the meter are tested, and when.

use std::time::Duration;

use meter_interface::map::{Judge, Test};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::check::Findings;

/// A meter tests its own parts over its service port; an operator tells what only a person can see.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTest {
    /// When in the run.
    pub when: When,
    /// What is tested, in this order.
    pub tests: Vec<Part>,
}

/// When in a run the parts are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Before anything else: a unit with a dead part is not worth its calibration.
    Before,
    /// When the unit is calibrated, before it is verified.
    After,
}

/// What can be tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The service port itself.
    Echo,
    /// By a command of the meter.
    Of(Test),
}

/// A person looks, thinks and answers.
const ANSWER: Duration = Duration::from_secs(5);
/// What the meter does alone takes about so long.
const ALONE: Duration = Duration::from_secs(1);

impl Part {
    /// All of them. The port first: the other tests stand on it.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Echo].into_iter().chain(Test::ALL.into_iter().map(Self::Of))
    }

    /// Its name in procedures and options.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Of(Test::Afe) => "afe",
            Self::Of(Test::Eeprom) => "eeprom",
            Self::Of(Test::Rtc) => "rtc",
            Self::Of(Test::Modem) => "modem",
            Self::Of(Test::Supply) => "supply",
            Self::Of(Test::Lcd) => "lcd",
            Self::Of(Test::Buzzer) => "buzzer",
            Self::Of(Test::RelayOn) => "relay-on",
            Self::Of(Test::RelayOff) => "relay-off",
            Self::Of(Test::RedLed) => "red-led",
            Self::Of(Test::GreenLed) => "green-led",
            Self::Of(Test::Keypad) => "keypad",
        }
    }

    /// The part with that key.
    ///
    /// # Errors
    /// There is none; says which there are.
    pub fn from_key(key: &str) -> Result<Self, String> {
        Self::all().find(|part| part.key() == key).ok_or_else(|| {
            let known: Vec<&str> = Self::all().map(Self::key).collect();
            format!("there is no test {key:?}; there are {}", known.join(", "))
        })
    }

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Echo => "Service port",
            Self::Of(test) => test.name(),
        }
    }

    /// It has ended after this; the port has no limit but that of its requests.
    #[must_use]
    pub fn limit(self) -> Option<Duration> {
        match self {
            Self::Echo => None,
            Self::Of(test) => Some(Duration::from_secs(test.limit_secs().into())),
        }
    }

    /// How long it takes when the part is good.
    #[must_use]
    pub fn expected(self) -> Duration {
        match self {
            Self::Of(Test::Keypad) => ANSWER,
            Self::Of(test) if test.judge() == Judge::Person => ANSWER * 2,
            Self::Echo | Self::Of(_) => ALONE,
        }
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        Self::from_key(&key).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

impl SelfTest {
    /// How long it takes when the unit is good.
    #[must_use]
    pub fn expected(&self) -> Duration {
        self.tests.iter().map(|part| part.expected()).sum()
    }

    pub(super) fn check(&self, findings: &mut Findings) {
        findings.require(!self.tests.is_empty(), "self_test.tests", "there must be at least one test");
        for (index, part) in self.tests.iter().enumerate() {
            let twice = self.tests.iter().take(index).any(|earlier| earlier == part);
            findings.require(!twice, "self_test.tests", format!("{} is there twice", part.key()));
        }
    }
}
