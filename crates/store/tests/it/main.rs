//! The store from outside: against a model, against power cuts, kills, damage and full disks.

mod damage;
mod files;
mod history;
mod kill;
mod model;
mod power;
mod support;
