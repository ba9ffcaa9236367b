//! Golden data must have the shape that the contract makes.

use bundle::{check_folder, check_golden};

use crate::{folder, valid};

fn said(text: &str) -> String {
    let problems = check_golden(text, "golden.json", &valid()).expect_err("wrong golden data was accepted");
    assert!(problems.0.iter().all(|problem| !problem.hint.is_empty()));
    problems.0.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_valid_folder_has_its_cases() {
    let read = check_folder(&folder("valid")).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(read.golden.len(), 2);
    assert!((read.golden[1].tolerance - 1e-4).abs() < f64::EPSILON);
}

#[test]
fn everything_wrong_with_a_case_is_said_at_once() {
    let text = r#"[{
        "inputs": {"x": {"shape": [1, 5], "data": [1, 2, 3, 4]}, "y": {"shape": [1], "data": [0]}},
        "outputs": {"score": {"shape": [1, 1], "data": [0.5]}}, "tolerance": -1
    }, {"inputs": {}, "outputs": {}}]"#;
    insta::assert_snapshot!(said(text), @r#"
    golden.json case 1: the tolerance is -1
    golden.json case 1: input `x` has the shape [1, 5] and 4 elements
    golden.json case 1: the input `y` is none that the contract feeds
    golden.json case 1: input `x` has the shape [1, 5], but the contract makes [N, 4]: 4 features
    golden.json case 1: output `life` is column 1 of `score`, which has 1
    golden.json case 2: there is no input `x`
    golden.json case 2: there is no output to compare
    "#);
}

#[test]
fn text_that_is_no_golden_data_is_refused_with_its_line() {
    insta::assert_snapshot!(said("[\n {\"inputs\": 3}]"), @"golden.json:2:13: this is not golden data: invalid type: integer `3`, expected a map");
    insta::assert_snapshot!(said("[]"), @"golden.json: the file holds no case");
    insta::assert_snapshot!(said(""), @"golden.json:1:1: this is not golden data: EOF while parsing a value");
}
