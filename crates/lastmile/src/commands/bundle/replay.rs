//! x
pub(super) struct Wanted {
    pub(super) samples: std::path::PathBuf,
    pub(super) map: Vec<String>,
    pub(super) tune: Vec<String>,
    pub(super) from: Option<String>,
}
pub(super) async fn run(_parts: &super::Parts, _wanted: Wanted, _out: crate::out::Out) -> super::Ended {
    todo!()
}
