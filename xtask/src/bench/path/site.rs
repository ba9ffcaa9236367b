//! The configurations that the path bench gives to lastmile.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::rig::Rig;

/// Tags in a block that go into the model, and those of one judgement.
const VALUES: u32 = 96;
const GROUP: u32 = 16;

/// One device of `blocks` blocks, a deployment mapped over all groups of 16 tags, and a message per judgement.
pub(super) fn messages(rig: &Rig, blocks: u32, history: bool) -> Result<PathBuf> {
    let mut text = head(history);
    for block in 0..blocks {
        device(&mut text, &format!("b{block}"), rig.plant_port(0), block);
    }
    let _ = write!(text, "[[deployment]]\nname = \"mlp\"\nbundle = \"{}\"\nmode = \"watch\"\n", rig.bundle().display());
    for block in 0..blocks {
        for group in 0..VALUES / GROUP {
            let signals = (0..GROUP).map(|signal| format!("t{signal} = \"b{block}/t{}\"", group * GROUP + signal));
            let _ = write!(
                text,
                "[[deployment.at]]\nplace = \"b{block}-g{group}\"\nmap = {{ {} }}\n",
                signals.collect::<Vec<_>>().join(", ")
            );
        }
    }
    let _ = write!(
        text,
        "[[outlet]]\nname = \"broker\"\nurl = \"mqtt://127.0.0.1:{}\"\n[[outlet.message]]\n\
         each = {{ b = \"0 to {}\", g = \"0 to {}\" }}\non = \"b{{b}}-g{{g}}/mlp/score\"\ntopic = \"bench/{{b}}/{{g}}\"\n\
         payload = '{{\"b\":{{b}},\"g\":{{g}},\"c\":{{b{{b}}/change}},\"s\":{{b{{b}}/serve}},\"y\":{{b{{b}}-g{{g}}/mlp/score}}}}'\n",
        rig.broker_port(),
        blocks - 1,
        VALUES / GROUP - 1,
    );
    for block in 0..blocks {
        for group in 0..VALUES / GROUP {
            let _ =
                write!(text, "[[place]]\npath = \"b{block}-g{group}\"\nname = \"{block}.{group}\"\nlevel = \"cell\"\n");
        }
    }
    write_to(rig, &text)
}

/// Several controllers with `blocks` blocks each, and nothing but reading (and keeping).
pub(super) fn many(rig: &Rig, plants: usize, blocks: u32, history: bool) -> Result<PathBuf> {
    let mut text = head(history);
    for plant in 0..plants {
        for block in 0..blocks {
            device(&mut text, &format!("d{plant}-b{block}"), rig.plant_port(plant), block);
        }
    }
    write_to(rig, &text)
}

fn head(history: bool) -> String {
    format!("[site]\nname = \"Bench\"\naccept_unsigned = true\n[history]\non = {history}\n")
}

/// One block: a device of its own, a unit behind the same connection, so that each block is a scan of its own. (The simulated
/// controller answers as any unit.)
fn device(text: &mut String, name: &str, port: u16, block: u32) {
    let unit = block + 1;
    let _ = write!(
        text,
        "[[place]]\npath = \"{name}\"\nname = \"{name}\"\nlevel = \"line\"\n[[device]]\nname = \"{name}\"\nplace = \"{name}\"\n\
         url = \"modbus-tcp://127.0.0.1:{port}/{unit}\"\nperiod = \"1s\"\nbudget = {{ requests_per_second = 10000.0 }}\n"
    );
    let start = block * 100;
    let mut tag = |tag: &str, address: String, scale: &str| {
        let _ = write!(text, "[[tag]]\nname = \"{name}/{tag}\"\ndevice = \"{name}\"\naddress = \"{address}\"\n{scale}");
    };
    tag("change", format!("holding:{start}:uint32"), "");
    tag("serve", format!("holding:{}:uint32", start + 2), "");
    for value in 0..VALUES {
        let scale = "scale = { factor = 0.00048828125, offset = -1.0 }\n";
        tag(&format!("t{value}"), format!("holding:{}:uint16", start + 4 + value), scale);
    }
}

fn write_to(rig: &Rig, text: &str) -> Result<PathBuf> {
    let file = rig.folder().join("site.toml");
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}
