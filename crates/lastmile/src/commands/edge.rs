//! `lastmile edge` and `lastmile doctor`.

use domain::Problems;
use edge::{EdgeOptions, Joining};
use serde_json::json;

use super::{Ended, asked_to_stop};
use crate::args::{DoctorArgs, EdgeArgs};
use crate::out::{Exit, Out};

pub(super) async fn run(args: EdgeArgs, out: Out) -> Ended {
    let joining = Joining { hub: args.hub.clone(), claim: args.claim.clone(), ca: args.hub_ca.clone() };
    let options = EdgeOptions { data: args.data.clone(), listen: args.listen, worker: None, extra: None, joining };
    let running = edge::start(options).await.map_err(Problems::from)?;
    if let Some(site) = &args.site {
        running.apply_file(site).await?;
    }
    let url = format!("http://{}", running.address);
    let setup = running.state.set_up_code();
    let first = setup.as_ref().map(|code| format!("\nFirst start: open {url}/?code={code} to make the owner."));
    out.say(
        format!("lastmile edge is ready: {url}{}", first.unwrap_or_default()),
        &json!({ "event": "ready", "url": url, "data": args.data, "set_up_code": setup }),
    );
    asked_to_stop().await;
    running.stop().await;
    Ok(Exit::Ok)
}

pub(super) fn doctor(args: &DoctorArgs, out: Out) -> Exit {
    let lines = edge::doctor::look(&args.data);
    let mut exit = Exit::Ok;
    for line in &lines {
        let state = serde_json::to_value(line.state).unwrap_or_default();
        let state = state.as_str().unwrap_or_default().to_owned();
        let hint = if line.hint.is_empty() { String::new() } else { format!("\n      hint: {}", line.hint) };
        out.say(format!("{state:>5}  {}{hint}", line.words), line);
        if state == "wrong" {
            exit = Exit::Finding;
        }
    }
    exit
}
