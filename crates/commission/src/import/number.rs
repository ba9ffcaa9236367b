//! Numbers and pairs of numbers as people write them in lists: points or commas, any dash, a unit behind.

/// How a comma that could be either is read: `3,000` is three or three thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Comma {
    /// It begins the decimals: 3.
    #[default]
    Decimal,
    /// It groups thousands: 3000.
    Thousands,
}

/// The number; none for anything else. Blanks between digits are ignored.
pub(super) fn number(text: &str, comma: Comma) -> Option<f64> {
    let mut clean = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '\u{2212}' | '\u{2013}' if clean.is_empty() => clean.push('-'),
            ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}' if !clean.is_empty() => {}
            '0'..='9' | '.' | ',' | '-' | '+' | 'e' | 'E' => clean.push(c),
            _ => return None,
        }
    }
    if !clean.starts_with(|c: char| c.is_ascii_digit() || "-+.,".contains(c))
        || !clean.contains(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    let decimals = match (clean.rfind(','), clean.rfind('.')) {
        (Some(comma_at), Some(point)) if comma_at > point => clean.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => clean.replace(',', ""),
        (Some(_), None) if clean.matches(',').count() > 1 => clean.replace(',', ""),
        (Some(_), None) if comma == Comma::Thousands && either(&clean) => clean.replace(',', ""),
        (Some(_), None) => clean.replace(',', "."),
        (None, _) => clean,
    };
    decimals.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Whether the comma of `1,500` could also group thousands: one to three digits before it, exactly three behind.
pub(super) fn either(text: &str) -> bool {
    let Some((before, behind)) = text.trim().trim_start_matches(['-', '+', '\u{2212}']).split_once(',') else {
        return false;
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    digits(before) && digits(behind) && behind.len() == 3 && (1..=3).contains(&before.len()) && !before.starts_with('0')
}

/// Between two ends of a range. The plain hyphen comes last, because it is also a sign.
const BETWEEN: [&str; 9] = ["\u{2013}", "\u{2014}", "...", "\u{2026}", "..", " to ", " bis ", " - ", "-"];

/// `0–25`, `0..25`, `0 to 25`, `-10 bis 40`, `0…16 bar(g)`: the two numbers, the lower first, and what stands behind.
pub(super) fn pair(text: &str, comma: Comma) -> Option<([f64; 2], &str)> {
    let text = text.trim().trim_start_matches(['[', '(']);
    for between in BETWEEN {
        // the sign of the first number is no dash between two
        let from = text.char_indices().nth(1).map(|(at, _)| at)?;
        let Some((at, _)) = text.get(from..)?.match_indices(between).next() else { continue };
        let (low, high) = (text.get(..from + at)?, text.get(from + at + between.len()..)?.trim());
        let end = number_end(high);
        let (high, rest) = (high.get(..end)?, high.get(end..)?.trim().trim_start_matches([']', ')']).trim());
        let (Some(low), Some(high)) = (number(low, comma), number(high, comma)) else { continue };
        if low < high {
            return Some(([low, high], rest));
        }
    }
    None
}

/// How far a number reaches from the start of a text.
fn number_end(text: &str) -> usize {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let sign = at == 0 && "-+\u{2212}".contains(c);
        let group = " \u{a0}\u{202f}".contains(c) && text.get(at + c.len_utf8()..).is_some_and(begins_with_digit);
        if !(c.is_ascii_digit() || ".,".contains(c) || sign || group) {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

fn begins_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_point_or_a_comma() {
        for (text, wanted) in [
            ("0,1", Some(0.1)),
            ("1.234,5", Some(1234.5)),
            ("1,234.5", Some(1234.5)),
            ("1 480", Some(1480.0)),
            ("\u{2212}5", Some(-5.0)),
            ("1e-3", Some(0.001)),
            ("", None),
            ("e", None),
            ("-", None),
            ("12 bar", None),
        ] {
            assert_eq!(number(text, Comma::Decimal), wanted, "{text}");
        }
        assert_eq!((number("3,000", Comma::Decimal), number("3,000", Comma::Thousands)), (Some(3.0), Some(3000.0)));
        assert!(either("3,000") && !either("0,001") && !either("3,00"));
    }

    #[test]
    fn ranges_are_written_in_many_ways_but_never_upside_down() {
        for (text, wanted) in [
            ("0–25", Some(([0.0, 25.0], ""))),
            ("-10 bis 40", Some(([-10.0, 40.0], ""))),
            ("0..16 bar(g)", Some(([0.0, 16.0], "bar(g)"))),
            ("0-3 000", Some(([0.0, 3000.0], ""))),
            ("[0,5…1,5]", Some(([0.5, 1.5], ""))),
            ("-20--5", Some(([-20.0, -5.0], ""))),
            ("25-0", None),
            ("P-101", None),
            ("7", None),
            ("ä-ö", None),
        ] {
            assert_eq!(pair(text, Comma::Decimal), wanted, "{text}");
        }
    }
}
