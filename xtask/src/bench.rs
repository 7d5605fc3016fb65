//! `cargo xtask bench copy|archive`: transship beside its peers, interleaved in one run, against real registries and stores.
//!
//! What counts are the ratios within one run; seconds belong to the machine. Every run of every tool gets an empty target.

mod archive;
mod arrived;
mod measure;
mod peer;
mod proxy;
mod registry;
mod seed;
mod table;
mod workload;

use std::{error::Error, path::PathBuf};

use self::{peer::Peer, table::Table, workload::Workload};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What to run.
struct Args {
    workloads: Vec<Workload>,
    peers: Vec<Peer>,
    runs: usize,
}

/// What the benchmarks are told.
pub(crate) const USAGE: &str = "bench copy [WORKLOAD…] [--runs N] [--peers a,b] | bench archive [PART…] [--runs N] [--ways a,b]";

/// Runs the benchmark that `args` name.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    match args.split_first() {
        Some((name, args)) if name == "copy" => runtime.block_on(copy(args)),
        Some((name, args)) if name == "archive" => runtime.block_on(archive::run(args)),
        _ => Err(USAGE.into()),
    }
}

/// Copies: `[WORKLOAD…] [--runs N] [--peers a,b]`.
async fn copy(args: &[String]) -> Result<()> {
    let args = parse(args)?;
    for workload in &args.workloads {
        let table = measure_all(*workload, &args).await?;
        println!("{table}");
    }
    Ok(())
}

fn parse(args: &[String]) -> Result<Args> {
    let mut parsed = Args {
        workloads: Vec::new(),
        peers: Peer::ALL.to_vec(),
        runs: 5,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} wants a value"));
        match arg.as_str() {
            "--runs" => parsed.runs = value()?.parse()?,
            "--peers" => {
                parsed.peers = value()?
                    .split(',')
                    .map(Peer::named)
                    .collect::<Result<_>>()?;
            }
            name => parsed.workloads.push(Workload::named(name)?),
        }
    }
    if parsed.workloads.is_empty() {
        parsed.workloads = Workload::ALL.to_vec();
    }
    Ok(parsed)
}

/// One workload: a seeded source, then `runs` rounds in which every tool has its turn.
async fn measure_all(workload: Workload, args: &Args) -> Result<Table> {
    let mut bench = workload::Bench::start(workload).await?;
    let mut table = Table::new(workload);
    let peers: Vec<Peer> = args
        .peers
        .iter()
        .copied()
        .filter(|peer| peer.can(workload) && peer.is_installed())
        .collect();
    for round in 0..=args.runs {
        for peer in &peers {
            eprintln!("{} round {round}: {}", workload.name(), peer.name());
            let usage = bench.turn(*peer).await?;
            // The first round warms the page cache and every binary.
            if round > 0 {
                table.add(*peer, usage);
            }
        }
    }
    Ok(table)
}

/// The folder that `scripts/peers` fills.
fn peers_bin() -> PathBuf {
    root().join(".peers/bin")
}

/// The release build of ours that lies beside this program's own build.
fn transship() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let target = own.ancestors().nth(2).unwrap_or(&own);
    target.join("release/transship")
}

/// The repository's root.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
