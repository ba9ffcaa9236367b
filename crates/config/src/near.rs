//! "Did you mean": the nearest of the names that would have been right.

/// The nearest candidate that a slip of the finger could have turned into `wrong`.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const MAX_CHARS: usize = 80;
    let wanted: Vec<char> = wrong.chars().flat_map(char::to_lowercase).take(MAX_CHARS).collect();
    // one letter of a short name is no slip but another name
    let allowed = if wanted.len() < 3 { 0 } else { (wanted.len() / 3).clamp(1, 4) };
    let with_distance = |name: &'a str| {
        let letters: Vec<char> = name.chars().flat_map(char::to_lowercase).take(MAX_CHARS).collect();
        (letters.len().abs_diff(wanted.len()) <= allowed).then(|| (distance(&wanted, &letters), name))
    };
    let near = candidates.into_iter().filter_map(with_distance).min_by_key(|(distance, _)| *distance)?;
    (near.0 <= allowed).then_some(near.1)
}

/// `did you mean `x`?`, or else what to do.
pub fn did_you_mean<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    nearest(wrong, candidates).map_or_else(|| otherwise.to_owned(), |near| format!("did you mean `{near}`?"))
}

/// Optimal string alignment: insertions, deletions, changes and swaps of neighbours each cost one.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let change = last.get(j).copied().unwrap_or(0) + usize::from(from != to);
            let cost = change.min(last.get(j + 1).copied().unwrap_or(0) + 1).min(row.get(j).copied().unwrap_or(0) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            let swap = before.get(j.wrapping_sub(1)).filter(|_| swapped).map_or(cost, |cost| cost + 1);
            row.push(cost.min(swap));
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let keys = ["address", "device", "deadband", "period"];
        assert_eq!(nearest("adress", keys), Some("address"));
        assert_eq!(nearest("deivce", keys), Some("device"));
        assert_eq!(nearest("Period", keys), Some("period"));
        assert_eq!(nearest("colour", keys), None);
        assert_eq!(nearest("", keys), None);
        assert_eq!(nearest("e", ["a", "b"]), None);
    }

    #[test]
    fn a_swap_costs_one() {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&letters("abcd"), &letters("abdc")), 1);
        assert_eq!(distance(&letters(""), &letters("abc")), 3);
    }
}
