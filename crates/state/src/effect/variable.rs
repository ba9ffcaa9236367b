//! Setting a local variable.

use access::{Action, Actor};
use config::SiteConfig;
use domain::said::act as said;
use domain::{PlacePath, TagPath, Value};
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
        let problem = said::VARIABLE_UNKNOWN.problem(name.to_string(), [("name", name.to_string().into())]);
        return Err(ActError::Missing(problem));
    };
    if let Actor::Outlet { name: outlet } = work.actor
        && !is_opened(&site.config, outlet, &name)
    {
        let args = [("name", name.to_string().into()), ("outlet", outlet.as_str().into())];
        return Err(said::VARIABLE_NOT_OPENED.problem(name.to_string(), args).into());
    }
    let Some(value) = declared.value_type.coerce(&value) else {
        let wanted = json!(declared.value_type).as_str().unwrap_or_default().into();
        let args = [("value", value.to_string().into()), ("wanted", wanted)];
        return Err(said::VARIABLE_TYPE.problem(name.to_string(), args).into());
    };
    let options: Vec<Value> = declared.options.iter().filter_map(|option| declared.value_type.coerce(option)).collect();
    if !options.is_empty() && !options.contains(&value) {
        let names: Vec<String> = options.iter().map(ToString::to_string).collect();
        let args = [("value", value.to_string().into()), ("options", names.join(", ").into())];
        return Err(said::VARIABLE_OPTION.problem(name.to_string(), args).into());
    }
    if let (Some([low, high]), Some(number)) = (declared.range, value.as_f64())
        && !(low..=high).contains(&number)
    {
        let args = [("value", number.into()), ("low", low.into()), ("high", high.into())];
        return Err(said::VARIABLE_RANGE.problem(name.to_string(), args).into());
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
