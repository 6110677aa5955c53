//! The command line: `--name value` pairs, all but `--framing` required.

use std::{collections::HashMap, error::Error, net::SocketAddr, path::PathBuf, time::Duration};

use crate::wire::Framing;

#[derive(Debug)]
pub struct Args {
    pub cell: Cell,
    pub address: SocketAddr,
    pub framing: Framing,
    pub connections: usize,
    /// The file with the payloads, as length-prefixed frames; sent in turn.
    pub payloads: PathBuf,
    pub warm: Duration,
    pub measure: Duration,
    /// The process whose threads' CPU is read at the window's two ends.
    pub pid: u32,
}

#[derive(Clone, Copy, Debug)]
pub enum Cell {
    /// Each connection keeps this many messages under way; every reply lets one more out.
    Echo { window: usize },
    /// Every connection sends as fast as the server takes, which answers every 1,000 messages.
    Ingest,
}

impl Args {
    /// Reads the arguments that follow the program's name.
    pub fn parse(words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Options::collect(words)?;
        let cell = match options.take("cell")?.as_str() {
            "echo" => Cell::Echo {
                window: options.number("window")?,
            },
            "ingest" => Cell::Ingest,
            other => return Err(format!("--cell must be echo or ingest, got {other}").into()),
        };
        let args = Self {
            cell,
            address: options.take("address")?.parse()?,
            framing: match options.0.remove("framing").as_deref() {
                None | Some("raw") => Framing::Raw,
                Some("websocket") => Framing::WebSocket,
                Some(other) => {
                    return Err(format!("--framing must be raw or websocket, got {other}").into());
                }
            },
            connections: options.number("connections")?,
            payloads: options.take("payloads")?.into(),
            warm: options.seconds("warm")?,
            measure: options.seconds("measure")?,
            pid: options.take("pid")?.parse()?,
        };
        match options.0.into_keys().next() {
            Some(name) => Err(format!("--{name} is no option of this cell").into()),
            None => Ok(args),
        }
    }
}

struct Options(HashMap<String, String>);

impl Options {
    fn collect(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = HashMap::new();
        while let Some(word) = words.next() {
            let name = word
                .strip_prefix("--")
                .ok_or_else(|| format!("expected an option, got {word}"))?;
            let value = words.next().ok_or_else(|| format!("{word} has no value"))?;
            options.insert(name.to_owned(), value);
        }
        Ok(Self(options))
    }

    fn take(&mut self, name: &str) -> Result<String, Box<dyn Error>> {
        self.0
            .remove(name)
            .ok_or_else(|| format!("--{name} is missing").into())
    }

    fn number(&mut self, name: &str) -> Result<usize, Box<dyn Error>> {
        match self.take(name)?.parse()? {
            0 => Err(format!("--{name} must be at least 1").into()),
            number => Ok(number),
        }
    }

    fn seconds(&mut self, name: &str) -> Result<Duration, Box<dyn Error>> {
        Ok(Duration::try_from_secs_f64(self.take(name)?.parse()?)?)
    }
}
