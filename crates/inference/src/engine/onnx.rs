//! A look at an ONNX file before the engine gets it: is it one, and does it reach for other files?
//!
//! Not a parser: it walks the protobuf messages that may hold tensors (onnx.proto3 of ONNX 1.23) and skips the rest.
//! External data is refused here, whatever the engine would do with it: a location may be any path on the machine.

/// Messages inside messages at most; an `If` in an `If` takes three.
const MAX_DEPTH: u32 = 256;

/// Why a file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Finding {
    #[error("it is not an ONNX file")]
    NotOnnx,
    #[error("it is in ONNX Runtime's own format; give the .onnx file it was made from")]
    OrtFormat,
    #[error("it keeps weights in other files (external data); save it as one file")]
    ExternalData,
    #[error("its parts are nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    SparseTensor,
    Function,
    Training,
}

impl Message {
    /// What a length-delimited field of this message holds, if it may lead to a tensor.
    fn inner(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Model, 7) | (Self::Attribute, 6 | 11) | (Self::Training, 1 | 2) => Self::Graph,
            (Self::Model, 20) => Self::Training,
            (Self::Model, 25) => Self::Function,
            (Self::Graph, 1) | (Self::Function, 7) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) | (Self::SparseTensor, 1 | 2) => Self::Tensor,
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Self::SparseTensor,
            (Self::Node, 5) | (Self::Function, 11) => Self::Attribute,
            _ => return None,
        })
    }
}

/// Ok when the engine may have it.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Finding> {
    if bytes.get(4..8) == Some(b"ORTM") {
        return Err(Finding::OrtFormat);
    }
    if bytes.is_empty() {
        return Err(Finding::NotOnnx);
    }
    walk(bytes, Message::Model, 0)
}

fn walk(mut bytes: &[u8], message: Message, depth: u32) -> Result<(), Finding> {
    if depth > MAX_DEPTH {
        return Err(Finding::TooDeep);
    }
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let field = key >> 3;
        match key & 7 {
            0 => {
                let value = varint(&mut bytes)?;
                // TensorProto.data_location is anything but DEFAULT. A reader of protobuf takes the low half of a longer
                // number for an enum, so 2³² + 1 is EXTERNAL as well; here nothing but 0 passes.
                if matches!(message, Message::Tensor) && field == 14 && value != 0 {
                    return Err(Finding::ExternalData);
                }
            }
            1 => skip(&mut bytes, 8)?,
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).map_err(|_| Finding::NotOnnx)?;
                let (inside, rest) = bytes.split_at_checked(length).ok_or(Finding::NotOnnx)?;
                bytes = rest;
                if let Some(inner) = message.inner(field) {
                    walk(inside, inner, depth + 1)?;
                }
            }
            5 => skip(&mut bytes, 4)?,
            _ => return Err(Finding::NotOnnx),
        }
    }
    Ok(())
}

fn skip(bytes: &mut &[u8], count: usize) -> Result<(), Finding> {
    *bytes = bytes.get(count..).ok_or(Finding::NotOnnx)?;
    Ok(())
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Finding> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().ok_or(Finding::NotOnnx)?;
        *bytes = rest;
        value |= u64::from(first & 0x7F) << shift;
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Finding::NotOnnx)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn field(number: u8, inside: &[u8]) -> Vec<u8> {
        assert!(number < 16 && inside.len() < 128);
        let mut bytes = vec![(number << 3) | 2, u8::try_from(inside.len()).unwrap()];
        bytes.extend_from_slice(inside);
        bytes
    }

    #[test]
    fn external_data_is_found_wherever_a_tensor_may_be() {
        let external = [14 << 3, 1];
        let weight = field(7, &field(5, &external));
        assert_eq!(check(&weight), Err(Finding::ExternalData));
        let constant = field(7, &field(1, &field(5, &field(5, &external))));
        assert_eq!(check(&constant), Err(Finding::ExternalData));
        let inside_a_branch = field(7, &field(1, &field(5, &field(6, &field(5, &external)))));
        assert_eq!(check(&inside_a_branch), Err(Finding::ExternalData));
        let in_disguise = field(7, &field(5, &[14 << 3, 0x81, 0x80, 0x80, 0x80, 0x10]));
        assert_eq!(check(&in_disguise), Err(Finding::ExternalData));
        let ordinary = field(7, &field(5, &[14 << 3, 0]));
        assert_eq!(check(&ordinary), Ok(()));
    }

    #[test]
    fn what_is_not_onnx_is_said_in_words() {
        assert_eq!(check(b""), Err(Finding::NotOnnx));
        assert_eq!(check(b"<html>"), Err(Finding::NotOnnx));
        assert_eq!(check(b"\x00\x00\x00\x00ORTM...."), Err(Finding::OrtFormat));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes: Vec<u8>) {
            let _ = check(&bytes);
        }
    }
}
