//! Tensors as they travel to the worker and back: element type, shape and little-endian bytes. No arithmetic.

use serde_json::{Map, Value as Json};

/// Element types that models take and give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Dtype {
    /// 32-bit float.
    F32 = 1,
    /// 64-bit float.
    F64 = 2,
    /// 16-bit float (IEEE 754 binary16).
    F16 = 3,
    /// 16-bit float with the exponent of a 32-bit one.
    Bf16 = 4,
    /// Signed 8-bit integer.
    I8 = 5,
    /// Signed 16-bit integer.
    I16 = 6,
    /// Signed 32-bit integer.
    I32 = 7,
    /// Signed 64-bit integer.
    I64 = 8,
    /// Unsigned 8-bit integer.
    U8 = 9,
    /// Unsigned 16-bit integer.
    U16 = 10,
    /// Unsigned 32-bit integer.
    U32 = 11,
    /// Unsigned 64-bit integer.
    U64 = 12,
    /// One byte, 0 or 1.
    Bool = 13,
    /// UTF-8 text.
    Text = 14,
}

impl Dtype {
    /// All of them, in the order of their numbers on the wire.
    pub const ALL: [Self; 14] = [
        Self::F32,
        Self::F64,
        Self::F16,
        Self::Bf16,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::Bool,
        Self::Text,
    ];

    /// From its number on the wire.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| *dtype as u8 == code)
    }

    /// Bytes of one element; none for text.
    pub const fn size(self) -> Option<usize> {
        Some(match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::Text => return None,
        })
    }

    /// As people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::Bool => "bool",
            Self::Text => "text",
        }
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The elements, row by row (last dimension fastest).
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    /// Little-endian bytes of all types but text.
    Bytes(Vec<u8>),
    /// Texts.
    Texts(Vec<String>),
    /// A list of tensors of one type, which some models take or give instead of one tensor (ONNX: a sequence).
    List(Vec<Tensor>),
}

/// One tensor. `elements` always holds as many as `shape` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    elements: Elements,
}

/// A tensor with the name of the model's input or output.
pub type Named = (String, Tensor);

impl Tensor {
    /// None unless `elements` holds as many elements of `dtype` as `shape` says.
    pub fn new(dtype: Dtype, shape: Vec<usize>, elements: Elements) -> Option<Self> {
        let count = count_of(&shape)?;
        let fits = match (&elements, dtype.size()) {
            (Elements::Bytes(bytes), Some(size)) => count.checked_mul(size) == Some(bytes.len()),
            (Elements::Texts(texts), None) => texts.len() == count,
            (Elements::List(list), _) => {
                shape.len() == 1 && list.len() == count && list.iter().all(|one| one.dtype == dtype && !one.is_list())
            }
            _ => false,
        };
        fits.then_some(Self { dtype, shape, elements })
    }

    /// 32-bit floats; none when `numbers` are not as many as `shape` says.
    pub fn from_f32(shape: Vec<usize>, numbers: &[f32]) -> Option<Self> {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        Self::new(Dtype::F32, shape, Elements::Bytes(bytes))
    }

    /// A list of tensors, all of this type; its shape is how many they are. None when one is of another type or a list.
    pub fn list(dtype: Dtype, tensors: Vec<Self>) -> Option<Self> {
        Self::new(dtype, vec![tensors.len()], Elements::List(tensors))
    }

    /// Whether it is a list of tensors.
    pub fn is_list(&self) -> bool {
        matches!(self.elements, Elements::List(_))
    }

    /// Numbers as elements of `dtype`, rounded where it is a float. The error is one sentence.
    pub fn from_numbers(dtype: Dtype, shape: &[usize], numbers: &[f64]) -> Result<Self, String> {
        let mut bytes = Vec::with_capacity(numbers.len() * dtype.size().unwrap_or(1));
        for number in numbers {
            push_json(dtype, &Json::from(*number), &mut bytes)
                .ok_or_else(|| format!("{number} is not a value of type {dtype}"))?;
        }
        Self::new(dtype, shape.to_vec(), Elements::Bytes(bytes))
            .ok_or_else(|| format!("it has {} values, but the shape {shape:?} says otherwise", numbers.len()))
    }

    /// The element type.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Lengths of the dimensions; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements.
    pub fn elements(&self) -> &Elements {
        &self.elements
    }

    /// How many elements, those of all tensors of a list together.
    pub fn len(&self) -> usize {
        match (&self.elements, self.dtype.size()) {
            (Elements::Bytes(bytes), Some(size)) => bytes.len() / size,
            (Elements::Bytes(_), None) => 0,
            (Elements::Texts(texts), _) => texts.len(),
            (Elements::List(list), _) => list.iter().map(Self::len).sum(),
        }
    }

    /// No elements at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One element as a number: yes and no are 1 and 0, integers beyond 2⁵³ lose their last digits, texts and what is in
    /// a list are none.
    pub fn number(&self, index: usize) -> Option<f64> {
        let Elements::Bytes(bytes) = &self.elements else { return None };
        let size = self.dtype.size()?;
        let one = bytes.get(index.checked_mul(size)?..)?.get(..size)?;
        Some(number_from(self.dtype, one))
    }

    /// All elements as numbers; empty for texts.
    pub fn numbers(&self) -> Vec<f64> {
        (0..self.len()).filter_map(|index| self.number(index)).collect()
    }

    /// `{"shape": […], "data": […]}` with a flat list. NaN and infinity become the texts `NaN`, `Infinity`, `-Infinity`;
    /// a list of tensors is a list of such objects.
    pub fn to_json(&self) -> Json {
        let data: Vec<Json> = match &self.elements {
            Elements::List(list) => return Json::Array(list.iter().map(Self::to_json).collect()),
            Elements::Texts(texts) => texts.iter().map(|text| Json::from(text.as_str())).collect(),
            Elements::Bytes(bytes) => match self.dtype.size() {
                Some(size) => bytes.chunks_exact(size).map(|one| json_from(self.dtype, one)).collect(),
                None => Vec::new(),
            },
        };
        let mut object = Map::new();
        object.insert("shape".to_owned(), Json::from(self.shape.clone()));
        object.insert("data".to_owned(), Json::from(data));
        Json::Object(object)
    }

    /// The way back from [`Tensor::to_json`] for a list of tensors. The error is one sentence.
    pub fn list_from_json(json: &Json, dtype: Dtype) -> Result<Self, String> {
        let list = json.as_array().ok_or("it is a list of tensors; write [{\"shape\": […], \"data\": […]}, …]")?;
        let tensors = list.iter().map(|one| Self::from_json(one, dtype)).collect::<Result<Vec<_>, _>>()?;
        Self::list(dtype, tensors).ok_or_else(|| "its tensors are not all of one type".to_owned())
    }

    /// The way back from [`Tensor::to_json`]. `data` may be nested; without `shape` the nesting says the shape.
    /// The error is one sentence.
    pub fn from_json(json: &Json, dtype: Dtype) -> Result<Self, String> {
        let data = json.get("data").ok_or("it has no `data`; write {\"shape\": […], \"data\": […]}")?;
        let shape = match json.get("shape") {
            None => nesting_of(data),
            Some(shape) => serde_json::from_value::<Vec<usize>>(shape.clone())
                .map_err(|_| format!("`shape` is {shape}, not a list of whole numbers"))?,
        };
        let mut leaves = Vec::new();
        flatten(data, &mut leaves);
        let elements = if dtype == Dtype::Text {
            let texts = leaves.iter().map(|leaf| leaf.as_str().map(str::to_owned));
            Elements::Texts(texts.collect::<Option<_>>().ok_or("it must hold texts")?)
        } else {
            let mut bytes = Vec::with_capacity(leaves.len() * dtype.size().unwrap_or(1));
            for leaf in &leaves {
                push_json(dtype, leaf, &mut bytes).ok_or_else(|| format!("{leaf} is not a value of type {dtype}"))?;
            }
            Elements::Bytes(bytes)
        };
        Self::new(dtype, shape.clone(), elements)
            .ok_or_else(|| format!("it has {} values, but the shape {shape:?} says otherwise", leaves.len()))
    }
}

fn count_of(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, length| product.checked_mul(*length))
}

fn nesting_of(data: &Json) -> Vec<usize> {
    let mut shape = Vec::new();
    let mut level = data;
    while let Json::Array(items) = level {
        shape.push(items.len());
        match items.first() {
            Some(first) => level = first,
            None => break,
        }
    }
    shape
}

/// Depth is bounded by the JSON reader's own limit (128).
fn flatten<'a>(data: &'a Json, leaves: &mut Vec<&'a Json>) {
    match data {
        Json::Array(items) => items.iter().for_each(|item| flatten(item, leaves)),
        leaf => leaves.push(leaf),
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

#[expect(clippy::cast_precision_loss, reason = "documented: a number for arithmetic, not for identity")]
fn number_from(dtype: Dtype, one: &[u8]) -> f64 {
    match dtype {
        Dtype::F32 => f64::from(f32::from_le_bytes(fixed(one))),
        Dtype::F64 => f64::from_le_bytes(fixed(one)),
        Dtype::F16 => f64::from(f32_from_f16(u16::from_le_bytes(fixed(one)))),
        Dtype::Bf16 => f64::from(f32::from_bits(u32::from(u16::from_le_bytes(fixed(one))) << 16)),
        Dtype::I8 => f64::from(i8::from_le_bytes(fixed(one))),
        Dtype::I16 => f64::from(i16::from_le_bytes(fixed(one))),
        Dtype::I32 => f64::from(i32::from_le_bytes(fixed(one))),
        Dtype::I64 => i64::from_le_bytes(fixed(one)) as f64,
        Dtype::U8 | Dtype::Bool => f64::from(one[0]),
        Dtype::U16 => f64::from(u16::from_le_bytes(fixed(one))),
        Dtype::U32 => f64::from(u32::from_le_bytes(fixed(one))),
        Dtype::U64 => u64::from_le_bytes(fixed(one)) as f64,
        Dtype::Text => f64::NAN,
    }
}

fn json_from(dtype: Dtype, one: &[u8]) -> Json {
    match dtype {
        Dtype::I64 => Json::from(i64::from_le_bytes(fixed(one))),
        Dtype::U64 => Json::from(u64::from_le_bytes(fixed(one))),
        Dtype::Bool => Json::from(one[0] != 0),
        Dtype::I8 => Json::from(i8::from_le_bytes(fixed(one))),
        Dtype::I16 => Json::from(i16::from_le_bytes(fixed(one))),
        Dtype::I32 => Json::from(i32::from_le_bytes(fixed(one))),
        Dtype::U8 => Json::from(one[0]),
        Dtype::U16 => Json::from(u16::from_le_bytes(fixed(one))),
        Dtype::U32 => Json::from(u32::from_le_bytes(fixed(one))),
        _ => match number_from(dtype, one) {
            number if number.is_nan() => Json::from("NaN"),
            number if number.is_infinite() => Json::from(if number > 0.0 { "Infinity" } else { "-Infinity" }),
            number => Json::from(number),
        },
    }
}

fn push_json(dtype: Dtype, leaf: &Json, bytes: &mut Vec<u8>) -> Option<()> {
    match dtype {
        Dtype::F32 => bytes.extend(narrow(float_of(leaf)?).to_le_bytes()),
        Dtype::F64 => bytes.extend(float_of(leaf)?.to_le_bytes()),
        Dtype::F16 => bytes.extend(f16_from_f32(narrow(float_of(leaf)?)).to_le_bytes()),
        Dtype::Bf16 => bytes.extend(bf16_from_f32(narrow(float_of(leaf)?)).to_le_bytes()),
        Dtype::I8 => bytes.extend(i8::try_from(integer_of(leaf)?).ok()?.to_le_bytes()),
        Dtype::I16 => bytes.extend(i16::try_from(integer_of(leaf)?).ok()?.to_le_bytes()),
        Dtype::I32 => bytes.extend(i32::try_from(integer_of(leaf)?).ok()?.to_le_bytes()),
        Dtype::I64 => bytes.extend(i64::try_from(integer_of(leaf)?).ok()?.to_le_bytes()),
        Dtype::U8 => bytes.extend(u8::try_from(integer_of(leaf)?).ok()?.to_le_bytes()),
        Dtype::U16 => bytes.extend(u16::try_from(integer_of(leaf)?).ok()?.to_le_bytes()),
        Dtype::U32 => bytes.extend(u32::try_from(integer_of(leaf)?).ok()?.to_le_bytes()),
        Dtype::U64 => bytes.extend(u64::try_from(integer_of(leaf)?).ok()?.to_le_bytes()),
        Dtype::Bool => bytes.push(match leaf {
            Json::Bool(yes) => u8::from(*yes),
            other => u8::try_from(integer_of(other)?).ok().filter(|bit| *bit <= 1)?,
        }),
        Dtype::Text => return None,
    }
    Some(())
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to the nearest single is what the model's type asks for")]
fn narrow(number: f64) -> f32 {
    number as f32
}

fn float_of(leaf: &Json) -> Option<f64> {
    match leaf {
        Json::Number(number) => number.as_f64(),
        Json::Bool(yes) => Some(f64::from(u8::from(*yes))),
        Json::Null => Some(f64::NAN),
        Json::String(text) => match text.as_str() {
            "NaN" | "nan" => Some(f64::NAN),
            "Infinity" | "inf" => Some(f64::INFINITY),
            "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "only whole numbers of at most 2⁵³ get here")]
fn integer_of(leaf: &Json) -> Option<i128> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match leaf {
        Json::Number(number) => number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from))
            .or_else(|| number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() <= EXACT).map(|f| f as i128)),
        Json::Bool(yes) => Some(i128::from(*yes)),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// IEEE 754 binary16 to binary32; exact.
fn f32_from_f16(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let exponent = u32::from(half >> 10) & 0x1F;
    let fraction = u32::from(half & 0x3FF);
    match (exponent, fraction) {
        (0, _) => {
            // subnormal: fraction × 2⁻²⁴
            let magnitude = f32::from(half & 0x3FF) * f32::from_bits(0x3380_0000);
            if sign == 0 { magnitude } else { -magnitude }
        }
        (0x1F, _) => f32::from_bits(sign | 0x7F80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

/// IEEE 754 binary32 to binary16, round to nearest even.
fn f16_from_f32(number: f32) -> u16 {
    let bits = number.to_bits();
    let sign = low_half((bits >> 16) & 0x8000);
    let magnitude = bits & 0x7FFF_FFFF;
    if magnitude > 0x7F80_0000 {
        return sign | 0x7E00;
    }
    if magnitude >= 0x4780_0000 {
        return sign | 0x7C00;
    }
    if magnitude < 0x3880_0000 {
        // below the smallest normal half: adding 0.5 makes the adder round at the right bit
        let shifted = f32::from_bits(magnitude) + 0.5;
        return sign | low_half(shifted.to_bits().wrapping_sub(0x3F00_0000));
    }
    let odd = (magnitude >> 13) & 1;
    sign | low_half((magnitude.wrapping_sub(112 << 23) + 0xFFF + odd) >> 13)
}

fn bf16_from_f32(number: f32) -> u16 {
    let bits = number.to_bits();
    if number.is_nan() {
        return low_half(bits >> 16) | 0x40;
    }
    low_half((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)
}

#[expect(clippy::cast_possible_truncation, reason = "the callers have put the result into the low 16 bits")]
const fn low_half(bits: u32) -> u16 {
    bits as u16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tensor_holds_as_many_elements_as_its_shape_says() {
        assert!(Tensor::from_f32(vec![2, 2], &[1.0, 2.0, 3.0]).is_none());
        assert!(Tensor::from_f32(vec![usize::MAX, 2], &[]).is_none());
        assert_eq!(Tensor::from_f32(vec![], &[7.0]).unwrap().number(0), Some(7.0));
        assert!(Tensor::from_f32(vec![3, 0], &[]).unwrap().is_empty());
    }

    #[test]
    fn json_may_be_nested_or_flat_and_says_what_is_wrong() {
        let flat = Tensor::from_json(&json!({"shape": [2, 2], "data": [1, 2, 3, 4]}), Dtype::I64).unwrap();
        let nested = Tensor::from_json(&json!({"data": [[1, 2], [3, 4]]}), Dtype::I64).unwrap();
        assert_eq!(flat, nested);
        let wrong = Tensor::from_json(&json!({"shape": [3], "data": [1, 2]}), Dtype::F32).unwrap_err();
        assert_eq!(wrong, "it has 2 values, but the shape [3] says otherwise");
        let wrong = Tensor::from_json(&json!({"data": [1.5]}), Dtype::I32).unwrap_err();
        assert_eq!(wrong, "1.5 is not a value of type i32");
    }

    #[test]
    fn every_half_survives_the_way_through_single() {
        for half in 0..=u16::MAX {
            let single = f32_from_f16(half);
            if single.is_nan() {
                assert!(f32_from_f16(f16_from_f32(single)).is_nan());
            } else {
                assert_eq!(f16_from_f32(single), half, "{single}");
            }
        }
    }

    #[test]
    fn halves_round_to_nearest_even() {
        assert_eq!(f32_from_f16(f16_from_f32(2049.0)).to_bits(), 2048.0_f32.to_bits());
        assert_eq!(f32_from_f16(f16_from_f32(2051.0)).to_bits(), 2052.0_f32.to_bits());
        assert_eq!(f32_from_f16(f16_from_f32(65520.0)).to_bits(), f32::INFINITY.to_bits());
        assert_eq!(f32_from_f16(f16_from_f32(65519.0)).to_bits(), 65504.0_f32.to_bits());
    }

    proptest! {
        #[test]
        fn json_keeps_every_integer_and_every_double(integers: Vec<i64>, numbers: Vec<f64>) {
            let bytes = integers.iter().flat_map(|i| i.to_le_bytes()).collect();
            let tensor = Tensor::new(Dtype::I64, vec![integers.len()], Elements::Bytes(bytes)).unwrap();
            let text = tensor.to_json().to_string();
            let back = Tensor::from_json(&serde_json::from_str(&text).unwrap(), Dtype::I64).unwrap();
            prop_assert_eq!(back, tensor);

            let numbers: Vec<f64> = numbers.into_iter().filter(|n| !n.is_nan()).collect();
            let bytes = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
            let tensor = Tensor::new(Dtype::F64, vec![numbers.len()], Elements::Bytes(bytes)).unwrap();
            let text = tensor.to_json().to_string();
            let back = Tensor::from_json(&serde_json::from_str(&text).unwrap(), Dtype::F64).unwrap();
            prop_assert_eq!(back.numbers(), tensor.numbers());
        }
    }
}
