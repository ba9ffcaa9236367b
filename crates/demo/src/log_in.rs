//! The demonstration's owner: a random password, and a link that signs in once.

use access::{Actor, Role};
use domain::{Problem, Problems};
use edge::Edge;
use serde::Serialize;
use state::{Act, NewAccount, Outcome, Secret};

/// The owner's name.
const NAME: &str = "demo";

/// How to sign in.
#[derive(Clone, Debug, Serialize)]
pub struct LogIn {
    /// The account.
    pub name: String,
    /// Its password, new at every start.
    pub password: String,
    /// Opens the screen signed in; works once.
    pub link: String,
}

/// Makes the owner, or gives it a new password, and a link.
pub(crate) async fn first_owner(edge: &Edge) -> Result<LogIn, Problems> {
    let password = password();
    let secret = Secret::new(password.clone());
    let act = if edge.state.has_owner().await.map_err(|error| error.problem())? {
        Act::SetPassword { name: NAME.to_owned(), password: secret }
    } else {
        let account = NewAccount {
            name: NAME.to_owned(),
            label: "Demo owner".to_owned(),
            role: Role::Owner,
            password: Some(secret),
        };
        Act::FirstOwner { code: None, account }
    };
    edge.act(&Actor::BOX, act, None).await?;
    let made = edge.act(&Actor::BOX, Act::MakeLoginCode { name: NAME.to_owned() }, None).await?;
    let Outcome::Code(code) = made.outcome else {
        return Err(Problem::new("demo.no-link", "the demonstration", "no link could be made").into());
    };
    let link = format!("http://{}/sign-in?code={}", edge.address, code.code.reveal());
    Ok(LogIn { name: NAME.to_owned(), password, link })
}

/// Four groups of four letters and digits that cannot be mistaken for each other.
fn password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let random: [u8; 16] = rand::random();
    let letters = random.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
    let letters: Vec<char> = letters.collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}
