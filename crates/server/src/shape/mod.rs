//! From what the state and the ports say to what the interface says. No I/O beyond loading a [`Scene`].

mod advisory;
mod bundle;
mod change;
mod deployment;
mod edge;
mod scene;
mod tag;

pub(crate) use advisory::advisory;
pub(crate) use bundle::{bundle, bundle_detail};
pub(crate) use change::{change, is_about_people, mark};
pub(crate) use deployment::{deployment, deployment_detail, place, place_of};
pub(crate) use edge::edges;
pub(crate) use scene::Scene;
pub(crate) use tag::{Tags, reading};

use crate::api::common::QualityClass;

pub(crate) fn class(quality: domain::Quality) -> QualityClass {
    match quality.class() {
        domain::QualityClass::Good => QualityClass::Good,
        domain::QualityClass::Uncertain => QualityClass::Uncertain,
        domain::QualityClass::Bad => QualityClass::Bad,
    }
}
