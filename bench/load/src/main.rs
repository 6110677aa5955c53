//! Loads one server with one cell and tells, as JSON lines on stdout, the window's ends and what
//! it showed. Anything that is not exactly right ends it with exit code 1 and no figure.

#![forbid(unsafe_code)]

mod args;
mod cell;
mod connect;
mod connection;
mod cpu;
mod drive;
mod wire;

use std::{env, error::Error, fs, process::ExitCode, rc::Rc};

use mio::net::TcpStream;
use serde::Serialize;

use crate::{
    args::{Args, Cell},
    cell::{Echo, Ingest, Plan},
    connection::{Connection, Script},
    drive::{Drive, Phase, Report},
    wire::ACK_EVERY,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Phase(Phase),
    Report(Report),
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let args = Args::parse(env::args().skip(1))?;
    let payloads = wire::payloads(&fs::read(&args.payloads)?)?;
    let report = match args.cell {
        Cell::Echo { window } => {
            let script = Script::new(args.framing, &payloads, window);
            drive(Echo::new(window, payloads, args.connections), script, &args)
        }
        Cell::Ingest => {
            let script = Script::new(args.framing, &payloads, ACK_EVERY);
            drive(Ingest::new(), script, &args)
        }
    }?;
    tell(&Line::Report(report));
    Ok(())
}

fn drive(plan: impl Plan, script: Script, args: &Args) -> Result<Report, Box<dyn Error>> {
    let script = Rc::new(script);
    let connections = (0..args.connections)
        .map(|_| {
            let stream = TcpStream::from_std(connect::connect(args.address, args.framing)?);
            Ok(Connection::new(stream, args.framing, Rc::clone(&script)))
        })
        .collect::<Result<_, Box<dyn Error>>>()?;
    Drive::new(plan, connections, args)?.run(|phase| tell(&Line::Phase(phase)))
}

fn tell(line: &Line) {
    println!(
        "{}",
        serde_json::to_string(line).expect("numbers and names become JSON")
    );
}
