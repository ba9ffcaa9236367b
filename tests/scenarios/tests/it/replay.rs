//! What an edge predicted from tags in other units than the model's, at several places and at one, comes out of `bundle run`
//! again to the last bit: from long and wide files, CSV and Parquet, by the deployment and by the files' own units.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scenarios::{Edge, Finished, Program, Replayed, Sample, eventually, python, say};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

const SOON: Duration = Duration::from_mins(1);
const PREDICTIONS: u64 = 90;

/// A sum in which each row and each signal weighs differently.
const MODEL: &str = r#"
import sys, numpy, onnx
from onnx import TensorProto, helper, numpy_helper
weights = numpy_helper.from_array(numpy.linspace(-1, 2, 20, dtype=numpy.float32).reshape(20, 1), "w")
nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["y"])]
ends = [helper.make_tensor_value_info(*end) for end in (("x", TensorProto.FLOAT, ["N", 5, 4]), ("y", TensorProto.FLOAT, ["N", 1]))]
graph = helper.make_graph(nodes, "sum", ends[:1], ends[1:], [weights])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
model.ir_version = 8
onnx.save(model, sys.argv[1])
"#;

/// Serial numbers look like numbers: `007` must stay what it is.
const CONTRACT: &str = r#"
format = 1
name = "sum"
version = "1.0.0"
title = { en = "Sum" }
model = "model.onnx"
[trigger]
kind = "every"
period = "200ms"
key = "batch"
[window]
length = "1s"
step = "200ms"
align = "linear"
[tensor]
input = "x"
layout = "window"
[[signal]]
name = "temperature"
title = { en = "Temperature" }
unit = "Cel"
max_gap = "5s"
[[signal]]
name = "pressure"
title = { en = "Pressure" }
unit = "kPa(g)"
max_gap = "5s"
[[signal]]
name = "level"
title = { en = "Level" }
unit = "%"
max_gap = "5s"
[[signal]]
name = "flow"
title = { en = "Flow" }
unit = "L/min"
max_gap = "5s"
[[signal]]
name = "batch"
title = { en = "Batch" }
type = "text"
role = "key"
max_gap = "1h"
[[condition]]
name = "seventh"
when = [{ signal = "batch", is = "007" }]
title = { en = "Batch 007" }
[[output]]
name = "score"
tensor = "y"
title = { en = "Score" }
[[tunable]]
name = "advice_from"
value = 1e9
min = -1e9
max = 1e9
title = { en = "Advice from" }
[decision]
kind = "advisory"
output = "score"
above = "advice_from"
title = { en = "{place}" }
"#;

/// The reactor and the separator of the chemical process, as instruments of three continents would send them.
const TAGS: [(&str, u16, &str, f64, f64); 7] = [
    ("line/reactor/temperature", 16, "K", 1.0, 273.15),
    ("line/reactor/pressure", 12, "bar(g)", 0.01, 0.0),
    ("line/reactor/level", 14, "1", 0.01, 0.0),
    ("line/separator/temperature", 20, "[degF]", 1.8, 32.0),
    ("line/separator/pressure", 24, "psig", 0.145_037_737_730_2, 0.0),
    ("line/separator/level", 22, "%", 1.0, 0.0),
    ("line/underflow", 32, "m3/h", 1.0, 0.0),
];

fn map(place: &str) -> Vec<(String, String)> {
    let own = ["temperature", "pressure", "level"].map(|name| (name.to_owned(), format!("line/{place}/{name}")));
    let shared = [("flow", "line/underflow"), ("batch", "line/batch")];
    own.into_iter().chain(shared.map(|(name, tag)| (name.to_owned(), tag.to_owned()))).collect()
}

fn toml_map(place: &str) -> String {
    map(place).iter().map(|(signal, tag)| format!("{signal} = \"{tag}\"")).collect::<Vec<_>>().join(", ")
}

fn site_toml(port: u64, bundle: &Path) -> String {
    let places =
        [("line", "Line", "line"), ("line/reactor", "Reactor", "cell"), ("line/separator", "Separator", "cell")];
    let places = places
        .map(|(path, name, level)| format!("[[place]]\npath = \"{path}\"\nname = \"{name}\"\nlevel = \"{level}\"\n"));
    let tags = TAGS.map(|(name, register, unit, factor, offset)| {
        format!(
            "[[tag]]\nname = \"{name}\"\ndevice = \"plc\"\naddress = \"holding:{register}:float32:cdab\"\nunit = \"{unit}\"\n\
             scale = {{ factor = {factor:?}, offset = {offset:?} }}\n"
        )
    });
    format!(
        "[site]\nname = \"Test\"\naccept_unsigned = true\n{}[[device]]\nname = \"plc\"\nplace = \"line\"\nperiod = \"100ms\"\n\
         url = \"modbus-tcp://127.0.0.1:{port}/1\"\n{}[[variable]]\nname = \"line/batch\"\ntype = \"text\"\n\
         [[deployment]]\nname = \"both\"\nbundle = \"{bundle}\"\nmode = \"advise\"\ntune = {{ advice_from = -1e9 }}\n\
         at = [{{ place = \"line/reactor\", map = {{ {} }} }}, {{ place = \"line/separator\", map = {{ {} }} }}]\n\
         [[deployment]]\nname = \"one\"\nplace = \"line\"\nbundle = \"{bundle}\"\nmode = \"watch\"\nmap = {{ {} }}\n",
        places.concat(),
        tags.concat(),
        toml_map("reactor"),
        toml_map("separator"),
        toml_map("separator"),
        bundle = bundle.display(),
    )
}

async fn packed(folder: &Path) -> Result<PathBuf> {
    let source = folder.join("sum");
    fs::create_dir(&source)?;
    fs::write(source.join("contract.toml"), CONTRACT)?;
    let mut make = Command::new(python());
    make.args(["-c", MODEL]).arg(source.join("model.onnx"));
    Finished::of(make, SOON).await?.good()?;
    let packed = folder.join("sum.tar");
    let pack = ["bundle".into(), "pack".into(), source, "--out".into(), packed.clone()];
    Finished::lastmile(&pack, SOON).await?.good()?;
    Ok(packed)
}

async fn run(bundle: &Path, file: &Path, options: &[&str]) -> Result<Replayed> {
    let (bundle, file) = (bundle.to_str().context("UTF-8")?, file.to_str().context("UTF-8")?);
    let arguments = [&["bundle", "run", bundle, "--samples", file], options].concat();
    Replayed::new(&Finished::lastmile(&arguments, SOON * 5).await?.good()?.stdout)
}

/// A process that moves, an edge that watches it, and what it predicted.
struct Watched {
    edge: Edge,
    _plant: Program,
    both: Vec<Sample>,
    one: Vec<Sample>,
}

async fn watched(folder: &Path, site: &Path, bundle: &Path) -> Result<Watched> {
    let mut plant = Program::peer("tep/plant.py", &["--speed", "120", "--seed", "7", "--hours", "60"])?;
    let ready: Value = serde_json::from_str(&plant.line_with("\"ready\"", SOON * 3).await?)?;
    fs::write(site, site_toml(ready.get("port").and_then(Value::as_u64).context("no port")?, bundle))?;
    let edge = Edge::start(&folder.join("data"), Some(site)).await?;
    // said by a person, and so good: a wide file has only what is good
    edge.http().put("/api/v1/variables/line%2Fbatch", &json!({ "value": "007", "because": "test" })).await?;
    edge.first_prediction(SOON).await?;
    eventually("predictions", SOON, || async { Ok((edge.synced("prediction").await? >= PREDICTIONS).then_some(())) })
        .await?;
    // a wide file knows nothing of the time before
    let since_the_first = |all: Vec<Sample>| all.into_iter().skip_while(|sample| sample.value.is_empty()).collect();
    let both = since_the_first(edge.history(&["line/reactor/sum/score", "line/separator/sum/score"]).await?);
    let one = since_the_first(edge.history(&["line/sum/score"]).await?);
    Ok(Watched { edge, _plant: plant, both, one })
}

#[tokio::test]
async fn predictions_from_converted_units_replay_equally_from_every_kind_of_file() -> Result<()> {
    let folder = TempDir::new()?;
    let (bundle, site) = (packed(folder.path()).await?, folder.path().join("site.toml"));
    let Watched { edge, _plant, both, one } = watched(folder.path(), &site, &bundle).await?;
    let site = site.to_str().context("UTF-8")?;
    let of_both = ["--site", site, "--deployment", "both"];
    let pairs: Vec<String> = map("separator").iter().map(|(signal, tag)| format!("{signal}={tag}")).collect();
    let by_pairs: Vec<&str> = pairs.iter().flat_map(|pair| ["--map", pair.as_str()]).collect();
    let tags: Vec<&str> = TAGS.iter().map(|(name, ..)| *name).chain(["line/batch"]).collect();
    let mut good = 0;
    for (layout, options) in [("long", &[][..]), ("wide", &["--wide"][..])] {
        for format in ["csv", "parquet"] {
            let file = folder.path().join(format!("{layout}.{format}"));
            edge.export(&tags, options, &file).await?;
            let what = || format!("{layout} {format}");
            let replayed = run(&bundle, &file, &of_both).await?;
            let tag = |_: &str, place: &str| format!("line/{}/sum/score", place.to_lowercase());
            good += replayed.equals(&both, tag).with_context(what)?;
            ensure!(replayed.raised() == 2, "{}: the tunable of the deployment was not used", what());
            // the same file without a word of the site: it says its units itself
            let replayed = run(&bundle, &file, &by_pairs).await?;
            good += replayed.equals(&one, |_, _| "line/sum/score".to_owned()).with_context(what)?;
            ensure!(replayed.raised() == 0, "{}: a tunable from nowhere", what());
        }
    }
    // columns under the names of signals need no mapping at all
    let named: Vec<&str> = pairs.iter().map(String::as_str).collect();
    let file = folder.path().join("named.csv");
    edge.export(&named, &["--wide"], &file).await?;
    run(&bundle, &file, &[]).await?.equals(&one, |_, _| "line/sum/score".to_owned()).context("named")?;
    say(&format!("replay: {} predictions, {good} good ones in eight replays, are equal", both.len() + one.len()));
    ensure!(good > 8 * 20, "only {good} good predictions in eight replays");
    edge.stop(SOON).await?;
    Ok(())
}
