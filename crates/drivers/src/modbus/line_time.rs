//! How long readings take on a serial line, before anything is saved. Pure.
//!
//! After *Modbus over Serial Line V1.02*: a character has a start bit, eight data bits, a parity bit where there is parity,
//! and stop bits (§2.5.1); frames are kept apart by 3.5 characters of silence, above 19,200 baud by 1.75 ms (§2.5.1.1).
//! Frame sizes are those of functions 1 to 4 (*Modbus Application Protocol V1.1b3*, §6.1 to 6.4) plus unit and checksum.

use std::time::Duration;

use crate::driver::{Limits, ReadGroup};
use crate::url::{DeviceUrl, Parity, SerialLine};

use super::plan::ReadPlan;

/// A unit needs this long from the end of a request to the beginning of its answer, unless it has been measured.
/// Meters and drives take 2 to 50 ms; what stands in the manual as *response time* or *delay*.
pub const ASSUMED_TURNAROUND: Duration = Duration::from_millis(10);

/// Share of a line that readings may take; the rest is for probes of units that do not answer and for people's readings.
pub const USABLE: f64 = 0.9;

/// Unit, function, start, count, checksum.
const REQUEST_CHARACTERS: u32 = 8;
/// Unit, function, number of bytes, checksum.
const ANSWER_CHARACTERS: u32 = 5;

/// Bits that one character takes on the wire: 10 or 11, 12 with parity and two stop bits.
pub fn bits_per_character(line: &SerialLine) -> u32 {
    1 + 8 + u32::from(line.parity != Parity::None) + u32::from(line.stop_bits)
}

/// How long `characters` take on the wire.
pub fn on_the_wire(line: &SerialLine, characters: u32) -> Duration {
    Duration::from_secs_f64(f64::from(characters * bits_per_character(line)) / f64::from(line.baud.max(1)))
}

/// The silence that ends a frame. Counted in characters of at least 11 bits, whatever the line is set to: a unit may do so.
pub fn frame_gap(line: &SerialLine) -> Duration {
    /// The characters that the standard reckons with.
    const BITS: u32 = 11;
    if line.baud > 19_200 {
        return Duration::from_micros(1750);
    }
    Duration::from_secs_f64(3.5 * f64::from(bits_per_character(line).max(BITS)) / f64::from(line.baud.max(1)))
}

/// What reading one group once costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScanCost {
    /// Requests.
    pub requests: u32,
    /// The whole reading: requests, waiting for the unit, answers, silences and pauses. None when the speed of the line
    /// is not known (it is behind a gateway) and nobody has measured the unit.
    pub takes: Option<Duration>,
}

/// What it costs to read `group` once from `url`. `turnaround` is how long the unit needs from a request to its answer, as
/// measured; on a network it is the whole way there and back. None: [`ASSUMED_TURNAROUND`] on a serial line.
pub fn scan_cost(url: &DeviceUrl, group: &ReadGroup, limits: &Limits, turnaround: Option<Duration>) -> ScanCost {
    let ReadGroup::Modbus(plan) = group;
    let requests = u32::try_from(plan.blocks().len()).unwrap_or(u32::MAX);
    let takes = match url {
        DeviceUrl::ModbusRtu(line) => Some(serial(line, plan, limits, turnaround.unwrap_or(ASSUMED_TURNAROUND))),
        DeviceUrl::ModbusTcp(_) | DeviceUrl::ModbusRtuTcp(_) => {
            turnaround.map(|turnaround| (turnaround + limits.pause) * requests)
        }
    };
    ScanCost { requests, takes }
}

fn serial(line: &SerialLine, plan: &ReadPlan, limits: &Limits, turnaround: Duration) -> Duration {
    let gap = frame_gap(line);
    // a unit knows only after the silence that the request is over
    let each = on_the_wire(line, REQUEST_CHARACTERS + ANSWER_CHARACTERS) + turnaround.max(gap) + limits.pause.max(gap);
    let requests = u32::try_from(plan.blocks().len()).unwrap_or(u32::MAX);
    each * requests + on_the_wire(line, plan.answer_bytes())
}

/// The turnaround behind a measured reading: what is left of `took` when the wire and the pauses between the requests have
/// their part. None without requests. A pause before the first request counts as the unit's: rather too slow than too fast.
pub fn turnaround(url: &DeviceUrl, group: &ReadGroup, limits: &Limits, took: Duration) -> Option<Duration> {
    let ReadGroup::Modbus(plan) = group;
    let requests = u32::try_from(plan.blocks().len()).ok().filter(|requests| *requests > 0)?;
    let (wire, pause) = match url {
        DeviceUrl::ModbusRtu(line) => {
            let characters = (REQUEST_CHARACTERS + ANSWER_CHARACTERS) * requests + plan.answer_bytes();
            (on_the_wire(line, characters), limits.pause.max(frame_gap(line)))
        }
        DeviceUrl::ModbusTcp(_) | DeviceUrl::ModbusRtuTcp(_) => (Duration::ZERO, limits.pause),
    };
    Some(took.saturating_sub(wire + pause * (requests - 1)) / requests)
}

/// One scan group on a line: what a reading takes, how often it is asked for, and what it costs when nobody answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineShare {
    /// One reading.
    pub takes: Duration,
    /// The period asked for.
    pub period: Duration,
    /// The unit's time-out.
    pub timeout: Duration,
}

/// What everything on one line takes together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LineTime {
    /// Every group read once.
    pub round: Duration,
    /// Share of the line's time that the periods asked for take: 1 is all of it.
    pub busy: f64,
    /// Every group keeps its period when none is shorter than this, also while a unit is silent: then its probes take the
    /// tenth that [`USABLE`] leaves, and one of them and one reading still fit into a period.
    pub keeps: Duration,
    /// The periods asked for are kept.
    pub fits: bool,
}

impl LineTime {
    /// Of all groups that share the line.
    pub fn of(shares: &[LineShare]) -> Self {
        let round: Duration = shares.iter().map(|share| share.takes).sum();
        let busy: f64 =
            shares.iter().map(|share| share.takes.as_secs_f64() / share.period.as_secs_f64().max(1e-3)).sum();
        let longest = shares.iter().map(|share| share.takes).max().unwrap_or_default();
        // a unit alone on its line delays nobody by being silent
        let probe = if shares.len() > 1 {
            shares.iter().map(|share| share.timeout).max().unwrap_or_default()
        } else {
            Duration::ZERO
        };
        let shortest = shares.iter().map(|share| share.period).min().unwrap_or_default();
        let keeps = round.div_f64(USABLE).max(probe + longest);
        Self { round, busy, keeps, fits: busy <= USABLE && longest <= shortest }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(settings: &str) -> DeviceUrl {
        format!("modbus-rtu:///dev/ttyS0?{settings}").parse().expect("a URL")
    }

    fn line(settings: &str) -> SerialLine {
        let DeviceUrl::ModbusRtu(line) = url(settings) else { panic!("a serial line") };
        line
    }

    fn cost(settings: &str, addresses: &[&str]) -> Duration {
        let (url, limits) = (url(settings), Limits::default());
        let planned = url.plan(addresses, &limits);
        assert_eq!(planned.problems, []);
        scan_cost(&url, &planned.group, &limits, None).takes.expect("a serial line")
    }

    fn millis(duration: Duration) -> f64 {
        duration.as_secs_f64() * 1e3
    }

    #[test]
    fn a_character_has_as_many_bits_as_the_line_is_set_to() {
        assert_eq!(bits_per_character(&line("parity=E&stop=1")), 11);
        assert_eq!(bits_per_character(&line("parity=N&stop=2")), 11);
        assert_eq!(bits_per_character(&line("parity=N&stop=1")), 10);
        assert_eq!(bits_per_character(&line("parity=O&stop=2")), 12);
    }

    #[test]
    fn the_silence_between_frames_is_three_and_a_half_characters_and_fixed_above_19200_baud() {
        // the table of Modbus over serial line V1.02 §2.5.1.1 by hand: 38.5 bits
        assert!((millis(frame_gap(&line("baud=9600"))) - 4.0104).abs() < 1e-3);
        assert!((millis(frame_gap(&line("baud=19200"))) - 2.0052).abs() < 1e-3);
        assert!((millis(frame_gap(&line("baud=38400"))) - 1.75).abs() < 1e-9);
        assert!((millis(frame_gap(&line("baud=115200"))) - 1.75).abs() < 1e-9);
    }

    #[test]
    fn one_block_of_125_registers_at_9600_baud_takes_a_third_of_a_second() {
        let addresses: Vec<String> = (0..125).map(|at| format!("holding:{at}")).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        // by hand: 8 and 255 characters of 11 bits are 301.35 ms, 10 ms for the unit, 4.01 ms of silence
        assert!((millis(cost("baud=9600", &addresses)) - 315.36).abs() < 0.01);
    }

    #[test]
    fn scattered_registers_cost_a_request_each_and_bits_share_bytes() {
        let one = cost("baud=9600", &["holding:0"]);
        let apart = cost("baud=9600", &["holding:0", "holding:10", "holding:20"]);
        assert!((millis(apart) - 3.0 * millis(one)).abs() < 1e-6);
        let (eight, nine) = (1.0, 2.0);
        let character = 11.0 / 9.6;
        let frame = 13.0 * character + 10.0 + 4.0104;
        let coils: Vec<String> = (0..9).map(|at| format!("coil:{at}")).collect();
        let coils: Vec<&str> = coils.iter().map(String::as_str).collect();
        assert!((millis(cost("baud=9600", &coils[..8])) - frame - eight * character).abs() < 1e-3);
        assert!((millis(cost("baud=9600", &coils)) - frame - nine * character).abs() < 1e-3);
    }

    #[test]
    fn a_line_is_as_slow_as_all_of_its_units_together() {
        let share = |millis| LineShare {
            takes: Duration::from_millis(millis),
            period: Duration::from_secs(1),
            timeout: Duration::from_millis(300),
        };
        let time = LineTime::of(&[share(620)].repeat(30));
        assert_eq!(time.round, Duration::from_millis(18_600));
        assert!((time.busy - 18.6).abs() < 1e-9 && !time.fits);
        assert!((time.keeps.as_secs_f64() - 18.6 / 0.9).abs() < 1e-6);
        let alone = LineTime::of(&[share(90)]);
        assert!(alone.fits && (millis(alone.keeps) - 100.0).abs() < 1e-3);
        let two = LineTime::of(&[share(90), share(50)]);
        assert_eq!(two.keeps, Duration::from_millis(390), "a probe of one must not make the other miss its period");
    }

    #[test]
    fn behind_a_gateway_nothing_is_known_until_it_is_measured() {
        let url: DeviceUrl = "modbus-tcp://gw/1".parse().expect("a URL");
        let limits = Limits { pause: Duration::from_millis(20), ..Limits::default() };
        let group = url.plan(&["holding:0", "holding:9"], &limits).group;
        assert_eq!(scan_cost(&url, &group, &limits, None), ScanCost { requests: 2, takes: None });
        let measured = turnaround(&url, &group, &limits, Duration::from_millis(50));
        assert_eq!(measured, Some(Duration::from_millis(15)), "one pause lies between two requests");
        assert_eq!(scan_cost(&url, &group, &limits, measured).takes, Some(Duration::from_millis(70)));
    }

    proptest! {
        #[test]
        fn what_is_computed_from_a_measurement_is_at_most_one_pause_more(
            baud in prop::sample::select(vec![1200u32, 9600, 19_200, 115_200]),
            registers in prop::collection::btree_set(0u16..500, 1..60),
            turnaround_ms in 5u64..200,
        ) {
            let url = url(&format!("baud={baud}"));
            let limits = Limits::default();
            let addresses: Vec<String> = registers.iter().map(|at| format!("holding:{at}")).collect();
            let group = url.plan(&addresses, &limits).group;
            let turnaround_in = Duration::from_millis(turnaround_ms.max(35));
            let takes = scan_cost(&url, &group, &limits, Some(turnaround_in)).takes.expect("a serial line");
            let measured = turnaround(&url, &group, &limits, takes);
            let again = scan_cost(&url, &group, &limits, measured).takes.expect("a serial line");
            let more = again.as_secs_f64() - takes.as_secs_f64();
            let DeviceUrl::ModbusRtu(line) = &url else { panic!("a serial line") };
            prop_assert!(more > -1e-6 && more < frame_gap(line).as_secs_f64() + 1e-6, "{takes:?} {again:?}");
        }
    }
}
