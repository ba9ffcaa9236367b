//! The names that manuals and tools give to data types and word orders.

use drivers::modbus::{Kind, Order};

/// A type as a list names it: `FLOAT32`, `REAL`, `Word`, `S16`, `string(20)`, `float32 cdab`. Names follow IEC 61131-3,
/// the usual manuals and Kepware, which agree with each other.
pub(super) fn kind(text: &str) -> Option<Kind> {
    let text = text.trim().to_lowercase();
    if let Some((first, rest)) = text.split_once([' ', ':', '_'])
        && let Some(order) = order(rest)
    {
        return kind(first).and_then(|kind| with_order(kind, order));
    }
    let plain: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    if let Some(length) = plain.strip_prefix("string").or_else(|| plain.strip_prefix("ascii")) {
        return length
            .parse()
            .ok()
            .filter(|bytes| (1..=250).contains(bytes))
            .map(|bytes| Kind::Text(bytes, Order::Abcd));
    }
    let order = Order::Abcd;
    Some(match plain.as_str() {
        "bool" | "boolean" | "bit" | "binary" | "binär" | "digital" => Kind::Bool,
        "int16" | "int" | "short" | "s16" | "i16" | "sint16" | "signed16" | "signedint16" | "signed" | "integer" => {
            Kind::Int(16, order)
        }
        "uint16" | "word" | "uint" | "ushort" | "u16" | "unsigned16" | "unsignedint16" | "unsigned" => {
            Kind::Uint(16, order)
        }
        "int32" | "dint" | "long" | "s32" | "i32" | "sint32" | "signed32" | "signedint32" => Kind::Int(32, order),
        "uint32" | "dword" | "udint" | "ulong" | "u32" | "unsigned32" | "unsignedint32" => Kind::Uint(32, order),
        "int64" | "lint" | "llong" | "s64" | "i64" | "sint64" => Kind::Int(64, order),
        "uint64" | "qword" | "ulint" | "lword" | "u64" => Kind::Uint(64, order),
        "float32" | "float" | "real" | "f32" | "single" | "real32" | "float4" | "ieee754" => Kind::Float(32, order),
        "float64" | "double" | "lreal" | "f64" | "real64" | "float8" => Kind::Float(64, order),
        "bcd" | "bcd16" => Kind::Bcd(16, order),
        "lbcd" | "bcd32" => Kind::Bcd(32, order),
        _ => return None,
    })
}

/// A word order: by letters, or in words.
pub(super) fn order(text: &str) -> Option<Order> {
    let plain: String = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    Some(match plain.as_str() {
        "abcd" | "ab" | "abcdefgh" | "big" | "bigendian" | "msb" | "msbfirst" | "highwordfirst" | "1234" => Order::Abcd,
        "cdab" | "ghefcdab" | "wordswap" | "wordswapped" | "swapped" | "lowwordfirst" | "littleendianword"
        | "bigendianbyteswap" | "midlittle" | "3412" => Order::Cdab,
        "badc" | "ba" | "badcfehg" | "byteswap" | "byteswapped" | "2143" => Order::Badc,
        "dcba" | "hgfedcba" | "little" | "littleendian" | "lsb" | "lsbfirst" | "4321" => Order::Dcba,
        _ => return None,
    })
}

/// The kind in another order; none where the order means nothing: of one register only the bytes can be swapped.
pub(super) fn with_order(kind: Kind, order: Order) -> Option<Kind> {
    let narrow = match order {
        Order::Abcd | Order::Cdab => Order::Abcd,
        Order::Badc | Order::Dcba => Order::Badc,
    };
    Some(match kind {
        Kind::Bool | Kind::Bit(_) => kind,
        Kind::Int(16, _) => Kind::Int(16, narrow),
        Kind::Uint(16, _) => Kind::Uint(16, narrow),
        Kind::Bcd(16, _) => Kind::Bcd(16, narrow),
        Kind::Int(bits, _) => Kind::Int(bits, order),
        Kind::Uint(bits, _) => Kind::Uint(bits, order),
        Kind::Float(bits, _) => Kind::Float(bits, order),
        Kind::Bcd(bits, _) => Kind::Bcd(bits, order),
        Kind::Text(..) if order == Order::Cdab => return None,
        Kind::Text(bytes, _) => Kind::Text(bytes, narrow),
    })
}
