//! May → check → effect and entry → notify.

use std::collections::BTreeMap;
use std::time::Duration;

use access::Actor;
use domain::{Mode, Value};
use state::{Act, ActError, DeploymentChange, SignIn};

use crate::bench::{
    BUNDLE, Bench, NEWER, PASSWORD, account, advisory, at, both, bundle, codes, deployment, site, site_from,
};

/// One act of every kind, in an order in which an owner can do all of them.
async fn one_of_each(bench: &Bench) -> Vec<Act> {
    let raised = advisory(bench, "line-2/pump-7");
    bench.state.raise_advisory(&raised).await.unwrap();
    let secret = |text: &str| state::Secret::new(text);
    vec![
        Act::AddAccount(account("bert")),
        Act::SignIn(SignIn::Password { name: "bert".into(), password: secret(PASSWORD) }),
        Act::SetPassword { name: "bert".into(), password: secret("another four words") },
        Act::MakeLoginCode { name: "bert".into() },
        Act::ChangeSite { config: Box::new(site()), based_on: None },
        Act::EnrolTerminal { name: "panel".into(), place: "line-2".parse().unwrap() },
        Act::AddBundle(Box::new(bundle(BUNDLE, "1.0.0"))),
        Act::Deploy(deployment("pump-7-bearing", "line-2/pump-7")),
        Act::ChangeDeployment(DeploymentChange {
            name: "pump-7-bearing".into(),
            tune: Some(BTreeMap::from([("advice_from".to_owned(), 2.0)])),
            ..DeploymentChange::default()
        }),
        Act::SetMode { name: "pump-7-bearing".into(), mode: Mode::Off },
        Act::RemoveDeployment { name: "pump-7-bearing".into() },
        Act::Acknowledge { advisory: raised.id },
        Act::SetVariable { name: "line-2/recipe".parse().unwrap(), value: text("rich") },
        Act::WriteBackup { history: false },
        Act::Restore { made: domain::Timestamp::from_millis(1) },
        Act::ReadNotice,
    ]
    .into_iter()
    .chain(enrolment_acts(bench).await)
    .collect()
}

/// What people do about boxes: one is let in and shut out again, one declined; an edge that spoke before has a copy.
async fn enrolment_acts(bench: &Bench) -> [Act; 5] {
    let hub = Actor::BOX;
    let edge = crate::enrolment::enrolled(bench, &hub, 1).await;
    crate::enrolment::two_boxes(bench, edge).await;
    let waits = |number| crate::enrolment::waits(bench, &hub, number);
    let (approved, declined) = (waits(2).await, waits(3).await);
    [
        Act::Claim { place: "leipzig/line-2".parse().unwrap() },
        Act::ApproveBox { key: approved.clone() },
        Act::DeclineBox { key: declined },
        Act::RevokeKey { key: approved },
        Act::ChooseBox { edge, epoch: 5 },
    ]
}

fn text(text: &str) -> Value {
    Value::Text(domain::Text::new(text).unwrap())
}

#[test]
fn every_kind_of_act_leaves_one_entry_and_none_is_forgotten_here() {
    both(|bench| async move {
        let owner = bench.owner().await;
        for act in one_of_each(&bench).await {
            let kind = act.kind();
            let before = bench.kinds().await.len();
            bench.act(&owner, act).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
            let after = bench.kinds().await;
            assert_eq!((after.len(), after.last().map(String::as_str)), (before + 1, Some(kind)));
        }
        let signed_in = bench.state.accounts().await.unwrap().len();
        assert_eq!(signed_in, 2);
        let mut seen = bench.kinds().await;
        seen.push("sign-out".to_owned()); // its own test is in signing_in.rs
        for kind in Act::KINDS {
            assert!(seen.iter().any(|seen| seen == kind), "no case for the act `{kind}`");
        }
        bench.state.verify_chain().await.unwrap().unwrap();
    });
}

#[test]
fn nobody_and_a_line_terminal_are_refused_what_is_not_theirs_and_nothing_changes() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let panel = bench.terminal(&owner, "line-2").await;
        let acts = one_of_each(&bench).await;
        let head = bench.kinds().await.len();
        for act in acts {
            let kind = act.kind();
            if kind == "sign-in" {
                continue;
            }
            let refused = |result: Result<state::Done, ActError>| matches!(result, Err(ActError::Refused(_)));
            assert!(refused(bench.act(&Actor::Nobody, act.clone()).await), "nobody may not {kind}");
            // these two are the terminal's own; here they miss what they act on, which is another answer
            if !matches!(kind, "acknowledge" | "set-mode") {
                assert!(refused(bench.act(&panel, act).await), "a terminal may not {kind}");
            }
        }
        assert_eq!(bench.kinds().await.len(), head);
    });
}

#[test]
fn a_line_terminal_switches_off_and_acknowledges_at_its_own_line_only() {
    both(|bench| async move {
        let owner = bench.ready().await;
        bench.act(&owner, Act::Deploy(deployment("pump-7-bearing", "line-2/pump-7"))).await.unwrap();
        let raised = advisory(&bench, "line-2/pump-7");
        bench.state.raise_advisory(&raised).await.unwrap();
        let elsewhere = bench.terminal(&owner, "line-2/pump-8").await;
        let off = || Act::SetMode { name: "pump-7-bearing".into(), mode: Mode::Off };
        let acknowledge = || Act::Acknowledge { advisory: raised.id };
        for act in [off(), acknowledge()] {
            let error = bench.act(&elsewhere, act).await.unwrap_err();
            let ActError::Refused(refused) = error else { panic!("{error}") };
            assert!(refused.why_not().ends_with("this terminal belongs to line-2/pump-8."), "{}", refused.why_not());
        }
        let panel = bench.terminal(&owner, "line-2").await;
        // without a reason: undo is quicker than do
        for act in [off(), acknowledge()] {
            bench.state.act(&panel, act, None, bench.now()).await.unwrap();
        }
        let mode = bench.state.deployment("pump-7-bearing").await.unwrap().unwrap().mode;
        assert_eq!(mode, Mode::Off);
        let watch = Act::SetMode { name: "pump-7-bearing".into(), mode: Mode::Watch };
        assert!(matches!(bench.act(&panel, watch).await, Err(ActError::Refused(_))));
        assert!(bench.state.advisory(raised.id).await.unwrap().unwrap().acknowledged.is_some());
    });
}

#[test]
fn raising_a_mode_needs_a_reason_and_says_so() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let act = Act::Deploy(deployment("pump-7-bearing", "line-2/pump-7"));
        for because in [None, Some("  ".to_owned())] {
            let result = bench.state.act(&owner, act.clone(), because, bench.now()).await;
            assert_eq!(codes(result), ["act.no-reason"]);
        }
        bench.act(&owner, act).await.unwrap();
        let ask = Act::SetMode { name: "pump-7-bearing".into(), mode: Mode::Ask };
        assert_eq!(codes(bench.act(&owner, ask).await), ["deployment.mode-not-here"]);
    });
}

#[test]
fn a_deployment_that_can_not_work_is_refused_with_all_its_problems() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let mut wrong = deployment("pump 7", "line-2/pump-7");
        wrong.at = vec![at("line-2/pump-9")];
        wrong.at[0].map.insert("speed".into(), "line-2/recipe".parse().unwrap());
        wrong.tune = BTreeMap::from([("advice_from".to_owned(), 9.0), ("colour".to_owned(), 1.0)]);
        let found = codes(bench.act(&owner, Act::Deploy(wrong)).await);
        let expected = [
            "deployment.bad-name",
            "deployment.unknown-place",
            "mapping.unknown-tag",
            "mapping.unknown-signal",
            "tunable.outside-limits",
            "tunable.unknown",
        ];
        assert_eq!(found, expected);
        let mut pressure = deployment("pump-7-bearing", "line-2/pump-7");
        pressure.at[0].map.insert("vibration_de".into(), "line-2/pump-7/pressure".parse().unwrap());
        assert_eq!(codes(bench.act(&owner, Act::Deploy(pressure)).await), ["mapping.wrong-unit"]);
        assert!(bench.state.deployments().await.unwrap().is_empty());
        assert_eq!(bench.kinds().await.last().map(String::as_str), Some("add-bundle"));
    });
}

#[test]
fn one_model_runs_once_at_a_place_because_its_tags_carry_its_name() {
    both(|bench| async move {
        let owner = bench.ready().await;
        bench.act(&owner, Act::Deploy(deployment("first", "line-2/pump-7"))).await.unwrap();
        let second = bench.act(&owner, Act::Deploy(deployment("second", "line-2/pump-7"))).await;
        assert_eq!(codes(second), ["deployment.same-output"]);
        bench.act(&owner, Act::Deploy(deployment("second", "line-2/pump-8"))).await.unwrap();
    });
}

#[test]
fn revisions_are_kept_and_go_on_counting_after_a_removal() {
    both(|bench| async move {
        let owner = bench.ready().await;
        bench.act(&owner, Act::AddBundle(Box::new(bundle(NEWER, "1.1.0")))).await.unwrap();
        bench.act(&owner, Act::Deploy(deployment("pump-7-bearing", "line-2/pump-7"))).await.unwrap();
        let change = |based_on| {
            Act::ChangeDeployment(DeploymentChange {
                name: "pump-7-bearing".into(),
                based_on: Some(based_on),
                bundle: Some(NEWER.into()),
                ..DeploymentChange::default()
            })
        };
        bench.act(&owner, change(1)).await.unwrap();
        assert_eq!(bench.newest_words().await, "anna changed pump-7-bearing: version 1.0.0 → 1.1.0");
        assert!(matches!(bench.act(&owner, change(1)).await, Err(ActError::Conflict(_))));
        bench.act(&owner, Act::RemoveDeployment { name: "pump-7-bearing".into() }).await.unwrap();
        assert_eq!(bench.state.deployment("pump-7-bearing").await.unwrap(), None);
        bench.act(&owner, Act::Deploy(deployment("pump-7-bearing", "line-2/pump-7"))).await.unwrap();
        let revisions = bench.state.revisions("pump-7-bearing").await.unwrap();
        let numbers: Vec<(i64, &str)> = revisions.iter().map(|one| (one.number, one.bundle.as_str())).collect();
        assert_eq!(numbers, [(3, BUNDLE), (2, NEWER), (1, BUNDLE)]);
    });
}

#[test]
fn a_tag_that_a_model_needs_can_not_be_removed() {
    both(|bench| async move {
        let owner = bench.ready().await;
        bench.act(&owner, Act::Deploy(deployment("pump-7-bearing", "line-2/pump-7"))).await.unwrap();
        let bare = site_from(&serde_json::json!({"tag": []}));
        let result = bench.act(&owner, Act::ChangeSite { config: Box::new(bare), based_on: None }).await;
        assert!(!codes(result).is_empty());
        assert_eq!(bench.state.site().await.unwrap().config.tags.len(), 3);
    });
}

#[test]
fn a_change_made_from_an_older_head_is_late_but_switching_off_meanwhile_is_no_conflict() {
    both(|bench| async move {
        let owner = bench.ready().await;
        bench.act(&owner, Act::Deploy(deployment("pump-7-bearing", "line-2/pump-7"))).await.unwrap();
        let seen = bench.state.site().await.unwrap().head;
        bench.act(&owner, Act::SetMode { name: "pump-7-bearing".into(), mode: Mode::Off }).await.unwrap();
        let renamed = |name: &str| {
            let mut config = site();
            config.site.name = name.to_owned();
            Act::ChangeSite { config: Box::new(config), based_on: Some(seen) }
        };
        bench.act(&owner, renamed("Plant South")).await.unwrap();
        assert!(matches!(bench.act(&owner, renamed("Plant East")).await, Err(ActError::Conflict(_))));
    });
}

#[test]
fn a_local_variable_takes_only_what_it_was_declared_for() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let set = |value| Act::SetVariable { name: "line-2/recipe".parse().unwrap(), value };
        assert_eq!(codes(bench.act(&owner, set(Value::Bool(true))).await), ["variable.wrong-type"]);
        assert_eq!(codes(bench.act(&owner, set(text("spicy"))).await), ["variable.not-an-option"]);
        bench.act(&owner, set(text("rich"))).await.unwrap();
        assert_eq!(bench.newest_words().await, "anna set line-2/recipe from base to rich");
        let values = bench.state.variables().await.unwrap();
        assert_eq!(values[0].value, text("rich"));
    });
}

#[test]
fn doing_what_is_done_already_is_no_change() {
    both(|bench| async move {
        let owner = bench.ready().await;
        bench.act(&owner, Act::Deploy(deployment("pump-7-bearing", "line-2/pump-7"))).await.unwrap();
        let head = bench.kinds().await.len();
        let same = [
            Act::AddBundle(Box::new(bundle(BUNDLE, "1.0.0"))),
            Act::SetMode { name: "pump-7-bearing".into(), mode: Mode::Advise },
            Act::ChangeSite { config: Box::new(site()), based_on: None },
        ];
        for act in same {
            let done = bench.act(&owner, act).await.unwrap();
            assert_eq!(usize::try_from(done.change).unwrap(), head);
        }
        assert_eq!(bench.kinds().await.len(), head);
    });
}

#[test]
fn an_act_that_has_begun_is_finished_and_told_although_whoever_asked_has_gone() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let mut changed = bench.state.changed();
        let head = changed.borrow_and_update().head;
        let act = Act::SetVariable { name: "line-2/recipe".parse().unwrap(), value: text("rich") };
        let asking = bench.act(&owner, act);
        // long enough to be begun, and then nobody waits for the answer
        drop(tokio::time::timeout(Duration::ZERO, asking).await);
        tokio::time::timeout(Duration::from_secs(10), changed.wait_for(|versions| versions.head == head + 1))
            .await
            .expect("the act is told")
            .unwrap();
        assert_eq!(bench.state.variables().await.unwrap().len(), 1);
    });
}

#[test]
fn acts_that_come_at_once_stand_in_one_unbroken_chain() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let head = i64::try_from(bench.kinds().await.len()).unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..20 {
            let (state, owner, now) = (bench.state.clone(), owner.clone(), bench.now());
            let value = if number % 2 == 0 { text("rich") } else { text("base") };
            let act = Act::SetVariable { name: "line-2/recipe".parse().unwrap(), value };
            tasks.spawn(async move { state.act(&owner, act, None, now).await.unwrap().change });
        }
        let mut numbers = tasks.join_all().await;
        numbers.sort_unstable();
        assert_eq!(numbers, (head + 1..=head + 20).collect::<Vec<i64>>());
        assert_eq!(bench.state.verify_chain().await.unwrap().unwrap().entries, head + 20);
        assert_eq!(bench.state.changed().borrow().head, head + 20);
    });
}

#[test]
fn on_a_disk_without_room_stopping_and_signing_in_work_and_everything_else_is_refused() {
    both(async |bench| {
        let owner = bench.ready().await;
        bench.act(&owner, Act::Deploy(deployment("pump-7-bearing", "line-2/pump-7"))).await.unwrap();
        if bench.database.is_some() {
            return; // its disk is another one
        }
        // where a folder lies, no file can be: the room cannot be kept
        let reserve = bench.folder.path().join("reserve");
        std::fs::remove_file(&reserve).unwrap();
        std::fs::create_dir(&reserve).unwrap();
        let bench = bench.reopen().await;
        let refused = bench.act(&owner, Act::AddAccount(account("bert"))).await.unwrap_err();
        let [problem] = refused.problems().0.try_into().unwrap();
        assert_eq!(problem.code, "disk.full");
        assert!(problem.hint.contains("Switching off"), "{problem}");
        let raised = advisory(&bench, "line-2/pump-7");
        bench.state.raise_advisory(&raised).await.unwrap();
        let secret = state::Secret::new(PASSWORD);
        bench
            .act(&Actor::Nobody, Act::SignIn(SignIn::Password { name: "anna".into(), password: secret }))
            .await
            .unwrap();
        bench.act(&owner, Act::Acknowledge { advisory: raised.id }).await.unwrap();
        bench.act(&owner, Act::SetMode { name: "pump-7-bearing".into(), mode: Mode::Off }).await.unwrap();
        std::fs::remove_dir(&reserve).unwrap();
        bench.act(&owner, Act::AddAccount(account("bert"))).await.unwrap();
        assert!(reserve.is_file(), "the room is kept again");
    });
}
