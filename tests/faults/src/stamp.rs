//! A value that says where and when it was read; see `tests/peers/modbus/stamped.py`.

/// What the four registers of a stamp hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// The server's number.
    pub device: u8,
    /// The register it begins at.
    pub address: u16,
    /// The server's monotonic clock when it answered, ms modulo 2³².
    pub millis: u32,
}

impl Stamp {
    /// Of a `uint64` in decimal digits. None when it is no stamp at all.
    pub fn read(digits: &str) -> Option<Self> {
        let number: u64 = digits.parse().ok()?;
        let [mark, device, high, low, a, b, c, d] = number.to_be_bytes();
        let (address, millis) = (u16::from_be_bytes([high, low]), u32::from_be_bytes([a, b, c, d]));
        (mark == 0x5a).then_some(Self { device, address, millis })
    }

    /// How long it was made before `now`, ms; negative when after.
    pub fn age(self, now: u32) -> i64 {
        i64::from(now.wrapping_sub(self.millis).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_says_what_its_registers_hold_and_other_numbers_are_none() {
        let number = 0x5a03_0064_0001_0002_u64.to_string();
        let stamp = Stamp::read(&number).unwrap();
        assert_eq!(stamp, Stamp { device: 3, address: 100, millis: 0x0001_0002 });
        assert_eq!(stamp.age(0x0001_0005), 3);
        assert_eq!(Stamp { millis: u32::MAX, ..stamp }.age(1), 2, "the clock wraps after 49 days");
        assert_eq!(Stamp::read("1234"), None);
        assert_eq!(Stamp::read(""), None);
    }
}
