//! From a folder to one file. The same folder always gives the same bytes and the same digest.

use std::collections::BTreeMap;
use std::path::Path;

use domain::{Problem, Problems};

use crate::folder::{CONTRACT_FILE, Folder, check_folder, write_whole};
use crate::oci::{self, Descriptor, Index, Manifest};

/// A packed bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The bundle's digest, `sha256:...`: its manifest's.
    pub digest: String,
    /// Name of the contract.
    pub name: String,
    /// Version of the contract.
    pub version: String,
    /// The file.
    pub tar: Vec<u8>,
}

impl Packed {
    /// What the file is usually called: `pump-bearing-1.0.0.tar`.
    pub fn file_name(&self) -> String {
        format!("{}-{}.tar", self.name, self.version)
    }
}

/// Checks a folder and packs it.
pub fn pack(folder: &Path) -> Result<Packed, Problems> {
    pack_folder(&check_folder(folder)?).map_err(Problems::from)
}

/// Checks a folder, packs it and writes `file`. With any problem no file is written, and an old one stays.
pub fn pack_to(folder: &Path, file: &Path) -> Result<Packed, Problems> {
    let packed = pack(folder)?;
    write_whole(file, &packed.tar)?;
    Ok(packed)
}

fn pack_folder(folder: &Folder) -> Result<Packed, Problem> {
    let contract = &folder.contract;
    let mut blobs: BTreeMap<String, &[u8]> = BTreeMap::new();
    let mut layers = Vec::new();
    let golden = contract.golden.as_ref().zip(folder.golden_text.as_ref());
    let files = [
        (oci::CONTRACT, CONTRACT_FILE, folder.contract_text.as_bytes()),
        (oci::MODEL, contract.model.as_str(), folder.model.as_slice()),
    ];
    let golden = golden.map(|(golden, text)| (oci::GOLDEN, golden.file.as_str(), text.as_bytes()));
    for (media_type, name, bytes) in files.into_iter().chain(golden) {
        let layer = Descriptor::of(bytes, media_type, Some(name));
        blobs.insert(oci::blob_path(&layer.digest), bytes);
        layers.push(layer);
    }
    let manifest = json(&Manifest::new(layers, &contract.name, &contract.version))?;
    let pointer = Descriptor::of(&manifest, oci::MANIFEST, None);
    let digest = pointer.digest.clone();
    let index = json(&Index::of(pointer))?;
    blobs.insert(oci::blob_path(&digest), &manifest);
    blobs.insert(oci::blob_path(&oci::digest(oci::EMPTY_CONFIG)), oci::EMPTY_CONFIG);
    let head: [(String, &[u8]); 2] = [(oci::LAYOUT_FILE.to_owned(), oci::LAYOUT), (oci::INDEX_FILE.to_owned(), &index)];
    let tar = archive(head.into_iter().chain(blobs))?;
    Ok(Packed { digest, name: contract.name.clone(), version: contract.version.clone(), tar })
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| internal(&error.to_string()))
}

/// A tar in which nothing depends on the clock, the user or the disk.
fn archive<'a>(files: impl Iterator<Item = (String, &'a [u8])>) -> Result<Vec<u8>, Problem> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, path, bytes).map_err(|error| internal(&error.to_string()))?;
    }
    tar.into_inner().map_err(|error| internal(&error.to_string()))
}

fn internal(what: &str) -> Problem {
    Problem::new("bundle.cannot-pack", "bundle", format!("the bundle cannot be packed: {what}"))
        .hint("report this as a fault of lastmile")
}
