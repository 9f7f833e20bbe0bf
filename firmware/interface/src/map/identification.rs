//! Device identification, function 43/14 (hex 2B/0E): who is there, in text.
//!
//! Read codes 01 (basic), 02 (regular), 03 (extended) and 04 (one object) are answered; all objects fit into one answer. An empty text
//! is an object of length 0. An object that does not exist is exception 02.

/// The conformity level the meter reports: extended, stream and individual access.
pub const CONFORMITY: u8 = 0x83;

/// The vendor's name, which says that this program is running and not another.
pub const VENDOR_NAME: &str = "Meterbench";

/// The product code of the firmware for the OpenSmartMeter.
pub const PRODUCT_CODE: &str = "OSM-M90E26";

macro_rules! objects {
    ($($id:literal $variant:ident $meaning:literal;)*) => {
        /// An object of the identification.
        #[repr(u8)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Object {
            $(#[doc = concat!($meaning, ".")] $variant = $id,)*
        }

        impl Object {
            /// All objects, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The object of that number.
            #[must_use]
            pub const fn from_id(id: u8) -> Option<Self> {
                match id {
                    $($id => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Its number.
            #[must_use]
            pub const fn id(self) -> u8 {
                self as u8
            }

            /// What its text says.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

objects! {
    0x00 VendorName "Vendor: Meterbench";
    0x01 ProductCode "Product code: OSM-M90E26";
    0x02 Revision "Version of the firmware, major.minor.patch";
    0x03 VendorUrl "Where the firmware comes from";
    0x04 ProductName "Product name";
    0x05 ModelName "Model name";
    0x80 Serial "Serial number from the calibration block; empty without one";
    0x81 Build "What the image was built from";
    0x82 CalibratedOn "Day of the calibration, year-month-day; empty without one";
    0x83 MapVersion "Version of this map, major.minor";
}
