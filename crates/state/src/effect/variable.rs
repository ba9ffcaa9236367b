//! Setting a local variable.

use access::{Action, Actor};
use config::SiteConfig;
use domain::{PlacePath, Problem, TagPath, Value};
use serde_json::json;

use crate::ActError;
use crate::act::Outcome;
use crate::db::variable::{self, VariableValue};
use crate::notify::Topic;
use crate::perform::{Changed, Effect, Work};

pub(super) async fn set(work: &mut Work<'_>, name: TagPath, value: Value) -> Result<Effect, ActError> {
    let place: PlacePath = name.place().parse().unwrap_or_default();
    let allowed = work.may(Action::SetVariable, &place)?;
    let site = work.state.site_in(work.sql).await?;
    let Some(declared) = site.config.variables.iter().find(|variable| variable.name == name) else {
        let problem =
            Problem::new("variable.unknown", name.to_string(), format!("There is no local variable `{name}`."));
        return Err(ActError::Missing(problem));
    };
    if let Actor::Outlet { name: outlet } = work.actor
        && !is_opened(&site.config, outlet, &name)
    {
        let what = format!("The local variable `{name}` is not opened to the outlet `{outlet}`.");
        return Err(Problem::new("variable.not-opened", name.to_string(), what)
            .hint("Write `write = true` at its register in site.toml.")
            .into());
    }
    let Some(value) = declared.value_type.coerce(&value) else {
        let what =
            format!("`{value}` is no value of type {}.", json!(declared.value_type).as_str().unwrap_or_default());
        return Err(Problem::new("variable.wrong-type", name.to_string(), what).into());
    };
    let options: Vec<Value> = declared.options.iter().filter_map(|option| declared.value_type.coerce(option)).collect();
    if !options.is_empty() && !options.contains(&value) {
        let names: Vec<String> = options.iter().map(ToString::to_string).collect();
        let what = format!("`{value}` is not one of its values.");
        return Err(Problem::new("variable.not-an-option", name.to_string(), what)
            .hint(format!("It takes {}.", names.join(", ")))
            .into());
    }
    if let (Some([low, high]), Some(number)) = (declared.range, value.as_f64())
        && !(low..=high).contains(&number)
    {
        let what = format!("`{value}` is outside {low} to {high}.");
        return Err(Problem::new("variable.out-of-range", name.to_string(), what).into());
    }
    let before = variable::get(work.sql, &name).await?.map(|before| before.value).or_else(|| declared.value.clone());
    let set_by = work.actor.reference();
    variable::set(work.sql, &VariableValue { name: name.clone(), value: value.clone(), at: work.now, set_by }).await?;
    Ok(Effect::Changed(Box::new(Changed {
        allowed,
        from: before.map(|before| json!({"value": before})),
        to: Some(json!({"variable": name, "value": value})),
        topics: vec![Topic::Variables],
        outcome: Outcome::Nothing,
        by: None,
    })))
}

/// Whether masters of this outlet may write the variable.
fn is_opened(config: &SiteConfig, outlet: &str, variable: &TagPath) -> bool {
    let mut outlets = config.outlets.iter().filter(|one| one.name == outlet);
    outlets.any(|one| one.registers.iter().any(|register| register.write && register.tag == *variable))
}
