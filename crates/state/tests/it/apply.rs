//! The whole configuration as one document.

use config::SiteConfig;
use domain::Mode;
use state::{Act, ActError, Applied, Apply, NewBundle};

use crate::bench::{BUNDLE, Bench, both, bundle, deployment, site_from};

async fn apply(bench: &Bench, actor: &access::Actor, document: SiteConfig, dry_run: bool) -> Result<Applied, ActError> {
    apply_with(bench, actor, document, Vec::new(), dry_run).await
}

async fn apply_with(
    bench: &Bench,
    actor: &access::Actor,
    document: SiteConfig,
    bundles: Vec<NewBundle>,
    dry_run: bool,
) -> Result<Applied, ActError> {
    let asked = Apply { document, bundles, based_on: None, because: None, dry_run };
    bench.state.apply(actor, asked, bench.now()).await
}

fn with_deployments(deployments: &serde_json::Value) -> SiteConfig {
    site_from(&serde_json::json!({ "deployment": deployments }))
}

fn pump_7(mode: &str) -> serde_json::Value {
    serde_json::json!({
        "name": "pump-7-bearing", "place": "line-2/pump-7", "bundle": BUNDLE, "mode": mode,
        "map": {"vibration_de": "line-2/pump-7/vibration_de"}
    })
}

#[test]
fn what_is_applied_is_what_is_exported_and_applying_it_again_changes_nothing() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let document = with_deployments(&serde_json::json!([pump_7("advise"),]));
        let applied = apply(&bench, &owner, document.clone(), false).await.unwrap();
        assert!(applied.applied);
        assert!(!applied.differences.is_empty());
        let exported = bench.state.site_document().await.unwrap();
        assert_eq!(exported.config, document);
        assert_eq!(exported.head, applied.head);
        let again = apply(&bench, &owner, exported.config, false).await.unwrap();
        assert_eq!((again.applied, again.differences.len()), (false, 0));
    });
}

#[test]
fn a_dry_run_says_everything_and_changes_nothing() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let before = bench.kinds().await;
        let document = with_deployments(&serde_json::json!([pump_7("watch")]));
        let applied = apply(&bench, &owner, document, true).await.unwrap();
        assert!(!applied.applied && !applied.differences.is_empty());
        assert_eq!(bench.kinds().await, before);
        assert!(bench.state.deployments().await.unwrap().is_empty());
    });
}

#[test]
fn a_bundle_that_comes_along_is_judged_by_its_contract_and_added_in_the_same_transaction() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let digest = format!("sha256:{}", "c".repeat(64));
        let with = |changes: &[(&str, serde_json::Value)]| {
            let mut wanted = pump_7("watch");
            wanted["bundle"] = digest.as_str().into();
            for (key, value) in changes {
                wanted[*key] = value.clone();
            }
            with_deployments(&serde_json::json!([wanted]))
        };
        let come = || vec![bundle(&digest, "2.0.0")];
        let known = bench.state.bundles().await.unwrap();
        let would = apply_with(&bench, &owner, with(&[]), come(), true).await.unwrap();
        assert!(!would.applied);
        assert_eq!(would.differences[0], "Bundle pump-bearing 2.0.0 is new");
        assert_eq!(bench.state.bundles().await.unwrap(), known);
        let wrong = with(&[("tune", serde_json::json!({"advice_from": 99.0}))]);
        let problems = apply_with(&bench, &owner, wrong, come(), true).await.unwrap_err().problems();
        assert_eq!(problems.0[0].code, "tunable.outside-limits");
        let mut strict = with(&[]);
        strict.site.accept_unsigned = false;
        let problems = apply_with(&bench, &owner, strict, come(), true).await.unwrap_err().problems();
        assert_eq!(problems.0[0].code, "bundle.unsigned");
        let done = apply_with(&bench, &owner, with(&[]), come(), false).await.unwrap();
        assert_eq!(done.differences, would.differences);
        assert_eq!(bench.kinds().await[bench.kinds().await.len() - 2..], ["add-bundle", "deploy"]);
        let again = apply_with(&bench, &owner, with(&[]), come(), false).await.unwrap();
        assert_eq!((again.applied, again.differences.len()), (false, 0));
    });
}

#[test]
fn each_difference_is_an_act_with_its_own_entry_in_one_transaction() {
    both(|bench| async move {
        let owner = bench.ready().await;
        bench.act(&owner, Act::Deploy(deployment("old", "line-2/pump-7"))).await.unwrap();
        let mut document = with_deployments(&serde_json::json!([pump_7("advise")]));
        document.site.name = "Plant South".into();
        apply(&bench, &owner, document, false).await.unwrap();
        let kinds = bench.kinds().await;
        assert_eq!(kinds[kinds.len() - 3..], ["remove-deployment", "change-site", "deploy"]);
        let off = with_deployments(&serde_json::json!([pump_7("off")]));
        apply(&bench, &owner, off, false).await.unwrap();
        let mode = bench.state.deployment("pump-7-bearing").await.unwrap().unwrap().mode;
        assert_eq!(mode, Mode::Off);
        bench.state.verify_chain().await.unwrap().unwrap();
    });
}

#[test]
fn a_tag_may_go_together_with_the_model_that_needed_it() {
    both(|bench| async move {
        let owner = bench.ready().await;
        bench.act(&owner, Act::Deploy(deployment("old", "line-2/pump-7"))).await.unwrap();
        let bare = site_from(&serde_json::json!({"tag": []}));
        apply(&bench, &owner, bare, false).await.unwrap();
        assert!(bench.state.site_document().await.unwrap().config.tags.is_empty());
    });
}

#[test]
fn if_one_part_is_wrong_nothing_is_applied_and_all_problems_are_said() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let before = bench.state.site_document().await.unwrap();
        let mut second = pump_7("write");
        second["name"] = "second".into();
        second["place"] = "line-2/pump-8".into();
        second["tune"] = serde_json::json!({"advice_from": 99.0});
        let mut document = with_deployments(&serde_json::json!([pump_7("ask"), second]));
        document.site.name = "Plant South".into();
        let problems = apply(&bench, &owner, document, false).await.unwrap_err().problems();
        let codes: Vec<&str> = problems.0.iter().map(|problem| problem.code.as_str()).collect();
        assert_eq!(codes, ["deployment.mode-not-here", "deployment.mode-not-here", "tunable.outside-limits"]);
        assert_eq!(bench.state.site_document().await.unwrap(), before);
    });
}

#[test]
fn a_document_made_from_an_older_head_is_late() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let read = bench.state.site_document().await.unwrap();
        bench.act(&owner, Act::Deploy(deployment("pump-7-bearing", "line-2/pump-7"))).await.unwrap();
        let mut mine = read.config;
        mine.site.name = "Mine".into();
        let asked =
            Apply { document: mine, bundles: Vec::new(), based_on: Some(read.head), because: None, dry_run: false };
        let result = bench.state.apply(&owner, asked, bench.now()).await;
        assert!(matches!(result, Err(ActError::Conflict(_))));
    });
}

#[test]
fn a_bundle_that_is_only_a_file_has_to_be_brought_first() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let mut wanted = pump_7("advise");
        wanted["bundle"] = "bundles/pump-bearing.tar".into();
        let error = apply(&bench, &owner, with_deployments(&serde_json::json!([wanted])), true).await.unwrap_err();
        assert_eq!(error.problems().0[0].code, "bundle.not-here");
    });
}
