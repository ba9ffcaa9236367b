//! `apply`, `export`, `schema`, `mode`, `off`: an edge's configuration as one file, and how far its models may go.

use domain::{Problem, Problems};
use edge::site_file::{PackedBundle, SiteFile};
use serde_json::{Value, json};

use super::Ended;
use super::at::At;
use crate::args::{ApplyArgs, AtArgs};
use crate::out::{Exit, Out};

pub(super) async fn apply(args: ApplyArgs, out: Out) -> Ended {
    let name = args.file.display().to_string();
    let text = std::fs::read_to_string(&args.file).map_err(|error| {
        Problems::from(Problem::new("file.unreadable", name.clone(), format!("the file cannot be read: {error}")))
    })?;
    let folder = args.file.parent().unwrap_or(std::path::Path::new("."));
    // everything that can be found here is found before anything is sent
    let SiteFile { text, wanted, mut bundles } = edge::site_file::read(&text, folder, &name)?;
    let at = At::new(&args.at)?;
    let here: Value = at.get("bundles", &[]).await?;
    bundles.retain(|new| !here.as_array().into_iter().flatten().any(|one| one["digest"] == new.digest.as_str()));
    let body = json!({ "toml": text, "file": name, "dry_run": args.dry_run, "because": args.because });
    let applied: Value = if bundles.is_empty() {
        at.put("site", &body).await?
    } else {
        let contracts = bundles.iter().map(
            |PackedBundle { digest, contract, bytes }| json!({ "digest": digest, "contract": contract, "size": bytes.len() }),
        );
        let mut dry = body.clone();
        dry["dry_run"] = json!(true);
        dry["bundles"] = contracts.collect();
        // and everything that only the edge can find, before it keeps a bundle
        let mut judged: Value = at.put("site", &dry).await?;
        if !args.dry_run {
            accept_unsigned_first(&wanted, &at, &args.because).await?;
            for bundle in bundles {
                let _stored: Value = at.post_bytes("bundles", bundle.bytes).await?;
            }
            let applied: Value = at.put("site", &body).await?;
            (judged["applied"], judged["head"]) = (json!(true), applied["head"].clone());
        }
        judged
    };
    let differences: Vec<&str> =
        applied["differences"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let words = match (differences.is_empty(), args.dry_run) {
        (true, _) => "Nothing to change: the edge is as the file says.".to_owned(),
        (false, true) => format!("This would change:\n{}", differences.join("\n")),
        (false, false) => format!("Changed:\n{}", differences.join("\n")),
    };
    out.say(words, &applied);
    Ok(Exit::Ok)
}

/// Bundles come before the deployments that name them, and whether unsigned ones may come stands in the same file.
async fn accept_unsigned_first(wanted: &config::SiteConfig, at: &At, because: &str) -> Result<(), Problems> {
    let mut now: Value = at.get("site", &[]).await?;
    if !wanted.site.accept_unsigned || now["document"]["site"]["accept_unsigned"] == true {
        return Ok(());
    }
    now["document"]["site"]["accept_unsigned"] = json!(true);
    let body = json!({ "document": now["document"], "based_on": now["head"], "because": because });
    let _applied: Value = at.put("site", &body).await?;
    Ok(())
}

pub(super) async fn export(args: AtArgs, out: Out) -> Ended {
    let at = At::new(&args)?;
    if out.json {
        let document: Value = at.get("site", &[]).await?;
        out.json(&document);
    } else {
        let response = at.stream("site/toml", &[]).await?;
        let text = response.text().await;
        out.line(text.map_err(|error| Problem::new("edge.bad-answer", args.at, error.to_string()))?.trim_end());
    }
    Ok(Exit::Ok)
}

pub(super) fn schema(openapi: bool, sentences: bool, out: Out) -> Exit {
    if openapi {
        out.line(server::openapi().trim_end());
    } else if sentences {
        out.json(&domain::said::by_code());
    } else {
        out.json(&config::schema());
    }
    Exit::Ok
}

pub(super) async fn mode(deployment: &str, mode: &str, because: Option<String>, at: AtArgs, out: Out) -> Ended {
    let at = At::new(&at)?;
    let body = json!({ "mode": mode, "because": because });
    let done: Value = at.put(&format!("deployments/{deployment}/mode"), &body).await?;
    out.say(done["words"].as_str().unwrap_or_default(), &done);
    Ok(Exit::Ok)
}
