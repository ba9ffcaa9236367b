//! Five broken bundles: the whole text that a person reads is kept beside each of them.

use bundle::{check_folder, pack_to};

use crate::folder;

fn check(name: &str, at_least: usize) {
    let folder = folder("broken").join(name);
    let problems = check_folder(&folder).expect_err("a broken bundle was accepted");
    for problem in &problems.0 {
        assert!(
            problem.code.split_once('.').is_some_and(|(noun, cause)| !noun.is_empty() && !cause.is_empty()),
            "{problem}"
        );
        assert!(!problem.place.is_empty() && !problem.what.is_empty() && !problem.hint.is_empty(), "{problem}");
    }
    let text = problems.to_string().replace(&*folder.to_string_lossy(), "FOLDER");
    assert!(problems.0.len() >= at_least, "{} of {at_least} problems\n{text}", problems.0.len());
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("packed.tar");
    assert_eq!(pack_to(&folder, &file).expect_err("a broken bundle was packed"), problems);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "something was written");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("printed", text));
}

#[test]
fn slips_of_the_finger_are_all_shown_with_what_was_meant() {
    check("typing", 18);
}

#[test]
fn names_that_clash_or_lead_nowhere_are_all_shown() {
    check("names", 13);
}

#[test]
fn numbers_that_cannot_be_are_all_shown() {
    check("numbers", 15);
}

#[test]
fn contracts_that_make_no_sense_together_show_every_contradiction() {
    check("logic", 18);
}

#[test]
fn a_missing_model_and_golden_data_of_another_shape_are_shown_with_the_contract() {
    check("files", 5);
}
