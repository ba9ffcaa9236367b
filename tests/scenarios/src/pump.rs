//! The trained bundle of the pump station on registers that hold their own address: constant, and a pump that runs well.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{Finished, workspace};

/// What the deployment predicts.
pub const SCORE: &str = "line/pump-bearing/score";

/// Signal, register = its raw value, factor, unit.
const SIGNALS: [(&str, u16, f64, &str); 8] = [
    ("vibration_de", 2600, 0.001, "mm/s"),
    ("vibration_nde", 1900, 0.001, "mm/s"),
    ("bearing_temperature", 560, 0.1, "Cel"),
    ("motor_current", 1750, 0.01, "A"),
    ("speed", 1480, 1.0, "/min"),
    ("feed_outflow", 420, 0.1, "m3/h"),
    ("state", 2, 1.0, "1"),
    ("product", 1, 1.0, "1"),
];

/// Packs the bundle with its contract changed, for tests that cannot wait as long as a plant does.
pub async fn packed_pump_with(folder: &Path, change: impl Fn(&str) -> String) -> Result<PathBuf> {
    let (source, copy) = (workspace().join("examples/pump-station/bundle"), folder.join("bundle"));
    std::fs::create_dir_all(&copy)?;
    for file in std::fs::read_dir(&source)? {
        let file = file?;
        std::fs::copy(file.path(), copy.join(file.file_name()))?;
    }
    let contract = copy.join("contract.toml");
    std::fs::write(&contract, change(&std::fs::read_to_string(&contract)?))?;
    pack(copy, folder).await
}

/// Packs `examples/pump-station/bundle` into this folder.
pub async fn packed_pump(folder: &Path) -> Result<PathBuf> {
    pack(workspace().join("examples/pump-station/bundle"), folder).await
}

async fn pack(source: PathBuf, folder: &Path) -> Result<PathBuf> {
    let packed = folder.join("pump-bearing.tar");
    let arguments = ["bundle".into(), "pack".into(), source, "--out".into(), packed.clone()];
    Finished::lastmile(&arguments, Duration::from_mins(1)).await?.good()?;
    Ok(packed)
}

/// A site.toml with the device `plc` at a port, the pump's tags `line/…` read each second, and the deployment `pump`.
/// More tags, devices and tables may be added behind it.
pub fn pump_site(port: u16, bundle: &Path) -> Result<String> {
    let tags = SIGNALS.iter().map(|(name, register, factor, unit)| {
        format!(
            "[[tag]]\nname = \"line/{name}\"\ndevice = \"plc\"\naddress = \"holding:{register}:uint16\"\nperiod = \"1s\"\n\
             scale = {{ factor = {factor:?}, offset = 0.0 }}\nunit = \"{unit}\"\n"
        )
    });
    let map: Vec<String> = SIGNALS.iter().map(|(name, ..)| format!("{name} = \"line/{name}\"")).collect();
    let bundle = bundle.to_str().context("a path in UTF-8")?;
    Ok(format!(
        "[site]\nname = \"Test\"\naccept_unsigned = true\n[[place]]\npath = \"line\"\nname = \"Line\"\nlevel = \"line\"\n\
         [[device]]\nname = \"plc\"\nurl = \"modbus-tcp://127.0.0.1:{port}/1\"\nplace = \"line\"\nperiod = \"250ms\"\n\
         [[deployment]]\nname = \"pump\"\nplace = \"line\"\nbundle = \"{bundle}\"\nmode = \"advise\"\nmap = {{ {} }}\n{}",
        map.join(", "),
        tags.collect::<String>(),
    ))
}
