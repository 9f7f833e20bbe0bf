//! What the operator is told when flashing stops: what happened, why that usually is, what to do next.
//!
//! One file for all of it, so that the same fault always reads the same. Each text is covered by a snapshot.

use super::error::FlashError;
use super::swd::SwdError;
use super::watch::Stage;
use crate::advice::Advice;
use crate::port::PortError;

/// The advice for an error that ended flashing.
#[must_use]
pub fn advice(error: &FlashError) -> Advice {
    let what = error.to_string();
    match error {
        FlashError::Port(PortError::Open { .. }) => Advice::new(
            what,
            "The adapter is not plugged in or not there, another program holds the port, or this user may not open it",
            "Plug the adapter in, or check host and port; close the other program, and choose the port again",
        ),
        FlashError::Port(PortError::Gone { .. }) => Advice::new(
            what,
            "The adapter was unplugged or lost its supply while it was in use",
            "Plug it in, reset the chip with BOOT0 = 1 and flash again; the ROM's boot loader cannot be lost",
        ),
        FlashError::Port(PortError::Unsupported { .. }) => Advice::new(
            what,
            "This kind of port has no modem signals, so it can neither reset the chip nor set BOOT0",
            "Leave out reset= and boot0= in the address, and set BOOT0 and reset by hand",
        ),
        FlashError::Swd(error) => over_swd(error, what),
        FlashError::NoAnswer => Advice::new(
            what,
            "The chip runs its program instead of the boot loader, or TX and RX are swapped, or it has no supply",
            "Set BOOT0 = 1, reset the chip, check PA9 (TX) and PA10 (RX) and the supply, then try again",
        ),
        FlashError::Echo => Advice::new(
            what,
            "TX and RX are joined, or the adapter is one for a single wire",
            "Separate TX and RX and cross them: adapter TX to PA10, adapter RX to PA9",
        ),
        FlashError::Strange { .. } => Advice::new(
            what,
            "Something else talks on this line, or the parity is not even: the chip's own program, another device",
            "Set BOOT0 = 1 and reset the chip; check that this is the right port and that the parity is even",
        ),
        FlashError::Silent { .. } | FlashError::Unexpected { .. } | FlashError::Malformed { .. } => Advice::new(
            what,
            "Bytes are lost or garbled on the way: long wires, a missing ground, too high a speed; or the chip was reset",
            "Check ground and supply, reset the chip with BOOT0 = 1, and try again, at a lower speed if it returns",
        ),
        FlashError::Refused { .. } => Advice::new(
            what,
            "The chip is protected, or the address is not in its memory",
            "Flash again with unprotect, which erases the whole chip first",
        ),
        FlashError::MissingCommand { .. } => Advice::new(
            what,
            "The boot loader is of another kind or version than the STM32F1's",
            "Check the chip's marking; use SWD for this chip",
        ),
        FlashError::Protected => Advice::new(
            what,
            "Somebody switched readout protection on so that nobody can copy the program",
            "Flash again with unprotect, which erases the whole chip first",
        ),
        FlashError::UnknownChip { .. } | FlashError::WrongChip { .. } => Advice::new(
            what,
            "The board carries another chip than the profile expects; clones report numbers of their own",
            "Read the chip's marking, choose the right profile or name the chip; nothing was changed on it",
        ),
        FlashError::TooLarge { .. } => Advice::new(
            what,
            "The image was built for a chip with more flash",
            "Build it for this chip, or choose the right image; nothing was changed on the chip",
        ),
        FlashError::NothingThere { .. } => Advice::new(
            what,
            "The chip's memory begins behind this address or ends before it",
            "Check address and length: the flash begins at 0x08000000, and an STM32F103C8 has 64 KiB of it",
        ),
        FlashError::OutsideFlash { .. } | FlashError::Misaligned { .. } => Advice::new(
            what,
            "The image was linked for another chip, or the address given for a binary is wrong",
            "Check the address (0x08000000 on an STM32) and the image; nothing was changed on the chip",
        ),
        FlashError::VerifyMismatch { .. } => Advice::new(
            what,
            "Some pages are write-protected, or the flash is worn out or damaged",
            "Flash again with unprotect; if the same address fails, replace the chip. Do not ship this unit",
        ),
        FlashError::Cancelled { stage: Stage::Identify | Stage::Compare | Stage::Read } => {
            Advice::new(what, "Somebody stopped it", "Start again when ready; nothing was changed on the chip")
        }
        FlashError::Cancelled { .. } => Advice::new(
            what,
            "Somebody stopped it",
            "The chip is partly erased and holds no working program: flash it again before use",
        ),
    }
}

fn over_swd(error: &SwdError, what: String) -> Advice {
    match error {
        SwdError::NoProbe { .. } => Advice::new(
            what,
            "The probe is not plugged in, another one is, or it is reached over a network and its address is wrong",
            "Plug it in and see flash --list; for a Black Magic probe on TCP check host and port",
        ),
        SwdError::SeveralProbes { .. } => Advice::new(
            what,
            "The address swd: alone means the only probe there is",
            "Name one of them, or unplug the others; nothing was changed on any chip",
        ),
        SwdError::CannotOpen { .. } => Advice::new(
            what,
            "This user may not open it, or another program (a debugger, an IDE) uses it",
            "On Linux install the udev rules and plug the probe in again; close the other program",
        ),
        SwdError::NoChip { .. } => Advice::new(
            what,
            "The board has no supply, a wire is loose or exchanged, or the chip's program uses the pins and NRST is not connected",
            "Check the supply, ground, SWDIO (PA13), SWCLK (PA14) and NRST, then try again, with a lower speed= if it returns",
        ),
        SwdError::Silent { .. } | SwdError::Lost => Advice::new(
            what,
            "The probe was unplugged, or its connection or its firmware is stuck",
            "Plug the probe in again and repeat; a chip that was being flashed holds no working program until then",
        ),
        SwdError::Access { .. } => Advice::new(
            what,
            "A wire or the supply has a loose contact, the wires are too long for their speed, or the probe was unplugged",
            "Check the wires, and repeat with a lower speed= in the address",
        ),
        SwdError::Stuck { .. } => Advice::new(
            what,
            "The chip was reset or lost its supply in the middle, or it is another chip than it says",
            "Switch the board off and on and repeat; if it returns, read the chip's marking",
        ),
        SwdError::WriteProtected { .. } => Advice::new(
            what,
            "Its program or its maker has write-protected it in the option bytes",
            "Reset the option bytes with the tool that protected the page, and flash again",
        ),
        SwdError::NotErased { .. } => Advice::new(
            what,
            "The flash is worn out or damaged",
            "Flash again; if the same address fails, replace the chip. Do not ship this unit",
        ),
        SwdError::OptionBytes { .. } => Advice::new(
            what,
            "Some chips take option bytes over only when their supply comes back",
            "Switch the board off and on, and look again",
        ),
        SwdError::PowerCycle => Advice::new(
            what,
            "A chip whose protection was switched on by a probe runs nothing until its supply has been off",
            "Everything was written and is protected: switch the board off and on",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flash::rom::codec::Command;

    #[test]
    fn every_advice_reads_well() {
        let port = || "/dev/ttyUSB0".to_owned();
        let errors = [
            FlashError::Port(PortError::Open { port: port(), reason: "busy".to_owned() }),
            FlashError::Port(PortError::Gone { port: port(), reason: "it was unplugged".to_owned() }),
            FlashError::Port(PortError::Unsupported { port: port(), what: "set modem signals" }),
            FlashError::NoAnswer,
            FlashError::Echo,
            FlashError::Strange { found: 0x41 },
            FlashError::Silent { command: Command::WRITE },
            FlashError::Refused { command: Command::WRITE, stage: 1 },
            FlashError::Unexpected { command: Command::READ, found: 0x33 },
            FlashError::Malformed { command: Command::GET_ID, problem: "1 byte".to_owned() },
            FlashError::MissingCommand { command: Command::ERASE },
            FlashError::Protected,
            FlashError::UnknownChip { found: 0x999 },
            FlashError::WrongChip { expected: vec![0x410], found: 0x412 },
            FlashError::TooLarge { end: 0x0801_0001, flash_end: 0x0801_0000, flash_kib: 64 },
            FlashError::OutsideFlash { address: 0x2000_0000, first: 0x0800_0000, flash_kib: 64 },
            FlashError::NothingThere { address: 0x0801_0000 },
            FlashError::Misaligned { address: 0x0800_0001 },
            FlashError::VerifyMismatch { address: 0x0800_1234, expected: 0x12, found: 0xFF, differing: 256 },
            FlashError::Cancelled { stage: Stage::Compare },
            FlashError::Cancelled { stage: Stage::Write },
            SwdError::NoProbe { address: "swd:1d50:6018".to_owned() }.into(),
            SwdError::SeveralProbes { found: vec!["swd:0483:3748:A".to_owned(), "swd:0483:3748:B".to_owned()] }.into(),
            SwdError::CannotOpen { address: "swd:1d50:6018".to_owned(), reason: "busy".to_owned() }.into(),
            SwdError::NoChip { reason: "no acknowledge".to_owned() }.into(),
            SwdError::Silent { seconds: 5 }.into(),
            SwdError::Lost.into(),
            SwdError::Access { what: "read 0x08000000".to_owned(), reason: "it was unplugged".to_owned() }.into(),
            SwdError::Stuck { what: "stop after a reset", millis: 500 }.into(),
            SwdError::WriteProtected { address: 0x0800_0800 }.into(),
            SwdError::NotErased { address: 0x0800_0800 }.into(),
            SwdError::OptionBytes { protected: true }.into(),
            SwdError::PowerCycle.into(),
        ];
        let text: Vec<String> = errors
            .iter()
            .map(advice)
            .map(|Advice { what, why, next }| format!("what  {what}\nwhy   {why}\nnext  {next}\n"))
            .collect();
        insta::assert_snapshot!(text.join("\n"));
    }
}
