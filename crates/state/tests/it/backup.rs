//! A copy that is taken while the state goes on, and the state that begins again on it.

use std::sync::Arc;

use access::Actor;
use domain::{Mode, Timestamp};
use state::{Act, Options, Outcome, Restored, SignIn, State, StateError};

use crate::bench::{Bench, Counting, account, both, deployment};

const MADE: Timestamp = Timestamp::from_millis(1_763_800_000_000);

/// The copy as the state of another folder.
async fn opened(bench: &Bench) -> (tempfile::TempDir, State) {
    let folder = tempfile::tempdir().unwrap();
    bench.state.copy_to(&folder.path().join("state.sqlite")).await.unwrap();
    let options = Options {
        folder: folder.path().to_owned(),
        database: None,
        ids: Arc::new(Counting::default()),
        addresses: Arc::new(config::AnyAddress),
    };
    let state = State::open(options, bench.now()).await.unwrap();
    (folder, state)
}

#[test]
fn a_restored_state_has_everything_but_sessions_and_goes_on_in_one_chain() {
    both(|bench| async move {
        let owner = bench.ready().await;
        bench.act(&owner, Act::Deploy(deployment("pump-7", "line-2/pump-7"))).await.unwrap();
        let Outcome::Code(code) = bench.act(&owner, Act::MakeLoginCode { name: "anna".into() }).await.unwrap().outcome
        else {
            panic!("a code")
        };
        if bench.database.is_some() {
            let elsewhere = bench.state.copy_to(&bench.folder.path().join("copy")).await;
            assert!(matches!(elsewhere, Err(StateError::Elsewhere)));
            return;
        }
        let (_folder, copy) = opened(&bench).await;
        let head = bench.kinds().await.len();
        // what is changed after the copy is not in it
        bench.act(&owner, Act::SetMode { name: "pump-7".into(), mode: Mode::Off }).await.unwrap();

        let done = copy.act(&Actor::BOX, Act::Restore { made: MADE }, None, bench.now()).await.unwrap();
        assert_eq!(done.words, "restored this edge from a backup of 2025-11-22T08:26:40Z");
        assert_eq!(done.change, i64::try_from(head).unwrap() + 1);
        assert!(copy.verify_chain().await.unwrap().is_ok());
        assert_eq!(copy.node(), bench.state.node());
        assert_eq!(
            copy.site_document().await.unwrap().config.devices,
            bench.state.site().await.unwrap().config.devices
        );
        assert_eq!(copy.deployments().await.unwrap()[0].mode, Mode::Advise);
        let spent = copy.act(&Actor::Nobody, Act::SignIn(SignIn::Code(code.code)), None, bench.now()).await;
        assert!(spent.is_err(), "codes of the old box are useless");
        copy.close().await;
    });
}

#[test]
fn every_session_ends_with_a_restore() {
    both(|bench| async move {
        let act = Act::FirstOwner { code: None, account: account("anna") };
        let Outcome::Session(session) = bench.act(&Actor::BOX, act).await.unwrap().outcome else { panic!("a session") };
        assert!(bench.actor(&session.token).await.is_some());
        let token = bench.state.cli_token_file(bench.now()).await.unwrap();
        let token = std::fs::read_to_string(token).unwrap();
        bench.act(&Actor::BOX, Act::Restore { made: MADE }).await.unwrap();
        assert!(bench.actor(&session.token).await.is_none());
        assert!(bench.state.signed_in(token.trim(), bench.now()).await.unwrap().is_none());
    });
}

#[test]
fn a_restore_is_told_until_a_person_has_read_it() {
    both(|bench| async move {
        let owner = bench.ready().await;
        assert_eq!(bench.state.restored().await.unwrap(), None);
        assert_eq!(bench.state.last_backup().await.unwrap(), None);
        bench.act(&owner, Act::ReadNotice).await.unwrap();
        bench.act(&Actor::BOX, Act::Restore { made: MADE }).await.unwrap();
        let Restored { made, lowered, .. } = bench.state.restored().await.unwrap().unwrap();
        assert_eq!((made, lowered.len()), (MADE, 0));
        assert_eq!(bench.state.last_backup().await.unwrap(), Some(MADE));
        let terminal = bench.terminal(&owner, "line-2").await;
        assert!(bench.act(&terminal, Act::ReadNotice).await.is_err());
        assert!(bench.act(&terminal, Act::WriteBackup { history: true }).await.is_err());
        bench.act(&owner, Act::ReadNotice).await.unwrap();
        assert_eq!(bench.state.restored().await.unwrap(), None);
        let done = bench.act(&owner, Act::WriteBackup { history: true }).await.unwrap();
        assert_eq!(done.words, "gave out a backup with history");
        assert!(bench.state.last_backup().await.unwrap() > Some(MADE));
    });
}
