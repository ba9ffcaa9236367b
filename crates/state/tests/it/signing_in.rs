//! First run, passwords, codes, sessions, the token file.

use std::time::Duration;

use access::{Actor, Authority};
use state::{Act, ActError, Outcome, Secret, SignIn};

use crate::bench::{Bench, PASSWORD, account, both, codes, exposed};

async fn sign_in(bench: &Bench, name: &str, password: &str) -> Result<state::NewSession, ActError> {
    let act = Act::SignIn(SignIn::Password { name: name.into(), password: Secret::new(password) });
    match bench.act(&Actor::Nobody, act).await?.outcome {
        Outcome::Session(session) => Ok(session),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_owner_is_made_once_with_the_set_up_code() {
    both(|bench| async move {
        let code = bench.state.set_up_code().expect("there is no owner yet");
        let first = |code: &str| Act::FirstOwner { code: Some(Secret::new(code)), account: account("anna") };
        assert_eq!(codes(bench.act(&Actor::Nobody, first("AAAA-AAAA")).await), ["first-run.wrong-code"]);
        let done = bench.act(&Actor::Nobody, first(&code.to_lowercase())).await.unwrap();
        assert_eq!(done.words, "set this edge up and made the first owner, anna");
        assert_eq!(bench.state.set_up_code(), None);
        assert_eq!(codes(bench.act(&Actor::Nobody, first(&code)).await), ["first-run.done"]);
        let bench = bench.reopen().await;
        assert_eq!(bench.state.set_up_code(), None);
        sign_in(&bench, "anna", PASSWORD).await.unwrap();
    });
}

#[test]
fn a_short_password_is_refused_and_no_account_is_made() {
    both(|bench| async move {
        let mut short = account("anna");
        short.password = Some(Secret::new("123456789"));
        let act = Act::FirstOwner { code: None, account: short };
        assert_eq!(codes(bench.act(&Actor::BOX, act).await), ["password.too-short"]);
        assert!(!bench.state.has_owner().await.unwrap());
    });
}

#[test]
fn a_wrong_password_opens_nothing_and_guessing_gets_slower() {
    both(|bench| async move {
        bench.owner().await;
        for _ in 0..5 {
            let error = sign_in(&bench, "anna", "wrong password").await.unwrap_err();
            assert!(matches!(error, ActError::NotProved(_)), "{error}");
        }
        let error = sign_in(&bench, "anna", PASSWORD).await.unwrap_err();
        assert!(matches!(error, ActError::TooMany { wait, .. } if wait <= Duration::from_secs(1)), "{error}");
        assert_eq!(bench.kinds().await, ["first-owner"]);
    });
}

#[test]
fn a_session_is_known_until_it_is_signed_out_or_twelve_hours_old() {
    both(|bench| async move {
        bench.owner().await;
        let session = sign_in(&bench, "anna", PASSWORD).await.unwrap();
        let actor = bench.actor(&session.token).await.expect("signed in");
        assert_eq!((actor.name(), actor.authority()), ("anna", Authority::Session));
        bench.act(&actor, Act::SignOut { session: session.id }).await.unwrap();
        assert_eq!(bench.actor(&session.token).await, None);
        assert_eq!(bench.newest_words().await, "anna signed out");
        let session = sign_in(&bench, "anna", PASSWORD).await.unwrap();
        bench.pass(Duration::from_hours(12));
        assert_eq!(bench.actor(&session.token).await, None);
    });
}

#[test]
fn a_session_survives_a_restart_and_its_token_is_nowhere_in_the_files() {
    both(|bench| async move {
        bench.owner().await;
        let session = sign_in(&bench, "anna", PASSWORD).await.unwrap();
        let bench = bench.reopen().await;
        assert!(bench.actor(&session.token).await.is_some());
        let token = exposed(&session.token);
        for entry in std::fs::read_dir(bench.folder.path()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
            let bytes = std::fs::read(entry.path()).unwrap();
            let found = bytes.windows(token.len()).any(|window| window == token.as_bytes());
            assert!(!found, "{} holds the token", entry.path().display());
        }
    });
}

#[test]
fn setting_a_password_ends_the_sessions_it_opened() {
    both(|bench| async move {
        let owner = bench.owner().await;
        let session = sign_in(&bench, "anna", PASSWORD).await.unwrap();
        let act = Act::SetPassword { name: "anna".into(), password: Secret::new("quite another one") };
        bench.act(&owner, act).await.unwrap();
        assert_eq!(bench.actor(&session.token).await, None);
        assert!(sign_in(&bench, "anna", PASSWORD).await.is_err());
        sign_in(&bench, "anna", "quite another one").await.unwrap();
    });
}

#[test]
fn a_one_time_code_works_once_and_for_an_hour() {
    both(|bench| async move {
        let owner = bench.owner().await;
        let code = async || match bench.act(&owner, Act::MakeLoginCode { name: "anna".into() }).await.unwrap().outcome {
            Outcome::Code(code) => code.code,
            other => panic!("{other:?}"),
        };
        let spend = async |code: Secret| bench.act(&Actor::Nobody, Act::SignIn(SignIn::Code(code))).await;
        let first = code().await;
        spend(first.clone()).await.unwrap();
        assert_eq!(codes(spend(first).await), ["session.wrong-code"]);
        let late = code().await;
        bench.pass(Duration::from_mins(61));
        assert_eq!(codes(spend(late).await), ["session.wrong-code"]);
    });
}

#[test]
fn the_token_file_is_private_and_acts_as_the_box_then_as_the_first_owner() {
    both(|bench| async move {
        let path = bench.state.cli_token_file(bench.now()).await.unwrap();
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).unwrap());
            assert_eq!(mode & 0o777, 0o600);
        }
        let token = Secret::new(std::fs::read_to_string(&path).unwrap().trim());
        let actor = bench.actor(&token).await.unwrap();
        assert_eq!(actor, Actor::Box { authority: Authority::TokenFile });
        bench.owner().await;
        let actor = bench.actor(&token).await.unwrap();
        assert_eq!((actor.name(), actor.authority()), ("anna", Authority::TokenFile));
        // still good at the next start, and replaced when the database does not know it
        let bench = bench.reopen().await;
        bench.state.cli_token_file(bench.now()).await.unwrap();
        assert!(bench.actor(&token).await.is_some());
        std::fs::write(&path, "someone else's").unwrap();
        bench.state.cli_token_file(bench.now()).await.unwrap();
        assert_eq!(bench.actor(&token).await, None);
    });
}

#[test]
fn a_line_terminal_is_one_browser_at_a_known_place() {
    both(|bench| async move {
        let owner = bench.ready().await;
        let act = Act::EnrolTerminal { name: "panel".into(), place: "line-9".parse().unwrap() };
        assert_eq!(codes(bench.act(&owner, act).await), ["place.unknown"]);
        let panel = bench.terminal(&owner, "line-2").await;
        assert_eq!((panel.name(), panel.authority()), ("panel-line-2", Authority::Terminal));
        let again = bench.terminal(&owner, "line-2").await;
        assert_eq!(again.reference(), panel.reference());
        assert_eq!(bench.state.terminals().await.unwrap().len(), 1);
    });
}
