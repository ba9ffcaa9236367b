//! What registers mean: 16-bit words to values and back. The driver and the Modbus server share it.

use domain::{Text, Value};

use super::address::{Kind, Order};

/// The value in these registers. None when they hold no value of the kind: NaN, infinity, a digit above 9, or too few
/// registers.
pub fn decode(kind: Kind, words: &[u16]) -> Option<Value> {
    let words = words.get(..usize::from(kind.count()))?;
    match kind {
        Kind::Bool => words.first().map(|word| Value::Bool(*word != 0)),
        Kind::Bit(bit) => words.first().map(|word| Value::Bool(word >> bit & 1 == 1)),
        Kind::Uint(_, order) => Some(Value::U64(join(words, order))),
        Kind::Int(bits, order) => {
            let unused = 64 - u32::from(bits);
            Some(Value::I64((join(words, order) << unused).cast_signed() >> unused))
        }
        Kind::Float(32, order) => Value::from_f64(f64::from(f32::from_bits(low_u32(join(words, order))))),
        Kind::Float(_, order) => Value::from_f64(f64::from_bits(join(words, order))),
        Kind::Bcd(bits, order) => from_bcd(join(words, order), bits).map(Value::U64),
        Kind::Text(bytes, order) => Text::new(text(words, usize::from(bytes), order)).map(Value::Text),
    }
}

/// The registers that hold `value`, or why they cannot. A single bit is no whole register and cannot be encoded.
pub fn encode(kind: Kind, value: &Value) -> Result<Vec<u16>, String> {
    match kind {
        Kind::Bool => yes_or_no(value).map(|on| vec![u16::from(on)]),
        Kind::Bit(_) => Err("a bit is no whole register".to_owned()),
        Kind::Uint(bits, order) => {
            let number = whole(value)?;
            let highest = u64::MAX >> (64 - u32::from(bits));
            match u64::try_from(number) {
                Ok(number) if number <= highest => Ok(split(number, bits, order)),
                _ => Err(format!("{number} is not within 0 to {highest}")),
            }
        }
        Kind::Int(bits, order) => {
            let number = whole(value)?;
            let (lowest, highest) = (i64::MIN >> (64 - u32::from(bits)), i64::MAX >> (64 - u32::from(bits)));
            match i64::try_from(number) {
                Ok(number) if (lowest..=highest).contains(&number) => Ok(split(number.cast_unsigned(), bits, order)),
                _ => Err(format!("{number} is not within {lowest} to {highest}")),
            }
        }
        Kind::Float(32, order) => {
            let number = number(value)?;
            #[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what was asked for")]
            let single = number as f32;
            if !single.is_finite() {
                return Err(format!("{number} is too large for float32"));
            }
            Ok(split(u64::from(single.to_bits()), 32, order))
        }
        Kind::Float(_, order) => number(value).map(|number| split(number.to_bits(), 64, order)),
        Kind::Bcd(bits, order) => {
            let number = whole(value)?;
            let highest = 10_i128.pow(u32::from(bits / 4)) - 1;
            match u64::try_from(number) {
                Ok(digits) if number <= highest => Ok(split(to_bcd(digits), bits, order)),
                _ => Err(format!("{number} is not within 0 to {highest}")),
            }
        }
        Kind::Text(bytes, order) => text_words(value, usize::from(bytes), order),
    }
}

/// Yes or no from a flag, 0 or 1.
pub(crate) fn yes_or_no(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(on) => Ok(*on),
        Value::I64(0) | Value::U64(0) => Ok(false),
        Value::I64(1) | Value::U64(1) => Ok(true),
        other => Err(format!("`{other}` is not yes or no")),
    }
}

fn whole(value: &Value) -> Result<i128, String> {
    match value {
        Value::I64(number) => Ok(i128::from(*number)),
        Value::U64(number) => Ok(i128::from(*number)),
        #[expect(clippy::cast_possible_truncation, reason = "whole and far within i128")]
        Value::F64(number) if number.get().fract() == 0.0 && number.get().abs() < 1e19 => Ok(number.get() as i128),
        other => Err(format!("`{other}` is no whole number")),
    }
}

fn number(value: &Value) -> Result<f64, String> {
    match value {
        Value::Bool(_) | Value::Text(_) => Err(format!("`{value}` is no number")),
        _ => value.as_f64().ok_or_else(|| format!("`{value}` is no number")),
    }
}

/// Words as sent to one number of up to 64 bits.
fn join(words: &[u16], order: Order) -> u64 {
    let (swap_words, swap_bytes) = order.swaps();
    let word = |index: usize| {
        let word = if swap_words { words[words.len() - 1 - index] } else { words[index] };
        if swap_bytes { word.swap_bytes() } else { word }
    };
    (0..words.len()).fold(0, |number, index| number << 16 | u64::from(word(index)))
}

/// One number of `bits` bits to words as sent.
fn split(number: u64, bits: u8, order: Order) -> Vec<u16> {
    let (swap_words, swap_bytes) = order.swaps();
    let mut words: Vec<u16> = (0..bits / 16).rev().map(|index| low_u16(number >> (16 * u32::from(index)))).collect();
    if swap_words {
        words.reverse();
    }
    if swap_bytes {
        for word in &mut words {
            *word = word.swap_bytes();
        }
    }
    words
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
fn low_u32(number: u64) -> u32 {
    number as u32
}

#[expect(clippy::cast_possible_truncation, reason = "the low word is what is wanted")]
fn low_u16(number: u64) -> u16 {
    number as u16
}

fn from_bcd(number: u64, bits: u8) -> Option<u64> {
    (0..bits / 4).rev().try_fold(0, |value, digit| {
        let digit = number >> (4 * u32::from(digit)) & 0xF;
        (digit < 10).then_some(value * 10 + digit)
    })
}

fn to_bcd(mut number: u64) -> u64 {
    let mut digits = 0;
    let mut shift = 0;
    while number > 0 {
        digits |= (number % 10) << shift;
        number /= 10;
        shift += 4;
    }
    digits
}

/// Text up to the first NUL, without the blanks that fill it up. Bytes that are no UTF-8 are taken as Latin-1.
fn text(words: &[u16], bytes: usize, order: Order) -> String {
    let (_, swap_bytes) = order.swaps();
    let mut raw: Vec<u8> =
        words.iter().flat_map(|word| if swap_bytes { word.to_le_bytes() } else { word.to_be_bytes() }).collect();
    raw.truncate(bytes);
    if let Some(end) = raw.iter().position(|byte| *byte == 0) {
        raw.truncate(end);
    }
    let text = String::from_utf8(raw).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect());
    text.trim_end_matches(' ').to_owned()
}

fn text_words(value: &Value, bytes: usize, order: Order) -> Result<Vec<u16>, String> {
    let Value::Text(text) = value else { return Err(format!("`{value}` is no text")) };
    let mut raw = text.as_str().as_bytes().to_vec();
    if raw.len() > bytes {
        return Err(format!("the text has {} bytes, {bytes} fit", raw.len()));
    }
    raw.resize(bytes.next_multiple_of(2), 0);
    let (_, swap_bytes) = order.swaps();
    let word = |pair: [u8; 2]| if swap_bytes { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
    Ok(raw.as_chunks::<2>().0.iter().map(|pair| word(*pair)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modbus::Address;
    use proptest::prelude::*;

    fn kind(text: &str) -> Kind {
        format!("holding:0:{text}").parse::<Address>().unwrap().kind
    }

    /// 0x0A0B0C0D in each order, byte by byte as the letters say.
    #[test]
    fn letters_name_the_bytes_from_the_highest_on() {
        for (order, words) in [
            ("abcd", [0x0A0B, 0x0C0D]),
            ("cdab", [0x0C0D, 0x0A0B]),
            ("badc", [0x0B0A, 0x0D0C]),
            ("dcba", [0x0D0C, 0x0B0A]),
        ] {
            let kind = kind(&format!("uint32:{order}"));
            assert_eq!(decode(kind, &words), Some(Value::U64(0x0A0B_0C0D)), "{order}");
        }
        let eight = kind("uint64:ghefcdab");
        assert_eq!(decode(eight, &[0x0708, 0x0506, 0x0304, 0x0102]), Some(Value::U64(0x0102_0304_0506_0708)));
    }

    #[test]
    fn negative_numbers_keep_their_sign_at_every_width() {
        assert_eq!(decode(kind("int16"), &[0xFFFF]), Some(Value::I64(-1)));
        assert_eq!(decode(kind("int32"), &[0xFFFF, 0xFFFE]), Some(Value::I64(-2)));
        assert_eq!(decode(kind("int64"), &[0x8000, 0, 0, 0]), Some(Value::I64(i64::MIN)));
    }

    #[test]
    fn what_is_no_value_is_none() {
        assert_eq!(decode(kind("float32"), &[0x7FC0, 0]), None, "NaN");
        assert_eq!(decode(kind("float64"), &[0x7FF0, 0, 0, 0]), None, "infinity");
        assert_eq!(decode(kind("bcd16"), &[0x12A4]), None, "a digit above 9");
        assert_eq!(decode(kind("uint32"), &[1]), None, "half a number");
    }

    #[test]
    fn texts_end_at_the_first_nul_and_lose_their_filling() {
        assert_eq!(decode(kind("string:6"), &[0x4142, 0x4300, 0x5858]), Text::new("ABC").map(Value::Text));
        assert_eq!(decode(kind("string:4"), &[0x4142, 0x2020]), Text::new("AB").map(Value::Text));
        assert_eq!(decode(kind("string:3:ba"), &[0x4241, 0x5843]), Text::new("ABC").map(Value::Text));
        assert_eq!(decode(kind("string:2"), &[0xE4DF]), Text::new("äß").map(Value::Text), "Latin-1");
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_in_words() {
        for (to, value, word) in [
            ("uint16", Value::I64(-1), "0 to 65535"),
            ("int16", Value::I64(32768), "-32768 to 32767"),
            ("bcd16", Value::I64(10_000), "0 to 9999"),
            ("float32", Value::from_f64(1e300).unwrap(), "float32"),
            ("uint16", Value::from_f64(1.5).unwrap(), "whole"),
            ("int32", Value::Text(Text::new("x").unwrap()), "whole"),
            ("string:2", Value::Text(Text::new("abc").unwrap()), "2 fit"),
        ] {
            let why = encode(kind(to), &value).unwrap_err();
            assert!(why.contains(word), "{to}: {why}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_again(number: i64, bits in prop::sample::select(vec![16u8, 32, 64]), order in 0usize..4) {
            let order = [Order::Abcd, Order::Cdab, Order::Badc, Order::Dcba][order];
            let signed = number >> (64 - u32::from(bits));
            let int = Kind::Int(bits, order);
            prop_assert_eq!(decode(int, &encode(int, &Value::I64(signed)).unwrap()), Some(Value::I64(signed)));
            let unsigned = number.cast_unsigned() >> (64 - u32::from(bits));
            let uint = Kind::Uint(bits, order);
            prop_assert_eq!(decode(uint, &encode(uint, &Value::U64(unsigned)).unwrap()), Some(Value::U64(unsigned)));
        }

        #[test]
        fn floats_and_decimals_come_back(number: f32, digits in 0u64..=99_999_999, order in 0usize..4) {
            prop_assume!(number.is_finite());
            let order = [Order::Abcd, Order::Cdab, Order::Badc, Order::Dcba][order];
            let value = Value::from_f64(f64::from(number)).unwrap();
            for kind in [Kind::Float(32, order), Kind::Float(64, order)] {
                prop_assert_eq!(decode(kind, &encode(kind, &value).unwrap()), Some(value.clone()));
            }
            let bcd = Kind::Bcd(32, order);
            prop_assert_eq!(decode(bcd, &encode(bcd, &Value::U64(digits)).unwrap()), Some(Value::U64(digits)));
        }

        #[test]
        fn no_registers_make_decoding_panic(words in prop::collection::vec(any::<u16>(), 0..130), bytes in 1u8..=250) {
            for kind in [Kind::Bool, Kind::Bit(15), Kind::Text(bytes, Order::Badc), Kind::Bcd(32, Order::Dcba), Kind::Float(64, Order::Cdab)] {
                let _ = decode(kind, &words);
            }
        }
    }
}
