//! Packing and opening: the same folder gives the same bytes, and altered bytes give words.

use bundle::{Bundle, check_folder, open, open_bytes, pack, pack_to, unpack};

use crate::folder;

fn packed() -> bundle::Packed {
    pack(&folder("valid")).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn the_same_folder_always_gives_the_same_bytes() {
    let first = packed();
    assert_eq!(first, packed());
    // written down: a new digest of an unchanged folder would be a new bundle on every edge
    assert_eq!(first.digest, "sha256:84cb16d59f84a762cc0c76526433734272c9ff5dfd50f0e13590507f33356780");
    assert_eq!(first.file_name(), "pump-bearing-1.0.0.tar");
}

#[test]
fn the_bundle_of_the_pump_station_has_no_problem() {
    let example = folder("../../../../examples/pump-station/bundle");
    pack(&example).unwrap_or_else(|problems| panic!("{problems}"));
}

#[test]
fn a_bundle_comes_back_from_disk_as_it_was() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("b.tar");
    let packed = pack_to(&folder("valid"), &file).unwrap();
    let opened = open(&file).unwrap_or_else(|problems| panic!("{problems}"));
    let read = check_folder(&folder("valid")).unwrap();
    assert_eq!((opened.digest, opened.contract, opened.model), (packed.digest, read.contract, read.model));
    assert_eq!((opened.golden, opened.golden_text), (read.golden, read.golden_text));
}

#[test]
fn a_bundle_is_unpacked_once_by_its_digest_and_again_when_somebody_touched_it() {
    let cache = tempfile::tempdir().unwrap();
    let bundle: Bundle = open_bytes(&packed().tar, "b.tar").unwrap();
    let at = unpack(&bundle, cache.path()).unwrap();
    assert!(at.ends_with(bundle.digest.replace(':', "-")));
    assert_eq!(check_folder(&at).unwrap().model, bundle.model);
    std::fs::write(at.join("model.onnx"), "another model").unwrap();
    assert_eq!(unpack(&bundle, cache.path()).unwrap(), at);
    assert_eq!(std::fs::read(at.join("model.onnx")).unwrap(), bundle.model);
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1, "something was left behind");
}

/// The files of a packed bundle, to be put together again in another way.
fn entries(tar: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(tar);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        std::io::copy(&mut entry, &mut bytes).unwrap();
        (entry.path().unwrap().to_string_lossy().into_owned(), bytes)
    };
    archive.entries().unwrap().map(read).collect()
}

fn tar_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_ustar();
        // written by hand: the builder refuses paths that lead out of the archive
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        builder.append(&header, bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn refused(files: &[(String, Vec<u8>)]) -> String {
    let problems = open_bytes(&tar_of(files), "b.tar").expect_err("an altered bundle was opened");
    assert!(problems.0.iter().all(|problem| !problem.hint.is_empty()), "{problems}");
    problems.0.iter().map(|problem| format!("{} {}", problem.code, problem.what)).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_altered_model_is_recognised_by_its_digest() {
    let mut files = entries(&packed().tar);
    let model = files.iter_mut().find(|(_, bytes)| bytes == b"stands for a model").unwrap();
    model.1 = b"stands for a MODEL".to_vec();
    assert!(refused(&files).starts_with("bundle.wrong-digest model.onnx was altered"));
}

#[test]
fn an_altered_contract_is_recognised_by_its_digest() {
    let mut files = entries(&packed().tar);
    let contract = files.iter_mut().find(|(_, bytes)| bytes.starts_with(b"# Every key")).unwrap();
    contract.1.extend(b"\n");
    assert!(refused(&files).starts_with("bundle.wrong-digest contract.toml was altered"));
}

#[test]
fn what_is_missing_is_named() {
    let files = entries(&packed().tar);
    for missing in 0..files.len() {
        let mut rest = files.clone();
        let (path, _) = rest.remove(missing);
        // the empty config is there for other tools; nothing of ours depends on it
        if !path.ends_with("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a") {
            assert!(refused(&rest).contains(&path), "{path}");
        }
    }
}

#[test]
fn paths_that_lead_elsewhere_and_files_that_do_not_belong_are_refused_together() {
    let mut files = entries(&packed().tar);
    files.push(("../../etc/passwd".to_owned(), b"x".to_vec()));
    files.push(("/etc/shadow".to_owned(), b"x".to_vec()));
    files.push(("blobs/sha256/../../x".to_owned(), b"x".to_vec()));
    let said = refused(&files);
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(said.contains("`../../etc/passwd` does not belong into a bundle"));
}

#[test]
fn two_bundles_in_one_file_are_refused() {
    let mut files = entries(&packed().tar);
    let index = files.iter_mut().find(|(path, _)| path == "index.json").unwrap();
    let mut json: serde_json::Value = serde_json::from_slice(&index.1).unwrap();
    let again = json["manifests"][0].clone();
    json["manifests"].as_array_mut().unwrap().push(again);
    index.1 = serde_json::to_vec(&json).unwrap();
    assert!(refused(&files).contains("2 bundles instead of one"));
}

#[test]
fn links_devices_and_endless_lists_are_refused() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "index.json", "/etc/passwd").unwrap();
    let problems = open_bytes(&builder.into_inner().unwrap(), "b.tar").unwrap_err();
    assert!(problems.to_string().contains("does not belong"));
    let many: Vec<_> = (0..100).map(|_| ("oci-layout".to_owned(), Vec::new())).collect();
    assert!(open_bytes(&tar_of(&many), "b.tar").is_err());
}

#[test]
fn a_file_cut_off_anywhere_gives_words() {
    let tar = packed().tar;
    for length in (0..tar.len() - 1024).step_by(97) {
        let problems = open_bytes(&tar[..length], "b.tar").expect_err("half a bundle was opened");
        assert!(problems.0.iter().all(|problem| problem.place == "b.tar" && !problem.hint.is_empty()), "{problems}");
    }
}

#[test]
fn a_file_that_is_not_there_is_said_with_its_path() {
    let problems = open(std::path::Path::new("/nowhere/x.tar")).unwrap_err();
    assert_eq!(problems.0[0].what, "there is no file `/nowhere/x.tar`");
}
