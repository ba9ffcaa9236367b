//! Small pieces of sentences.

use std::time::Duration;

/// `4 min 10 s`, `2 h 5 min`, `3 days`: two parts at most, as people say it.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..172_800 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 { format!("{large} {large_unit}") } else { format!("{large} {large_unit} {small} {small_unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_as_people_say_them() {
        let said: Vec<String> = [5, 60, 250, 7500, 259_200].iter().map(|s| span(Duration::from_secs(*s))).collect();
        assert_eq!(said, ["5 s", "1 min", "4 min 10 s", "2 h 5 min", "3 days"]);
    }
}
