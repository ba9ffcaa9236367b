//! What the path bench runs on: a broker, simulated controllers, a meter, Node-RED and lastmile, all on loopback.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::bench::programs;
use crate::paths;
use crate::setup::{self, For};
use crate::shell::{Stopwatch, find_program, run, run_logged, say};
use crate::stamp::Stamp;

/// See the module. The broker lives as long as the rig.
pub(super) struct Rig {
    folder: PathBuf,
    lastmile: PathBuf,
    bundle: PathBuf,
    broker: RefCell<Child>,
    broker_port: u16,
    plant_ports: Vec<u16>,
    /// Where the lastmile that runs now listens.
    address: RefCell<String>,
}

/// Controllers that run; they end when dropped.
pub(super) struct Plants(Vec<Child>);

impl Drop for Plants {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(end);
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        end(self.broker.get_mut());
    }
}

/// Ends a program of ours and waits until it is gone.
pub(super) fn end(child: &mut Child) {
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    let clock = Stopwatch::start();
    while clock.elapsed() < Duration::from_secs(10) {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
}

impl Rig {
    /// Installs and builds what is missing, and starts the broker.
    pub(super) fn set_up() -> Result<Self> {
        setup::run(For::Test, &[])?;
        setup::for_bench(&[("mosquitto", "/usr/sbin/mosquitto"), ("libmosquitto-dev", "/usr/include/mosquitto.h")])?;
        let folder = paths::scratch().join("bench");
        fs::create_dir_all(&folder)?;
        node_red_packages()?;
        let peers = paths::root().join("bench/peers");
        for (name, libraries) in [("modbus_sim", &[][..]), ("mqtt_meter", &["-lmosquitto"])] {
            let source = peers.join("plant").join(format!("{name}.c"));
            run(Command::new("cc").args(["-O2", "-o"]).arg(folder.join(name)).arg(source).args(libraries))?;
        }
        let lastmile = programs::lastmile()?;
        let bundle = bundle(&folder, &lastmile)?;
        let broker_port = free_port()?;
        let settings = folder.join("mosquitto.conf");
        let text = format!(
            "listener {broker_port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\n\
             max_queued_messages 100000\n"
        );
        fs::write(&settings, text)?;
        let program = find_program("mosquitto").context("mosquitto is not there after the set-up")?;
        let broker = start(Command::new(program).arg("-c").arg(&settings), &folder, "mosquitto")?;
        wait_for_port(broker_port, Duration::from_secs(20))?;
        let plant_ports = (0..10).map(|_| free_port()).collect::<Result<_>>()?;
        let (broker, address) = (RefCell::new(broker), RefCell::new(String::new()));
        Ok(Self { folder, lastmile, bundle, broker, broker_port, plant_ports, address })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn bundle(&self) -> &Path {
        &self.bundle
    }

    pub(super) fn broker_port(&self) -> u16 {
        self.broker_port
    }

    pub(super) fn plant_port(&self, plant: usize) -> u16 {
        self.plant_ports[plant]
    }

    /// So many controllers whose values change every 1.37 s, so that changes and reads do not stay in step.
    pub(super) fn plants(&self, count: usize) -> Result<Plants> {
        let mut plants = Plants(Vec::new());
        for (number, port) in self.plant_ports.iter().take(count).enumerate() {
            let mut command = Command::new(self.folder.join("modbus_sim"));
            plants.0.push(start(
                command.args([port.to_string().as_str(), "1370"]),
                &self.folder,
                &format!("plant-{number}"),
            )?);
            wait_for_port(*port, Duration::from_secs(10))?;
        }
        Ok(plants)
    }

    /// An edge with this configuration and an empty data folder, listening.
    pub(super) fn lastmile(&self, site: &Path) -> Result<Child> {
        let _ = fs::remove_dir_all(self.folder.join("data"));
        self.edge(Some(site))
    }

    /// The edge of before, which ended, with the configuration that it knows.
    pub(super) fn lastmile_again(&self) -> Result<Child> {
        self.edge(None)
    }

    fn edge(&self, site: Option<&Path>) -> Result<Child> {
        let data = self.folder.join("data");
        let log = File::create(self.folder.join("lastmile.log"))?;
        let mut command = Command::new(&self.lastmile);
        command.args(["--json", "edge", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        if let Some(site) = site {
            command.arg("--site").arg(site);
        }
        command.env("LASTMILE_ONNXRUNTIME", paths::onnxruntime());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("it has no standard output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let Ok(ready) = serde_json::from_str::<serde_json::Value>(&line) else {
            let _ = child.wait();
            bail!("the edge did not become ready: {line}{}", log_end(&self.folder.join("lastmile.log")));
        };
        let url = ready["url"].as_str().context("the edge did not say where it listens")?;
        url.trim_start_matches("http://").clone_into(&mut self.address.borrow_mut());
        Ok(child)
    }

    /// Node-RED with a flow of `blocks` reads a second.
    pub(super) fn node_red(&self, blocks: u32) -> Result<Child> {
        let packages = paths::scratch().join("node-red");
        let user = self.folder.join("node-red-user");
        let _ = fs::remove_dir_all(&user);
        fs::create_dir_all(&user)?;
        let (blocks, plant) = (blocks.to_string(), self.plant_ports[0].to_string());
        let (broker, http) = (self.broker_port.to_string(), free_port()?.to_string());
        let flow = paths::root().join("bench/peers/node-red/make_flow.js");
        let modules = packages.join("node_modules");
        run(Command::new("node")
            .arg(flow)
            .arg(&user)
            .args([&blocks, "1000", "per16", "1", &plant, &broker, &http])
            .arg(self.folder.join("mlp/model.onnx"))
            .env("NODE_PATH", &modules))?;
        fs::write(user.join("package.json"), "{\"name\":\"bench\",\"private\":true}")?;
        #[cfg(unix)]
        std::os::unix::fs::symlink(&modules, user.join("node_modules"))?;
        let mut command = Command::new("node");
        command.arg(modules.join("node-red/red.js")).arg("-u").arg(&user).arg("-s").arg(user.join("settings.js"));
        start(command.env("NODE_PATH", &modules), &self.folder, "node-red")
    }

    /// Waits until the edge has read so many samples; returns how long it took.
    pub(super) fn wait_for_samples(&self, count: f64, within: Duration) -> Result<Duration> {
        let clock = Stopwatch::start();
        while clock.elapsed() < within {
            if self.metric("tag_samples_total")? >= count {
                return Ok(clock.elapsed());
            }
            thread::sleep(Duration::from_millis(200));
        }
        bail!("the edge had not read {count} samples after {within:?}")
    }

    /// The sum of a metric over all its labels.
    pub(super) fn metric(&self, name: &str) -> Result<f64> {
        let address = self.address.borrow().clone();
        let mut stream = TcpStream::connect(&address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let of = |line: &str| {
            let (label, value) = line.rsplit_once(' ')?;
            let known = label.split('{').next()?.trim_start_matches("lastmile_");
            (known == name).then(|| value.parse::<f64>().ok())?
        };
        Ok(text.lines().filter_map(of).sum())
    }
}

/// What the meter saw.
pub(super) struct Reading {
    pub(super) seconds: f64,
    pub(super) bad: u64,
    pub(super) tags_per_s: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

/// Waits until the first message has come to a subscriber.
pub(super) fn wait_for_message(rig: &Rig, within: Duration) -> Result<()> {
    let clock = Stopwatch::start();
    while clock.elapsed() < within {
        if meter(rig, "0.3")?["msgs"].as_u64().unwrap_or(0) > 0 {
            return Ok(());
        }
    }
    bail!("no message within {within:?}")
}

/// Counts and times messages for so many seconds.
pub(super) fn measure(rig: &Rig, seconds: u64) -> Result<Reading> {
    let read = meter(rig, &seconds.to_string())?;
    let number = |value: &serde_json::Value| value.as_f64().context("the meter left something out");
    let time = &read["serve_to_msg_ms"];
    Ok(Reading {
        seconds: number(&read["seconds"])?,
        bad: read["bad"].as_u64().unwrap_or(0),
        tags_per_s: number(&read["tags_per_s"])?,
        p50_ms: number(&time["p50"])?,
        p99_ms: number(&time["p99"])?,
    })
}

fn meter(rig: &Rig, seconds: &str) -> Result<serde_json::Value> {
    let mut command = Command::new(rig.folder.join("mqtt_meter"));
    let text = crate::shell::output(command.args([&rig.broker_port.to_string(), seconds]))?;
    serde_json::from_str(&text).context("the meter did not print JSON")
}

/// The model of `bench/peers/mlp` as a bundle.
fn bundle(folder: &Path, lastmile: &Path) -> Result<PathBuf> {
    let source = folder.join("mlp");
    fs::create_dir_all(&source)?;
    let peers = paths::root().join("bench/peers/mlp");
    let mut contract = fs::read_to_string(peers.join("contract.template.toml"))?;
    for signal in 0..16 {
        let _ = write!(
            contract,
            "\n[[signal]]\nname = \"t{signal}\"\ntitle = {{ en = \"t{signal}\" }}\n\n[[feature]]\nname = \"t{signal}\"\n\
             signal = \"t{signal}\"\nop = \"last\"\n"
        );
    }
    fs::write(source.join("contract.toml"), contract)?;
    run(Command::new(paths::python()).arg(peers.join("make_model.py")).arg(source.join("model.onnx")))?;
    let bundle = folder.join("mlp.tar");
    run_logged(
        "bench-pack",
        "packing",
        Command::new(lastmile).args(["bundle", "pack"]).arg(&source).arg("--out").arg(&bundle),
    )?;
    Ok(bundle)
}

fn node_red_packages() -> Result<()> {
    let wanted = fs::read_to_string(paths::root().join("bench/peers/node-red/package.json"))?;
    let folder = paths::scratch().join("node-red");
    let stamp = Stamp::new("node-red", wanted.clone());
    if stamp.is_current() && folder.join("node_modules/node-red").is_dir() {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("package.json"), wanted)?;
    let mut npm = Command::new("npm");
    // the native parts used here come inside the packages
    npm.current_dir(&folder).args(["install", "--ignore-scripts", "--no-audit", "--no-fund"]);
    say("bench: Node-RED with its Modbus nodes and ONNX Runtime (npm, about 400 MB) …");
    run_logged("node-red", "bench: Node-RED", &mut npm)?;
    stamp.set()
}

fn start(command: &mut Command, folder: &Path, name: &str) -> Result<Child> {
    let log = File::create(folder.join(format!("{name}.log")))?;
    let command = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.spawn().with_context(|| format!("cannot start {name}"))
}

fn log_end(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().rev().take(20).collect::<Vec<_>>().join("\n")
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait_for_port(port: u16, within: Duration) -> Result<()> {
    let clock = Stopwatch::start();
    while clock.elapsed() < within {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    bail!("nothing listens on port {port} after {within:?}")
}
