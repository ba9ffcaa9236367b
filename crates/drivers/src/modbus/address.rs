//! Modbus addresses as people write them.
//!
//! | written | means |
//! | --- | --- |
//! | `coil:0`, `discrete:0` | one bit, counted from 0 |
//! | `holding:100`, `input:3:int16` | one register, counted from 0; `uint16` unless said otherwise |
//! | `holding:100:float32:cdab` | two registers, word order by letters; `abcd` unless said otherwise |
//! | `holding:10:bit:3` | bit 3 of a register, bit 0 is the lowest |
//! | `holding:20:string:16` | 16 characters in 8 registers, the first one in the high byte; `:ba` swaps the bytes |
//! | `holding:30:bcd16`, `holding:30:bcd32` | binary coded decimals |
//! | `40101`, `400101`, `30001:int16`, `10001`, `00001` | the classic notation, counted from 1: **`40101` is `holding:100`** |
//!
//! Types: `int16 uint16 int32 uint32 int64 uint64 float32 float64 bcd16 bcd32 bit string`. Letters name the bytes of
//! the number from the highest (`a`) on, in the order they are sent: `abcd` (big endian), `cdab` (words swapped),
//! `badc` (bytes swapped), `dcba` (little endian). 64-bit types use the same four names or their eight letters
//! (`abcdefgh`, `ghefcdab`, `badcfehg`, `hgfedcba`); 16-bit types `ab` and `ba`.

use std::fmt;
use std::str::FromStr;

use domain::{Problem, ValueType};

/// Where one value is and how it is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Which of the four tables.
    pub table: Table,
    /// Position in the table, counted from 0 as on the wire.
    pub offset: u16,
    /// How the registers are to be read.
    pub kind: Kind,
}

/// The four tables of a Modbus device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Bits that can be written (0xxxx).
    Coil,
    /// Bits that can only be read (1xxxx).
    Discrete,
    /// Registers that can only be read (3xxxx).
    Input,
    /// Registers that can be written (4xxxx).
    Holding,
}

/// What stands in the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A coil or a discrete input.
    Bool,
    /// One bit of a register, 0 the lowest.
    Bit(u8),
    /// Signed, two's complement, of 16, 32 or 64 bits.
    Int(u8, Order),
    /// Unsigned, of 16, 32 or 64 bits.
    Uint(u8, Order),
    /// IEEE 754, of 32 or 64 bits.
    Float(u8, Order),
    /// Binary coded decimals, of 16 or 32 bits.
    Bcd(u8, Order),
    /// So many bytes of text, filled up with NUL or blanks.
    Text(u8, Order),
}

/// The order of bytes on the wire, by letters: `a` is the byte of the highest value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Big endian.
    #[default]
    Abcd,
    /// Words swapped, each word big endian.
    Cdab,
    /// Words in order, the bytes in each swapped.
    Badc,
    /// Little endian.
    Dcba,
}

impl Table {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Coil, Self::Discrete, Self::Input, Self::Holding];

    /// Single bits rather than registers.
    pub fn is_bits(self) -> bool {
        matches!(self, Self::Coil | Self::Discrete)
    }

    /// The protocol has a function to write there.
    pub fn writable(self) -> bool {
        matches!(self, Self::Coil | Self::Holding)
    }

    /// As written in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coil => "coil",
            Self::Discrete => "discrete",
            Self::Input => "input",
            Self::Holding => "holding",
        }
    }

    /// What the protocol reads in one request at most (specification V1.1b3, sections 6.1 to 6.4).
    pub fn read_limit(self) -> u16 {
        if self.is_bits() { 2000 } else { 125 }
    }
}

impl Order {
    /// The words of a number in order of falling value, bytes in each word too.
    pub(crate) fn swaps(self) -> (bool, bool) {
        match self {
            Self::Abcd => (false, false),
            Self::Cdab => (true, false),
            Self::Badc => (false, true),
            Self::Dcba => (true, true),
        }
    }

    /// Four letters, whatever the width.
    pub fn name(self) -> &'static str {
        match self {
            Self::Abcd => "abcd",
            Self::Cdab => "cdab",
            Self::Badc => "badc",
            Self::Dcba => "dcba",
        }
    }

    /// Letters for a number of `bits` bits.
    fn parse(text: &str, bits: u8) -> Option<Self> {
        match (text, bits) {
            ("ab", 16) | ("abcd", 32 | 64) | ("abcdefgh", 64) => Some(Self::Abcd),
            ("cdab", 32 | 64) | ("ghefcdab", 64) => Some(Self::Cdab),
            ("ba", 16) | ("badc", 32 | 64) | ("badcfehg", 64) => Some(Self::Badc),
            ("dcba", 32 | 64) | ("hgfedcba", 64) => Some(Self::Dcba),
            _ => None,
        }
    }
}

impl Kind {
    /// How many bits (in the bit tables) or registers it takes.
    pub fn count(self) -> u16 {
        match self {
            Self::Bool | Self::Bit(_) => 1,
            Self::Int(bits, _) | Self::Uint(bits, _) | Self::Float(bits, _) | Self::Bcd(bits, _) => {
                u16::from(bits / 16)
            }
            Self::Text(bytes, _) => u16::from(bytes).div_ceil(2),
        }
    }
}

impl Address {
    /// The type of the values read there.
    pub fn value_type(&self) -> ValueType {
        match self.kind {
            Kind::Bool | Kind::Bit(_) => ValueType::Bool,
            Kind::Int(..) => ValueType::I64,
            Kind::Uint(..) | Kind::Bcd(..) => ValueType::U64,
            Kind::Float(..) => ValueType::F64,
            Kind::Text(..) => ValueType::Text,
        }
    }

    /// The type in words: `float32 cdab`.
    pub fn type_name(&self) -> String {
        let (name, bits, order) = match self.kind {
            Kind::Bool => return "bool".to_owned(),
            Kind::Bit(bit) => return format!("bit {bit}"),
            Kind::Text(bytes, _) => return format!("string {bytes}"),
            Kind::Int(bits, order) => ("int", bits, order),
            Kind::Uint(bits, order) => ("uint", bits, order),
            Kind::Float(bits, order) => ("float", bits, order),
            Kind::Bcd(bits, order) => ("bcd", bits, order),
        };
        match (bits, order) {
            (16, Order::Abcd) => format!("{name}{bits}"),
            (16, _) => format!("{name}{bits} ba"),
            _ => format!("{name}{bits} {}", order.name()),
        }
    }

    /// The first position behind it, at most 65536.
    pub fn end(&self) -> u32 {
        u32::from(self.offset) + u32::from(self.kind.count())
    }
}

impl fmt::Display for Address {
    /// The canonical form, always counted from 0.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.table.name(), self.offset)?;
        let order = |f: &mut fmt::Formatter<'_>, bits: u8, order: Order| match (bits, order) {
            (_, Order::Abcd) => Ok(()),
            (16, _) => f.write_str(":ba"),
            _ => write!(f, ":{}", order.name()),
        };
        match self.kind {
            Kind::Bool => Ok(()),
            Kind::Bit(bit) => write!(f, ":bit:{bit}"),
            Kind::Int(bits, letters) => write!(f, ":int{bits}").and_then(|()| order(f, bits, letters)),
            Kind::Uint(bits, letters) => write!(f, ":uint{bits}").and_then(|()| order(f, bits, letters)),
            Kind::Float(bits, letters) => write!(f, ":float{bits}").and_then(|()| order(f, bits, letters)),
            Kind::Bcd(bits, letters) => write!(f, ":bcd{bits}").and_then(|()| order(f, bits, letters)),
            Kind::Text(bytes, letters) => write!(f, ":string:{bytes}").and_then(|()| order(f, 16, letters)),
        }
    }
}

impl FromStr for Address {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let mut parts = text.split(':');
        let first = parts.next().unwrap_or_default();
        let (table, offset) = match table_by_name(first) {
            Some(table) => (table, offset(text, parts.next())?),
            None => classic(text, first)?,
        };
        let parts: Vec<&str> = parts.collect();
        let kind = if table.is_bits() { bits_kind(text, &parts)? } else { register_kind(text, &parts)? };
        let address = Self { table, offset, kind };
        if address.end() > 0x1_0000 {
            return Err(malformed(text, format!("it reaches beyond {} 65535, the last there is", table.name())));
        }
        Ok(address)
    }
}

fn malformed(address: &str, what: impl Into<String>) -> Problem {
    Problem::new("address.malformed", address, what)
}

fn table_by_name(name: &str) -> Option<Table> {
    Table::ALL.into_iter().find(|table| table.name() == name)
}

fn offset(address: &str, text: Option<&str>) -> Result<u16, Problem> {
    let text = text.ok_or_else(|| malformed(address, "the number is missing").hint("write it like `holding:100`"))?;
    text.parse().map_err(|_| {
        malformed(address, format!("`{text}` is no position in a table"))
            .hint("positions are 0 to 65535, counted from 0")
    })
}

/// `40101`: the first digit is the table, the rest counts from 1. Five digits reach 9999, six 65536.
fn classic(address: &str, text: &str) -> Result<(Table, u16), Problem> {
    let known = || {
        malformed(address, format!("`{text}` is no table"))
            .hint("write `coil:0`, `discrete:0`, `holding:100:float32:cdab`, `input:3`, or classic `40101`")
    };
    if !matches!(text.len(), 5 | 6) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(known());
    }
    let (digit, number) = text.split_at_checked(1).ok_or_else(known)?;
    let table = match digit {
        "0" => Table::Coil,
        "1" => Table::Discrete,
        "3" => Table::Input,
        "4" => Table::Holding,
        _ => return Err(known()),
    };
    let number: u32 = number.parse().map_err(|_| known())?;
    match number.checked_sub(1).map(u16::try_from) {
        Some(Ok(offset)) => Ok((table, offset)),
        None => Err(malformed(address, "classic numbers count from 1").hint(format!("the first one is {digit}0001"))),
        Some(Err(_)) => Err(malformed(address, format!("{number} is beyond 65536, the last there is"))),
    }
}

fn bits_kind(address: &str, parts: &[&str]) -> Result<Kind, Problem> {
    match parts {
        [] | ["bool"] => Ok(Kind::Bool),
        [kind, ..] => Err(malformed(address, format!("a single bit cannot be read as `{kind}`"))
            .hint("leave the type out; for a bit of a register write `holding:10:bit:3`")),
    }
}

fn register_kind(address: &str, parts: &[&str]) -> Result<Kind, Problem> {
    let (name, arguments) = parts.split_first().map_or(("uint16", &[][..]), |(name, rest)| (*name, rest));
    match name {
        "bit" => bit_kind(address, arguments),
        "string" => text_kind(address, arguments),
        _ => number_kind(address, name, arguments),
    }
}

fn bit_kind(address: &str, arguments: &[&str]) -> Result<Kind, Problem> {
    match arguments {
        [text] => {
            match text.parse::<u8>() {
                Ok(bit) if bit < 16 => Ok(Kind::Bit(bit)),
                _ => Err(malformed(address, format!("`{text}` is no bit of a register"))
                    .hint("bits are 0 to 15, 0 the lowest")),
            }
        }
        _ => Err(malformed(address, "say which bit").hint("write it like `holding:10:bit:3`")),
    }
}

/// At most what one request carries.
const MAX_TEXT_BYTES: u8 = 250;

fn text_kind(address: &str, arguments: &[&str]) -> Result<Kind, Problem> {
    let (length, order) = match arguments {
        [length] | [length, "ab"] => (length, Order::Abcd),
        [length, "ba"] => (length, Order::Badc),
        [_, order, ..] => {
            return Err(malformed(address, format!("`{order}` is no byte order of a string")).hint("use `ab` or `ba`"));
        }
        [] => return Err(malformed(address, "say how many characters").hint("write it like `holding:20:string:16`")),
    };
    match length.parse::<u8>() {
        Ok(bytes) if (1..=MAX_TEXT_BYTES).contains(&bytes) => Ok(Kind::Text(bytes, order)),
        _ => Err(malformed(address, format!("`{length}` is no length of a string"))
            .hint(format!("1 to {MAX_TEXT_BYTES} characters, two per register"))),
    }
}

fn number_kind(address: &str, name: &str, arguments: &[&str]) -> Result<Kind, Problem> {
    let digits = name.len() - name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (family, bits) = name.split_at_checked(digits).unwrap_or((name, ""));
    let make: fn(u8, Order) -> Kind = match (family, bits) {
        ("int", "16" | "32" | "64") => Kind::Int,
        ("uint", "16" | "32" | "64") => Kind::Uint,
        ("float", "32" | "64") => Kind::Float,
        ("bcd", "16" | "32") => Kind::Bcd,
        _ => {
            return Err(malformed(address, format!("`{name}` is no type"))
                .hint("types are int16 uint16 int32 uint32 int64 uint64 float32 float64 bcd16 bcd32 bit:N string:N"));
        }
    };
    let bits: u8 = bits.parse().map_err(|_| malformed(address, "no such width"))?;
    match arguments {
        [] => Ok(make(bits, Order::Abcd)),
        [letters] => Order::parse(letters, bits).map(|order| make(bits, order)).ok_or_else(|| {
            malformed(address, format!("`{letters}` is no word order of {name}")).hint(match bits {
                16 => "use `ab` or `ba`",
                32 => "use `abcd`, `cdab`, `badc` or `dcba`",
                _ => "use `abcd`, `cdab`, `badc`, `dcba` or their eight letters",
            })
        }),
        [_, surplus, ..] => {
            Err(malformed(address, format!("`{surplus}` is too much")).hint("type and word order are the last parts"))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Address {
        text.parse().unwrap_or_else(|problem| panic!("{problem}"))
    }

    #[test]
    fn classic_numbers_count_from_one() {
        for (classic, plain) in [
            ("40101", "holding:100"),
            ("400101", "holding:100"),
            ("465536", "holding:65535"),
            ("40001:float32:cdab", "holding:0:float32:cdab"),
            ("30001:int16", "input:0:int16"),
            ("10001", "discrete:0"),
            ("00001", "coil:0"),
            ("000001", "coil:0"),
            ("40011:bit:3", "holding:10:bit:3"),
        ] {
            assert_eq!(parse(classic), parse(plain), "{classic}");
        }
    }

    #[test]
    fn word_orders_have_one_name_per_meaning() {
        assert_eq!(parse("holding:0:int64:ghefcdab"), parse("holding:0:int64:cdab"));
        assert_eq!(parse("holding:0:float64:hgfedcba"), parse("holding:0:float64:dcba"));
        assert_eq!(parse("holding:0"), parse("holding:0:uint16:ab"));
        assert_eq!(parse("holding:0:float32"), parse("holding:0:float32:abcd"));
    }

    #[test]
    fn a_wrong_address_says_what_to_write() {
        for (text, hint) in [
            ("", "holding:100"),
            ("holding", "like `holding:100`"),
            ("holding:x", "0 to 65535"),
            ("holding:-1", "0 to 65535"),
            ("register:1", "coil:0"),
            ("20001", "coil:0"),
            ("40000", "first one is 40001"),
            ("4000001", "coil:0"),
            ("465537", ""),
            ("holding:1:float16", "types are"),
            ("holding:1:float32:big", "`cdab`"),
            ("holding:1:int16:abcd", "`ba`"),
            ("holding:1:int32:cdab:x", "last parts"),
            ("holding:1:bit", "holding:10:bit:3"),
            ("holding:1:bit:16", "0 to 15"),
            ("holding:1:string", "string:16"),
            ("holding:1:string:0", "1 to 250"),
            ("holding:65535:float32", ""),
            ("coil:1:int16", "holding:10:bit:3"),
        ] {
            let problem = text.parse::<Address>().unwrap_err();
            assert!(problem.hint.contains(hint), "{text}: {problem}");
            assert_eq!(problem.code, "address.malformed");
        }
    }

    /// Any address that can be written.
    pub(crate) fn any_address() -> impl Strategy<Value = Address> {
        let order = prop::sample::select(vec![Order::Abcd, Order::Cdab, Order::Badc, Order::Dcba]);
        let narrow = prop::sample::select(vec![Order::Abcd, Order::Badc]);
        let register = prop_oneof![
            (0u8..16).prop_map(Kind::Bit),
            narrow.clone().prop_map(|order| Kind::Int(16, order)),
            narrow.clone().prop_map(|order| Kind::Uint(16, order)),
            narrow.clone().prop_map(|order| Kind::Bcd(16, order)),
            order.clone().prop_map(|order| Kind::Bcd(32, order)),
            (prop::sample::select(vec![32u8, 64]), order.clone()).prop_map(|(bits, order)| Kind::Float(bits, order)),
            (prop::sample::select(vec![32u8, 64]), order.clone()).prop_map(|(bits, order)| Kind::Int(bits, order)),
            (prop::sample::select(vec![32u8, 64]), order).prop_map(|(bits, order)| Kind::Uint(bits, order)),
            (1u8..=MAX_TEXT_BYTES, narrow).prop_map(|(bytes, order)| Kind::Text(bytes, order)),
        ];
        let table = prop::sample::select(vec![Table::Input, Table::Holding]);
        let bits = prop::sample::select(vec![Table::Coil, Table::Discrete]);
        prop_oneof![
            (table, 0u16..65400, register).prop_map(|(table, offset, kind)| Address { table, offset, kind }),
            (bits, any::<u16>()).prop_map(|(table, offset)| Address { table, offset, kind: Kind::Bool }),
        ]
    }

    proptest! {
        #[test]
        fn an_address_survives_being_written_and_read(address in any_address()) {
            prop_assert_eq!(parse(&address.to_string()), address);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,40}") {
            let _ = text.parse::<Address>();
            let _ = format!("holding:{text}").parse::<Address>();
        }
    }
}
