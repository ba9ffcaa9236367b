//! A new bundle begins with a contract in which only the model is missing.

use bundle::{check_folder, new, open_bytes, pack, show};

#[test]
fn a_new_bundle_lacks_only_its_model() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("bearing");
    new(&folder, "bearing").unwrap_or_else(|problems| panic!("{problems}"));
    let problems = check_folder(&folder).expect_err("a bundle without a model was accepted");
    assert_eq!(problems.0.iter().map(|problem| problem.code.as_str()).collect::<Vec<_>>(), ["bundle.no-file"]);
    std::fs::write(folder.join("model.onnx"), "stands for a model").unwrap();
    let opened = open_bytes(&pack(&folder).unwrap().tar, "bearing.tar").unwrap();
    assert_eq!(opened.contract.name, "bearing");
    insta::assert_snapshot!(show(&opened).replace(&opened.digest, "DIGEST"));
}

#[test]
fn a_contract_that_is_there_already_is_never_overwritten() {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("contract.toml"), "mine").unwrap();
    assert_eq!(new(scratch.path(), "bearing").unwrap_err().0[0].code, "bundle.exists");
    assert_eq!(std::fs::read_to_string(scratch.path().join("contract.toml")).unwrap(), "mine");
}

#[test]
fn a_name_that_could_not_be_a_tag_makes_no_folder() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("x");
    assert!(new(&folder, "a name with \"quotes\"").is_err());
    assert!(!folder.exists());
}
