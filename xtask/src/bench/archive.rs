//! `cargo xtask bench archive`: the whole way across a gap, registry → archive → store → registry, beside what people do without us.
//!
//! The store is Azurite over https with a SAS. Every turn gets an empty store, an empty second registry and an empty
//! folder for temporary files, which is watched.

mod again;
mod bare;
mod gap;
mod inspect;
mod scratch;
mod table;
mod way;

use self::{gap::Gap, table::Table, way::Way};
use super::Result;

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// One index of 532 MiB, the whole way, by every tool.
    Carry,
    /// A look at an archive of 100 GB in a store.
    Inspect,
    /// A second archive, after one layer of ten has changed.
    Again,
}

impl Part {
    const ALL: [Self; 3] = [Self::Carry, Self::Inspect, Self::Again];

    fn name(self) -> &'static str {
        match self {
            Self::Carry => "carry",
            Self::Inspect => "inspect",
            Self::Again => "again",
        }
    }

    fn named(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|part| part.name() == name)
            .ok_or_else(|| format!("no part {name:?}; there are carry, inspect and again").into())
    }
}

/// What to run.
struct Args {
    parts: Vec<Part>,
    ways: Vec<Way>,
    runs: usize,
}

/// Runs what `args` ask for: `[PART…] [--runs N] [--ways a,b]`.
pub(super) async fn run(args: &[String]) -> Result<()> {
    let args = parse(args)?;
    for part in &args.parts {
        match part {
            Part::Carry => println!("{}", carry(&args).await?),
            Part::Inspect => println!("{}", inspect::run(args.runs).await?),
            Part::Again => println!("{}", again::run().await?),
        }
    }
    Ok(())
}

fn parse(args: &[String]) -> Result<Args> {
    let mut parsed = Args {
        parts: Vec::new(),
        ways: Way::ALL.to_vec(),
        runs: 5,
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} wants a value"));
        match arg.as_str() {
            "--runs" => parsed.runs = value()?.parse()?,
            "--ways" => {
                parsed.ways = value()?.split(',').map(Way::named).collect::<Result<_>>()?;
            }
            name => parsed.parts.push(Part::named(name)?),
        }
    }
    if parsed.parts.is_empty() {
        parsed.parts = Part::ALL.to_vec();
    }
    Ok(parsed)
}

/// The whole way, `runs` rounds in which every way has its turn.
async fn carry(args: &Args) -> Result<Table> {
    let gap = Gap::with_large_index().await?;
    let mut table = Table::new();
    for round in 0..=args.runs {
        for way in &args.ways {
            eprintln!("carry round {round}: {}", way.name());
            let turn = gap.turn(*way).await?;
            // The first round warms the page cache and every binary.
            if round > 0 {
                table.add(*way, turn);
            }
        }
    }
    Ok(table)
}
