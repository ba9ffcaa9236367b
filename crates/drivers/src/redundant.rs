//! The addresses of a redundant device, tried in turn. It stays with the one that works.

use crate::DeviceUrl;

/// A device's addresses in order of preference.
#[derive(Clone, Debug)]
pub struct AddressList {
    urls: Vec<DeviceUrl>,
    current: usize,
}

impl AddressList {
    /// The main address and the others.
    pub fn new(first: DeviceUrl, also: impl IntoIterator<Item = DeviceUrl>) -> Self {
        Self { urls: std::iter::once(first).chain(also).collect(), current: 0 }
    }

    /// The one to try, or the one in use.
    pub fn current(&self) -> &DeviceUrl {
        &self.urls[self.current]
    }

    /// The current one cannot be reached: goes on to the next. True when the whole list has been tried once more,
    /// which is the moment to back off.
    pub fn failed(&mut self) -> bool {
        self.current = (self.current + 1) % self.urls.len();
        self.current == 0
    }

    /// How many addresses there are, at least one.
    pub fn count(&self) -> usize {
        self.urls.len()
    }

    /// Whether another address than the first one is in use.
    pub fn on_standby(&self) -> bool {
        self.current != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_round_and_says_when_to_back_off() {
        let url = |text: &str| text.parse::<DeviceUrl>().unwrap();
        let mut list = AddressList::new(url("modbus-tcp://a/1"), [url("modbus-tcp://b/1")]);
        assert!(!list.failed(), "the second address is still untried");
        assert_eq!(list.current(), &url("modbus-tcp://b/1"));
        assert!(list.on_standby());
        assert!(list.failed());
        assert_eq!(list.current(), &url("modbus-tcp://a/1"));
    }
}
