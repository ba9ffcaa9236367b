//! The package of a model: contract, pack, check, golden data.
