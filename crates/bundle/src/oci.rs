//! The parts of the OCI image format (image-spec 1.1) that a bundle is made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) const ARTIFACT: &str = "application/vnd.lastmile.bundle.v1";
pub(crate) const CONTRACT: &str = "application/vnd.lastmile.contract.v1+toml";
pub(crate) const MODEL: &str = "application/vnd.lastmile.model.v1+onnx";
pub(crate) const GOLDEN: &str = "application/vnd.lastmile.golden.v1+json";
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
pub(crate) const TITLE: &str = "org.opencontainers.image.title";
pub(crate) const VERSION: &str = "org.opencontainers.image.version";
/// The config that artifacts without one have (image-spec 1.1, manifest.md "Guidance for an Empty Descriptor").
pub(crate) const EMPTY_CONFIG: &[u8] = b"{}";
pub(crate) const LAYOUT_FILE: &str = "oci-layout";
pub(crate) const LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
pub(crate) const INDEX_FILE: &str = "index.json";

/// A pointer to a blob.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: String,
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Descriptor {
    pub(crate) fn of(bytes: &[u8], media_type: &str, title: Option<&str>) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: digest(bytes),
            size: bytes.len() as u64,
            artifact_type: None,
            annotations: title.map(|title| (TITLE.to_owned(), title.to_owned())).into_iter().collect(),
        }
    }
}

/// What a bundle holds. Its bytes' digest is the bundle's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    pub(crate) schema_version: u32,
    pub(crate) media_type: String,
    pub(crate) artifact_type: String,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Manifest {
    pub(crate) fn new(layers: Vec<Descriptor>, name: &str, version: &str) -> Self {
        Self {
            schema_version: 2,
            media_type: MANIFEST.to_owned(),
            artifact_type: ARTIFACT.to_owned(),
            config: Descriptor::of(EMPTY_CONFIG, EMPTY, None),
            layers,
            annotations: [(TITLE.to_owned(), name.to_owned()), (VERSION.to_owned(), version.to_owned())].into(),
        }
    }
}

/// What a layout holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    pub(crate) schema_version: u32,
    #[serde(default)]
    pub(crate) media_type: String,
    pub(crate) manifests: Vec<Descriptor>,
}

impl Index {
    pub(crate) fn of(manifest: Descriptor) -> Self {
        let manifest = Descriptor { artifact_type: Some(ARTIFACT.to_owned()), ..manifest };
        Self { schema_version: 2, media_type: INDEX.to_owned(), manifests: vec![manifest] }
    }
}

/// `sha256:` and 64 hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        // writing into a String cannot fail
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

/// Where a blob lies in a layout.
pub(crate) fn blob_path(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}
