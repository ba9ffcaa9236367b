//! The table of roles and actions, and the three questions that are asked of it.

use domain::said::access as said;
use domain::{Arg, PlacePath, Problem, Said};

use crate::{Action, ActionGroup, Actor, Holder, Role};

/// Proof that an action was allowed at a place. Only [`may`] makes one, so that no effect can be written without asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    action: Action,
    place: PlacePath,
}

impl Allowed {
    /// What was allowed.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Where.
    pub fn place(&self) -> &PlacePath {
        &self.place
    }
}

/// An action that is not allowed, with all that is needed to say why and who could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    action: Action,
    place: PlacePath,
    reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    /// Nobody is signed in.
    NobodyThere,
    /// The role does not hold this action anywhere.
    Role(Role),
    /// The role holds it, but not here.
    Elsewhere(PlacePath),
}

impl Refused {
    /// What was refused.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Where.
    pub fn place(&self) -> &PlacePath {
        &self.place
    }

    /// True when signing in could change the answer.
    pub fn nobody_there(&self) -> bool {
        self.reason == Reason::NobodyThere
    }

    /// The sentence: "You can't deploy this: an owner has to."
    pub fn said(&self) -> Said {
        let action = Arg::from(&self.action.sentence());
        let reason = match &self.reason {
            Reason::NobodyThere => return said::NOBODY_THERE.say([("action", action)]),
            Reason::Elsewhere(place) => said::ELSEWHERE.say([("place", place.to_string().into())]),
            Reason::Role(_) if holds(Role::LineTerminal, self.action) => {
                said::HAS_TO.say([("role", (&said::OWNER_OR_TERMINAL).into())])
            }
            Reason::Role(_) => said::HAS_TO.say([("role", (&said::OWNER).into())]),
        };
        said::REFUSED.say([("action", action), ("reason", reason.into())])
    }

    /// The sentence in English.
    pub fn why_not(&self) -> String {
        self.said().words()
    }

    /// The same as a problem, `access.refused` or `session.missing`.
    pub fn problem(&self) -> Problem {
        self.said().problem(place_words(&self.place))
    }
}

/// May this actor do this here? The one question; every act and every route asks it.
pub fn may(actor: &Actor, action: Action, place: &PlacePath) -> Result<Allowed, Refused> {
    let refused = |reason| Err(Refused { action, place: place.clone(), reason });
    if action.group() == ActionGroup::Open {
        return Ok(Allowed { action, place: place.clone() });
    }
    // which variables are opened to it is the site's configuration; the effect of the act looks there
    if matches!(actor, Actor::Outlet { .. }) && action == Action::SetVariable {
        return Ok(Allowed { action, place: place.clone() });
    }
    let Some((role, at)) = actor.holds() else { return refused(Reason::NobodyThere) };
    if !holds(role, action) {
        return refused(Reason::Role(role));
    }
    if !at.contains(place.as_str()) {
        return refused(Reason::Elsewhere(at));
    }
    Ok(Allowed { action, place: place.clone() })
}

/// The sentence when they may not, else none.
pub fn why_not(actor: &Actor, action: Action, place: &PlacePath) -> Option<String> {
    may(actor, action, place).err().map(|refused| refused.why_not())
}

/// Of these people and terminals, those who could do it here.
pub fn who_could<'a>(
    action: Action,
    place: &'a PlacePath,
    holders: &'a [Holder],
) -> impl Iterator<Item = &'a Holder> + 'a {
    holders.iter().filter(move |holder| holds(holder.role, action) && holder.place.contains(place.as_str()))
}

/// The table.
fn holds(role: Role, action: Action) -> bool {
    match role {
        Role::Owner => true,
        Role::LineTerminal => matches!(
            action,
            Action::Health | Action::SignIn | Action::SignOut | Action::See | Action::Acknowledge | Action::SwitchOff
        ),
    }
}

fn place_words(place: &PlacePath) -> String {
    if place.as_str().is_empty() { "the site".to_owned() } else { place.to_string() }
}

#[cfg(test)]
mod tests {
    use domain::{Id, Timestamp};

    use super::*;
    use crate::Authority;

    fn owner() -> Actor {
        let account = Id::new(Timestamp::from_millis(1), &[1; 10]);
        Actor::Person { account, name: "anna".into(), role: Role::Owner, authority: Authority::Session }
    }

    fn terminal(place: &str) -> Actor {
        let terminal = Id::new(Timestamp::from_millis(2), &[2; 10]);
        Actor::Terminal { terminal, name: "panel".into(), place: place.parse().unwrap() }
    }

    fn at(place: &str) -> PlacePath {
        place.parse().unwrap()
    }

    #[test]
    fn an_owner_may_do_everything_everywhere() {
        for action in Action::ALL {
            assert!(may(&owner(), action, &at("line-2/pump-7")).is_ok(), "{action}");
        }
    }

    #[test]
    fn without_a_session_there_is_health_and_the_way_in_and_nothing_else() {
        let open: Vec<Action> =
            Action::ALL.into_iter().filter(|action| may(&Actor::Nobody, *action, &at("")).is_ok()).collect();
        assert_eq!(open, [Action::Health, Action::SignIn, Action::FirstRun]);
    }

    #[test]
    fn a_line_terminal_stops_and_acknowledges_at_its_place_and_nowhere_else() {
        let panel = terminal("line-2");
        for action in [Action::See, Action::Acknowledge, Action::SwitchOff] {
            assert!(may(&panel, action, &at("line-2/pump-7")).is_ok(), "{action}");
            assert!(may(&panel, action, &at("line-20")).is_err(), "{action}");
            assert!(may(&panel, action, &at("")).is_err(), "{action}");
        }
        let more: Vec<Action> = Action::ALL
            .into_iter()
            .filter(|action| action.group() == ActionGroup::Closed)
            .filter(|action| may(&panel, *action, &at("line-2")).is_ok())
            .collect();
        assert_eq!(more, [Action::SignOut, Action::See, Action::SwitchOff, Action::Acknowledge]);
    }

    #[test]
    fn whoever_writes_through_an_outlet_sets_local_variables_and_nothing_else() {
        let scada = Actor::Outlet { name: "scada".into() };
        let closed = Action::ALL.into_iter().filter(|action| action.group() == ActionGroup::Closed);
        let allowed: Vec<Action> = closed.filter(|action| may(&scada, *action, &at("line-2")).is_ok()).collect();
        assert_eq!(allowed, [Action::SetVariable]);
    }

    #[test]
    fn a_refusal_is_a_sentence_that_says_who_has_to() {
        let sentence = why_not(&terminal("line-2"), Action::Deploy, &at("line-2")).unwrap();
        assert_eq!(sentence, "You can't deploy this: an owner has to.");
        let sentence = why_not(&terminal("line-2"), Action::SwitchOff, &at("line-3")).unwrap();
        assert_eq!(sentence, "You can't switch this model off: this terminal belongs to line-2.");
        let sentence = why_not(&Actor::Nobody, Action::See, &at("")).unwrap();
        assert_eq!(sentence, "You can't see this: nobody is signed in here. Sign in first.");
        assert_eq!(why_not(&owner(), Action::Deploy, &at("")), None);
    }

    #[test]
    fn who_could_names_those_whose_role_and_place_fit() {
        let holders = [
            Holder { name: "anna".into(), role: Role::Owner, place: PlacePath::site() },
            Holder { name: "panel 2".into(), role: Role::LineTerminal, place: at("line-2") },
            Holder { name: "panel 3".into(), role: Role::LineTerminal, place: at("line-3") },
        ];
        let names = |action| -> Vec<String> {
            who_could(action, &at("line-2/pump-7"), &holders).map(|holder| holder.name.clone()).collect()
        };
        assert_eq!(names(Action::SwitchOff), ["anna", "panel 2"]);
        assert_eq!(names(Action::Deploy), ["anna"]);
    }

    #[test]
    fn names_on_the_wire_are_the_ones_serde_writes_and_are_unique() {
        let mut names: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Action::ALL.len());
        assert_eq!(Role::from_name("line-terminal"), Some(Role::LineTerminal));
    }
}
