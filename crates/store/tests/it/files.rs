//! Sample files written and read by others: pandas, and what people mistype.
