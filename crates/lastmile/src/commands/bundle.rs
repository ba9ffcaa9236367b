//! `lastmile bundle …`: the package of a model, from its folder to a replay through the live code.

mod replay;

use std::path::Path;
use std::sync::Arc;

use bundle::{Bundle, Contract, GoldenCase};
use domain::{Problem, Problems};
use inference::{ModelSource, Worker, WorkerSpec};
use serde_json::json;

use super::Ended;
use crate::args::BundleCommand;
use crate::out::{Exit, Out};

/// A bundle's parts, from a folder or a packed file.
pub(super) struct Parts {
    pub(super) contract: Arc<Contract>,
    pub(super) model: Vec<u8>,
    golden: Vec<GoldenCase>,
    /// Of a packed one.
    packed: Option<Bundle>,
}

pub(super) async fn run(command: BundleCommand, out: Out) -> Ended {
    match command {
        BundleCommand::New { folder } => {
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            bundle::new(&folder, &name)?;
            let words = format!("{} is ready to be filled in. Then: lastmile bundle check {0}", folder.display());
            out.say(words, &json!({ "folder": folder }));
            Ok(Exit::Ok)
        }
        BundleCommand::Check { bundle } => {
            let parts = open(&bundle)?;
            out.say(
                format!("{} {}: nothing is wrong.", parts.contract.name, parts.contract.version),
                &json!({ "ok": true, "name": parts.contract.name, "version": parts.contract.version }),
            );
            Ok(Exit::Ok)
        }
        BundleCommand::Pack { folder, out: file } => pack(&folder, file.as_deref(), out),
        BundleCommand::Show { bundle } => show(&bundle, out),
        BundleCommand::Test { bundle } => test(&bundle, out).await,
        BundleCommand::Run { bundle, samples, map, site, deployment, tune, from } => {
            let wanted = replay::Wanted { samples, map, site, deployment, tune, from };
            replay::run(&open(&bundle)?, wanted, out).await
        }
    }
}

/// Opens a folder or a packed file, with everything that is wrong with it.
pub(super) fn open(path: &Path) -> Result<Parts, Problems> {
    if path.is_dir() {
        let folder = bundle::check_folder(path)?;
        let (contract, model, golden) = (Arc::new(folder.contract), folder.model, folder.golden);
        return Ok(Parts { contract, model, golden, packed: None });
    }
    let packed = bundle::open(path)?;
    let (contract, model) = (Arc::new(packed.contract.clone()), packed.model.clone());
    Ok(Parts { contract, model, golden: packed.golden.clone(), packed: Some(packed) })
}

fn pack(folder: &Path, file: Option<&Path>, out: Out) -> Ended {
    let packed = bundle::pack(folder)?;
    let beside = folder.parent().unwrap_or(Path::new(".")).join(format!("{}-{}.tar", packed.name, packed.version));
    let file = file.unwrap_or(&beside);
    std::fs::write(file, &packed.tar).map_err(|error| {
        Problem::new("file.unwritable", file.display().to_string(), format!("the file cannot be written: {error}"))
    })?;
    let words = format!("{}\n{}", file.display(), packed.digest);
    out.say(words, &json!({ "file": file, "digest": packed.digest, "bytes": packed.tar.len() }));
    Ok(Exit::Ok)
}

fn show(path: &Path, out: Out) -> Ended {
    let parts = match open(path)? {
        Parts { packed: Some(packed), .. } => packed,
        Parts { .. } => bundle::open_bytes(&bundle::pack(path)?.tar, &path.display().to_string())?,
    };
    out.say(bundle::show(&parts), &bundle::show_json(&parts));
    Ok(Exit::Ok)
}

async fn test(path: &Path, out: Out) -> Ended {
    let parts = open(path)?;
    if parts.golden.is_empty() {
        let problem = Problem::new("golden.missing", path.display().to_string(), "the bundle has no golden data")
            .hint("write inputs with the outputs they gave where the model was made, and name the file under [golden]");
        return Err(problem.into());
    }
    let (mut worker, loaded) = load(&parts, path).await?;
    let results = inference::golden(&mut worker, &loaded, &parts.golden).await;
    worker.stop().await;
    let results = results?;
    let worst = results.iter().map(|result| result.worst).fold(0.0, f64::max);
    out.say(
        format!("{} golden cases reproduced here, the largest difference is {worst:e}.", parts.golden.len()),
        &json!({ "ok": true, "cases": parts.golden.len(), "worst": worst, "results": results }),
    );
    Ok(Exit::Ok)
}

/// A worker with the bundle's model in it.
pub(super) async fn load(parts: &Parts, path: &Path) -> Result<(Worker, inference::Loaded), Problems> {
    let mut worker = Worker::new(WorkerSpec::this_program(inference::library_path()?));
    let source = ModelSource::Bytes(parts.model.clone().into());
    let loaded = worker.load(source, None).await.map_err(|error| error.problem(&path.display().to_string()))?;
    Ok((worker, loaded))
}
