//! The buzzer: a passive one, driven at 500 Hz by the tick of a millisecond.

use core::cell::RefCell;
use core::sync::atomic::{AtomicBool, Ordering};

use critical_section::Mutex;

use super::pin::Pin;

static SOUND: AtomicBool = AtomicBool::new(false);
static BUZZER: Mutex<RefCell<Option<(Pin<'static>, bool)>>> = Mutex::new(RefCell::new(None));

/// Gives it its pin.
pub fn start(pin: Pin<'static>) {
    critical_section::with(|cs| *BUZZER.borrow_ref_mut(cs) = Some((pin, false)));
}

/// Switches it.
pub fn sound(on: bool) {
    SOUND.store(on, Ordering::Relaxed);
}

/// Every millisecond.
pub fn tick() {
    let sound = SOUND.load(Ordering::Relaxed);
    critical_section::with(|cs| {
        if let Some((pin, high)) = BUZZER.borrow_ref_mut(cs).as_mut()
            && (sound || *high)
        {
            *high = sound && !*high;
            pin.set(*high);
        }
    });
}
