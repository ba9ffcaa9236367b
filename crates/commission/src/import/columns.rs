//! What a column of a list means: by its header in English or German, else by what stands in a cell.

use domain::Unit;
use drivers::modbus::{Address, Kind, Order, Table};

use super::data_type;
use super::number::{Comma, number, pair};
use crate::tag_check::units::is_nickname;

/// What a column or a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Column {
    Address,
    Name,
    Label,
    Unit,
    Type,
    Order,
    Table,
    Factor,
    Divisor,
    Offset,
    Range,
    Low,
    High,
    Access,
    Device,
}

impl Column {
    /// As the report names it; screens translate it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Name => "name",
            Self::Label => "description",
            Self::Unit => "unit",
            Self::Type => "type",
            Self::Order => "word order",
            Self::Table => "table",
            Self::Factor => "scale",
            Self::Divisor => "divisor",
            Self::Offset => "offset",
            Self::Range => "range",
            Self::Low => "lowest",
            Self::High => "highest",
            Self::Access => "access",
            Self::Device => "device",
        }
    }
}

/// Words of headers, without blanks, dots and dashes. Where a word has two meanings the cells decide nothing: the more
/// usual one stands here.
const HEADERS: [(Column, &[&str]); 15] = [
    (
        Column::Address,
        &[
            "address",
            "adresse",
            "addr",
            "register",
            "reg",
            "modbusaddress",
            "modbusadresse",
            "registeraddress",
            "registeradresse",
            "startaddress",
            "startadresse",
            "registernumber",
            "registernummer",
            "modbusregister",
            "mbaddress",
        ],
    ),
    (
        Column::Name,
        &[
            "name",
            "tag",
            "tagname",
            "bezeichnung",
            "signal",
            "signalname",
            "variable",
            "variablenname",
            "symbol",
            "messstelle",
            "point",
            "pointname",
            "datenpunkt",
            "parameter",
            "messwert",
            "benennung",
        ],
    ),
    (
        Column::Label,
        &["description", "beschreibung", "comment", "kommentar", "label", "text", "klartext", "remark", "bemerkung"],
    ),
    (
        Column::Unit,
        &["unit", "units", "einheit", "engunits", "engunit", "engineeringunit", "engineeringunits", "uom", "eu"],
    ),
    (Column::Type, &["type", "typ", "datatype", "datentyp", "format", "dataformat", "datenformat"]),
    (
        Column::Order,
        &["byteorder", "wordorder", "endian", "endianness", "bytereihenfolge", "wortreihenfolge", "swap", "order"],
    ),
    (
        Column::Table,
        &[
            "table",
            "area",
            "speicherbereich",
            "function",
            "functioncode",
            "fc",
            "funktion",
            "funktionscode",
            "registertype",
            "registertyp",
            "objecttype",
            "objekttyp",
        ],
    ),
    (
        Column::Factor,
        &[
            "scale",
            "factor",
            "faktor",
            "skalierung",
            "gain",
            "multiplier",
            "multiplikator",
            "scaling",
            "resolution",
            "auflösung",
        ],
    ),
    (Column::Divisor, &["divisor", "divide", "teiler"]),
    (Column::Offset, &["offset", "scaleoffset"]),
    (Column::Range, &["range", "messbereich", "wertebereich", "bereich", "valuerange"]),
    (Column::Low, &["min", "minimum", "low", "lo", "lower", "rangelow", "von", "untergrenze", "scaledlow", "minvalue"]),
    (
        Column::High,
        &["max", "maximum", "high", "hi", "upper", "rangehigh", "bis", "obergrenze", "scaledhigh", "maxvalue"],
    ),
    (Column::Access, &["access", "zugriff", "r/w", "rw", "read/write", "clientaccess"]),
    (Column::Device, &["device", "gerät", "slave", "slaveid", "unitid", "station", "deviceid", "modbusunit", "node"]),
];

/// The column of a header cell; none for a word that is not known.
pub(super) fn of_header(cell: &str) -> Option<Column> {
    let name: String = cell.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == '/').collect();
    HEADERS.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(column, _)| *column)
}

/// The columns of a header row, if the row is one: it names the address or the name, one thing more, and holds no address.
pub(super) fn header(cells: &[String]) -> Option<Vec<Option<Column>>> {
    let columns: Vec<Option<Column>> = cells.iter().map(|cell| of_header(cell)).collect();
    let known = columns.iter().flatten().count();
    let names = |wanted| columns.contains(&Some(wanted));
    let is_header = known >= 2 && names(Column::Address) && !cells.iter().any(|cell| cell.parse::<Address>().is_ok());
    is_header.then_some(columns)
}

/// What a cell without header looks like; none for words and for what is empty.
pub(super) fn of_cell(cell: &str, comma: Comma) -> Option<Column> {
    if looks_like_address(cell) {
        Some(Column::Address)
    } else if number(cell, comma).is_some() {
        Some(Column::Factor)
    } else if pair(cell, comma).is_some_and(|(_, rest)| rest.is_empty() || Unit::parse(rest).is_ok()) {
        Some(Column::Range)
    } else if data_type::kind(cell).is_some() {
        Some(Column::Type)
    } else if matches!(cell.len(), 4 | 8) && data_type::order(cell).is_some() {
        Some(Column::Order)
    } else if cell.len() > 1 && access(cell).is_some() {
        // one letter alone is rather a unit: W, R
        Some(Column::Access)
    } else if is_unit(cell) {
        Some(Column::Unit)
    } else {
        None
    }
}

/// An address that is one, or one that was meant to be: then the report can say what is wrong with it.
pub(super) fn looks_like_address(cell: &str) -> bool {
    let first = cell.split(':').next().unwrap_or_default();
    let named = cell.contains(':') && Table::ALL.iter().any(|table| table.name() == first.to_lowercase());
    named || cell.parse::<Address>().is_ok()
}

/// A unit as it stands alone in a cell. Plain words in braces and the number one are units to UCUM, and not to a list.
fn is_unit(cell: &str) -> bool {
    !cell.is_empty() && cell.len() <= 16 && !cell.starts_with('{') && (Unit::parse(cell).is_ok() || is_nickname(cell))
}

/// Whether it may be written there; none for other words.
pub(super) fn access(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "r/w" | "rw" | "read/write" | "w" | "wo" | "lesen/schreiben" => Some(true),
        "r" | "ro" | "r/o" | "read only" | "readonly" | "read" | "lesen" => Some(false),
        _ => None,
    }
}

/// A table by name, by function code or by the digit of the classic notation: `holding`, `Input Register`, `FC3`, `4x`.
pub(super) fn table(cell: &str) -> Option<Table> {
    let plain: String = cell.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    Some(match plain.trim_start_matches("fc").trim_start_matches('0') {
        "1" | "coil" | "coils" | "x" | "xxxx" | "outputcoil" => Table::Coil,
        "2" | "discrete" | "discreteinput" | "discreteinputs" | "1x" | "inputcoil" | "di" | "inputstatus" => {
            Table::Discrete
        }
        "4" | "input" | "inputregister" | "inputregisters" | "3x" | "ir" => Table::Input,
        "3" | "holding" | "holdingregister" | "holdingregisters" | "4x" | "hr" => Table::Holding,
        _ => return None,
    })
}

/// What is read at an address: as the address says, or as type and order say in columns of their own.
pub(super) fn with_type(address: Address, kind: Option<Kind>, order: Option<Order>) -> Option<Address> {
    let kind = match (address.table.is_bits(), kind) {
        (false, Some(kind)) if address.kind == Kind::Uint(16, Order::Abcd) => kind,
        _ => address.kind,
    };
    let kind = order.map_or(Some(kind), |order| data_type::with_order(kind, order))?;
    // a register is no single bit, whatever a list says
    let fits = address.table.is_bits() || kind != Kind::Bool;
    fits.then_some(Address { kind, ..address })
}
