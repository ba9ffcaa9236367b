//! What can be typed. No logic: each command is a file in `commands/`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Carries an industrial AI model the last mile: from a file that performs to a plant that benefits.
#[derive(Debug, Parser)]
#[command(name = "lastmile", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Answer in JSON instead of words.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order in which people meet them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A simulated plant on a real protocol, an edge and its screen; needs nothing else.
    Demo(DemoArgs),
    /// Runs this box: reads machines, runs models, shows the line.
    Edge(EdgeArgs),
    /// Runs a hub, or talks to one: lets boxes in as edges, and takes in what they record.
    Hub(HubArgs),
    /// Tries one device without an edge: check, browse, read, write.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Runs a model once, in the same guarded worker as on an edge.
    #[command(subcommand)]
    Model(ModelCommand),
    /// Makes, checks, packs, shows, tests and replays the package of a model.
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Takes samples out of an edge's history.
    #[command(subcommand)]
    History(HistoryCommand),
    /// Makes an edge's configuration what a file says.
    Apply(ApplyArgs),
    /// Prints an edge's configuration as one file.
    Export(AtArgs),
    /// Prints the JSON Schema of site.toml (or the HTTP interface with --openapi, or all sentences with --sentences).
    Schema {
        /// The OpenAPI document instead.
        #[arg(long)]
        openapi: bool,
        /// Every sentence that this program says to people, by its code, to be translated.
        #[arg(long, conflicts_with = "openapi")]
        sentences: bool,
    },
    /// Changes how far a deployment may go: off, watch, advise.
    Mode(ModeArgs),
    /// Switches a deployment off. The PLC keeps control.
    Off(OffArgs),
    /// Reads and proves the record of changes.
    #[command(subcommand)]
    Record(RecordCommand),
    /// Takes everything an edge knows out as one encrypted file, and brings an edge back from one.
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Says what is wrong on this computer, in words.
    Doctor(DoctorArgs),
    /// The process a model runs in; started by an edge, not by people.
    #[command(hide = true)]
    Worker,
}

/// Options of `lastmile demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Do not open or mention a browser.
    #[arg(long)]
    pub headless: bool,
    /// Stop by itself after this time (`90s`, `5m`) and print one JSON summary.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    pub run_for: Option<std::time::Duration>,
    /// How much faster than real the plant runs.
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// Switch on a fault: NAME or NAME@SECONDS after the start. May be repeated.
    #[arg(long, value_name = "NAME@SECONDS")]
    pub fault: Vec<String>,
    /// Where to listen for the screen.
    #[arg(long, default_value = "127.0.0.1:7433")]
    pub listen: SocketAddr,
    /// Keep the data here instead of in a folder that is removed at the end.
    #[arg(long)]
    pub data: Option<PathBuf>,
}

/// Options of `lastmile edge`.
#[derive(Debug, Args)]
pub(crate) struct EdgeArgs {
    /// The folder that holds everything this edge knows.
    #[arg(long)]
    pub data: PathBuf,
    /// Where to listen for the screen and the interface; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:7433")]
    pub listen: SocketAddr,
    /// Apply this site.toml before starting.
    #[arg(long)]
    pub site: Option<PathBuf>,
    /// The hub that this box joins, `https://host[:port]`; kept for the next starts. `none` forgets it.
    #[arg(long, value_name = "URL")]
    pub hub: Option<String>,
    /// The code of the claim that somebody at the hub made for this box.
    #[arg(long, value_name = "CODE")]
    pub claim: Option<String>,
    /// Certificates (PEM) of who may vouch for the hub, beside those that this computer trusts; kept for the next starts.
    #[arg(long, value_name = "FILE")]
    pub hub_ca: Option<PathBuf>,
}

/// Which running edge a command talks to.
#[derive(Debug, Args)]
pub(crate) struct AtArgs {
    /// The edge's address.
    #[arg(long, default_value = "http://127.0.0.1:7433")]
    pub at: String,
    /// The file with its token; default: `cli-token` in the folder of --data.
    #[arg(long)]
    pub token: Option<PathBuf>,
    /// The folder of an edge on this machine.
    #[arg(long, default_value = "data")]
    pub data: PathBuf,
}

/// Options of `lastmile hub`, which runs one, and what is asked of one that runs.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct HubArgs {
    /// What to ask; none: run a hub.
    #[command(subcommand)]
    pub command: Option<HubCommand>,
    /// How to run it.
    #[command(flatten)]
    pub run: HubRunArgs,
}

/// How a hub is run.
#[derive(Debug, Args)]
pub(crate) struct HubRunArgs {
    /// The folder that holds everything this hub knows, but for a database elsewhere.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one. Without HTTPS, on this machine alone.
    #[arg(long, default_value = HUB_ADDRESS)]
    pub listen: SocketAddr,
    /// `postgres://…` instead of a file in the folder.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Where files of samples are kept: a folder, or `s3://bucket/prefix` with the usual `AWS_*` variables of the environment;
    /// default: `objects` in the folder of --data.
    #[arg(long, value_name = "PLACE")]
    pub objects: Option<String>,
    /// Serve HTTPS with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of that certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

/// Beside the one of an edge, so that both run on one machine.
const HUB_ADDRESS: &str = "127.0.0.1:7434";

/// Which running hub a command talks to.
#[derive(Debug, Args)]
pub(crate) struct AtHubArgs {
    /// The hub's address.
    #[arg(long, default_value = "http://127.0.0.1:7434")]
    pub at: String,
    /// The file with its token; default: `cli-token` in the folder of --data.
    #[arg(long)]
    pub token: Option<PathBuf>,
    /// The folder of a hub on this machine.
    #[arg(long, default_value = "hub-data")]
    pub data: PathBuf,
    /// Why, for the record.
    #[arg(long)]
    pub because: Option<String>,
}

/// `lastmile hub …`
#[derive(Debug, Subcommand)]
pub(crate) enum HubCommand {
    /// Makes a place for a box and prints the code to type there.
    Claim {
        /// Site and place that the box will stand for: `leipzig/line-2`.
        place: String,
        /// Which hub.
        #[command(flatten)]
        at: AtHubArgs,
    },
    /// Lists claims, boxes that wait, and edges with how their streams stand.
    Edges {
        /// Which hub.
        #[command(flatten)]
        at: AtHubArgs,
    },
    /// Lets a box in that waits. Compare the fingerprint first.
    Approve {
        /// Its key, as `hub edges` shows it.
        key: String,
        /// Which hub.
        #[command(flatten)]
        at: AtHubArgs,
    },
    /// Says no to a box that waits.
    Decline {
        /// Its key, as `hub edges` shows it.
        key: String,
        /// Which hub.
        #[command(flatten)]
        at: AtHubArgs,
    },
    /// Shuts an edge's key out for good.
    Revoke {
        /// The key, as `hub edges` shows it.
        key: String,
        /// Which hub.
        #[command(flatten)]
        at: AtHubArgs,
    },
    /// Says which of two boxes that speak as one edge is the right one.
    Choose {
        /// The edge.
        edge: String,
        /// The life of the right box's store, as `hub edges` shows it.
        epoch: String,
        /// Which hub.
        #[command(flatten)]
        at: AtHubArgs,
    },
    /// Prints trends of tags of an edge, out of what came in.
    Trend {
        /// The edge.
        edge: String,
        /// Tags, separated by commas.
        #[arg(value_delimiter = ',', required = true)]
        tags: Vec<String>,
        /// RFC 3339 or µs since 1970.
        #[arg(long)]
        from: String,
        /// RFC 3339 or µs since 1970.
        #[arg(long)]
        to: String,
        /// How many points at most, 2 to 5000.
        #[arg(long, default_value_t = 600)]
        buckets: u32,
        /// Which hub.
        #[command(flatten)]
        at: AtHubArgs,
    },
    /// Prints the newest samples of tags of an edge that came in.
    Latest {
        /// The edge.
        edge: String,
        /// Tags, separated by commas.
        #[arg(value_delimiter = ',', required = true)]
        tags: Vec<String>,
        /// Which hub.
        #[command(flatten)]
        at: AtHubArgs,
    },
    /// Prints what is stored of a stream as JSON lines.
    Records {
        /// The edge.
        edge: String,
        /// data, prediction, alarm, change.
        stream: String,
        /// From this number on.
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// All that came, life by life, instead of each number once.
        #[arg(long)]
        lives: bool,
        /// Which hub.
        #[command(flatten)]
        at: AtHubArgs,
    },
}

/// `lastmile device …`
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// Is it reachable, who is it, how fast does it answer, and how long does one scan of these addresses take.
    Check {
        /// `modbus-tcp://host:502/1`, `modbus-rtu-tcp://host:4001/1`, `modbus-rtu:///dev/ttyS0?baud=19200&unit=1`.
        url: String,
        /// What one scan is to bring: `holding:100:float32:cdab`, `40101`, `coil:3` …
        addresses: Vec<String>,
    },
    /// Lists what the device offers, where its protocol can.
    Browse {
        /// The device.
        url: String,
    },
    /// Reads addresses.
    Read {
        /// The device.
        url: String,
        /// `holding:100:float32:cdab`, `40101`, `coil:3` …
        #[arg(required = true)]
        addresses: Vec<String>,
        /// Go on reading, once a second.
        #[arg(long)]
        watch: bool,
    },
    /// Reads the tag list of another system: CSV, a Node-RED flow, a Kepware export. Prints it as tags of site.toml, with
    /// everything that was not understood.
    Import(ImportArgs),
    /// Writes one value after showing what it replaces. On this computer only, until a write guard exists.
    Write {
        /// The device.
        url: String,
        /// One address.
        address: String,
        /// The new value.
        value: String,
        /// Do not ask; for scripts.
        #[arg(long)]
        yes: bool,
    },
}

/// Options of `lastmile device import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file; `-` reads the standard input.
    pub file: PathBuf,
    /// What it is: auto, list, node-red, kepware.
    #[arg(long, default_value = "auto", value_parser = ["auto", "list", "node-red", "kepware"])]
    pub format: String,
    /// The device that tags belong to where the file names none: a name.
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// The URL of that device; its [[device]] is printed too.
    #[arg(long)]
    pub url: Option<String>,
    /// The place the tags belong to: `line-2/pump-7`.
    #[arg(long, default_value = "")]
    pub place: String,
    /// The site.toml the tags will come into: names and addresses that are taken are found.
    #[arg(long, value_name = "FILE")]
    pub site: Option<PathBuf>,
    /// Read every address once from the device, to find wrong word orders, units and scales.
    #[arg(long)]
    pub live: bool,
}

/// `lastmile model …`
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// One inference: `{"name":{"shape":[…],"data":[…]}}` in and out.
    ///
    /// `data` holds numbers (also beyond 2⁵³, exactly), yes and no, or texts, as the model's type asks; NaN and infinity are
    /// the texts `NaN`, `Infinity`, `-Infinity`. A list of tensors is a list of such objects. Ends within 15 s.
    Run {
        /// The ONNX file.
        file: PathBuf,
        /// The inputs.
        #[arg(long)]
        inputs: PathBuf,
    },
}

/// `lastmile bundle …`
#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Writes a folder to start from.
    New {
        /// The folder; its last part becomes the bundle's name.
        folder: PathBuf,
    },
    /// All that is wrong with a bundle or its folder.
    Check {
        /// A folder with contract.toml, or a packed .tar.
        bundle: PathBuf,
    },
    /// Packs a folder into one file and prints its digest.
    Pack {
        /// The folder.
        folder: PathBuf,
        /// Where to write; default `NAME-VERSION.tar` beside the folder.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// What a bundle needs and gives, in words.
    Show {
        /// A folder or a .tar.
        bundle: PathBuf,
    },
    /// Reproduces the golden vectors on this computer.
    Test {
        /// A folder or a .tar.
        bundle: PathBuf,
    },
    /// Replays samples through the live code: predictions and decisions as JSON lines.
    Run {
        /// A folder or a .tar.
        bundle: PathBuf,
        /// CSV or Parquet, long or wide, as `history export` writes it. Values are converted from the units that the file
        /// (or --site) says; what says none is in the contract's.
        #[arg(long)]
        samples: PathBuf,
        /// SIGNAL=TAG for names that differ. May be repeated.
        #[arg(long)]
        map: Vec<String>,
        /// Replay as a deployment of this site.toml runs: its mapping, units, tunables and language, at all its places.
        #[arg(long, conflicts_with = "map")]
        site: Option<PathBuf>,
        /// Which deployment, when the site has several.
        #[arg(long, requires = "site")]
        deployment: Option<String>,
        /// TUNABLE=NUMBER. May be repeated.
        #[arg(long)]
        tune: Vec<String>,
        /// Predict from this time on; what is before it only fills the window. RFC 3339 or µs since 1970.
        #[arg(long)]
        from: Option<String>,
    },
}

/// `lastmile history …`
#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// Writes samples to a CSV or Parquet file.
    Export {
        /// Tags, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        tags: Vec<String>,
        /// RFC 3339 or µs since 1970.
        #[arg(long)]
        from: String,
        /// RFC 3339 or µs since 1970.
        #[arg(long)]
        to: String,
        /// One column per tag (good values only) instead of one row per sample.
        #[arg(long)]
        wide: bool,
        /// The file; its ending says CSV or Parquet.
        file: PathBuf,
        /// Which edge.
        #[command(flatten)]
        at: AtArgs,
    },
}

/// Options of `lastmile apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The site.toml.
    pub file: PathBuf,
    /// Print the differences in plain words, change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Why, for the record.
    #[arg(long, default_value = "applied from a file")]
    pub because: String,
    /// Which edge.
    #[command(flatten)]
    pub at: AtArgs,
}

/// Options of `lastmile mode`.
#[derive(Debug, Args)]
pub(crate) struct ModeArgs {
    /// The deployment.
    pub deployment: String,
    /// off, watch or advise.
    pub mode: String,
    /// Why, for the record.
    #[arg(long)]
    pub because: String,
    /// Which edge.
    #[command(flatten)]
    pub at: AtArgs,
}

/// Options of `lastmile off`.
#[derive(Debug, Args)]
pub(crate) struct OffArgs {
    /// The deployment.
    pub deployment: String,
    /// Which edge.
    #[command(flatten)]
    pub at: AtArgs,
}

/// `lastmile record …`
#[derive(Debug, Subcommand)]
pub(crate) enum RecordCommand {
    /// Proves that nothing was altered: a file made by `record export`, or a running edge.
    Verify {
        /// A file, or the address of an edge.
        source: String,
        /// Which edge, for its token.
        #[command(flatten)]
        at: AtArgs,
    },
    /// Prints the record of changes as JSON lines.
    Export(AtArgs),
}

/// `lastmile backup …`
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Writes a backup, reads it back and proves it. The edge may run meanwhile. An older file of this name is replaced at the
    /// end.
    Write {
        /// The file.
        file: PathBuf,
        /// Samples and predictions, too.
        #[arg(long)]
        with_history: bool,
        /// A file whose first line is the passphrase; without it a terminal asks twice.
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// The address of a running edge; without it the edge of --data, running or not.
        #[arg(long)]
        at: Option<String>,
        /// The file with its token; default: `cli-token` in the folder of --data.
        #[arg(long)]
        token: Option<PathBuf>,
        /// The folder of an edge on this machine.
        #[arg(long, default_value = "data")]
        data: PathBuf,
    },
    /// Proves a backup and says what is in it.
    Show {
        /// The file.
        file: PathBuf,
        /// A file whose first line is the passphrase; without it a terminal asks.
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// Makes a folder that of the edge in a backup. Never overwrites anything.
    Restore {
        /// The file.
        file: PathBuf,
        /// The folder; it must be empty or not there.
        #[arg(long)]
        data: PathBuf,
        /// A file whose first line is the passphrase; without it a terminal asks.
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// Says that you have read that an edge was restored; it stops telling.
    ReadNotice(AtArgs),
}

/// Options of `lastmile doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// The folder an edge uses or will use.
    #[arg(long, default_value = "data")]
    pub data: PathBuf,
}

/// `90s`, `5m`, `250ms`, `2h`, `7d`.
pub(crate) fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let number: f64 = digits.parse().map_err(|_| format!("`{text}` is no time; write it like 90s or 5m"))?;
    let seconds = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        other => return Err(format!("`{other}` is no unit of time; use ms, s, m, h or d")),
    };
    std::time::Duration::try_from_secs_f64(number * seconds).map_err(|_| format!("`{text}` is out of range"))
}
