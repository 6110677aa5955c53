//! CPU time as the kernel's scheduler counts it, in nanoseconds.

use std::{collections::BTreeMap, error::Error, fs, io, num::ParseIntError, time::Instant};

use serde::Serialize;

/// A clock tick of /proc/stat (`USER_HZ`), the same on every Linux that Node runs on.
const NS_PER_TICK: u64 = 10_000_000;

/// Readings of one moment.
#[derive(Debug)]
pub struct Reading {
    at: Instant,
    threads: BTreeMap<u32, Thread>,
    load: u64,
    machine: Machine,
}

/// What happened between two readings.
#[derive(Debug, Serialize)]
pub struct Spent {
    pub wall_ns: u64,
    pub threads: Vec<Thread>,
    /// The load generator's own.
    pub load_ns: u64,
    /// Of all processors, what neither the server nor the load generator used: somebody else.
    pub foreign_ns: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Thread {
    pub tid: u32,
    pub name: String,
    pub cpu_ns: u64,
}

impl Reading {
    /// Reads all threads of process `pid`. One that ends just now is an error, as in `since`.
    pub fn take(pid: u32) -> io::Result<Self> {
        let at = Instant::now();
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
            let entry = entry?;
            let tid = entry
                .file_name()
                .to_string_lossy()
                .parse()
                .map_err(invalid)?;
            let cpu_ns = schedstat(&fs::read_to_string(entry.path().join("schedstat"))?)?;
            let name = fs::read_to_string(entry.path().join("comm"))?
                .trim_end()
                .to_owned();
            threads.insert(tid, Thread { tid, name, cpu_ns });
        }
        Ok(Self {
            at,
            threads,
            load: schedstat(&fs::read_to_string("/proc/thread-self/schedstat")?)?,
            machine: Machine::parse(&fs::read_to_string("/proc/stat")?)?,
        })
    }

    /// The difference to `earlier`. A thread that began in between counts whole; of one that
    /// ended nobody knows what it used, so there is no figure.
    pub fn since(&self, earlier: &Self) -> Result<Spent, Box<dyn Error>> {
        let wall_ns = u64::try_from(self.at.duration_since(earlier.at).as_nanos())?;
        let mut threads = self.threads.clone();
        for (tid, before) in &earlier.threads {
            let Some(thread) = threads.get_mut(tid) else {
                return Err(
                    format!("the server's thread {} ended in the window", before.name).into(),
                );
            };
            thread.cpu_ns -= before.cpu_ns;
        }
        let load_ns = self.load - earlier.load;
        let server_ns: u64 = threads.values().map(|thread| thread.cpu_ns).sum();
        let idle_ns = self.machine.idle_ns.saturating_sub(earlier.machine.idle_ns);
        let busy_ns = (wall_ns * self.machine.processors).saturating_sub(idle_ns);
        Ok(Spent {
            wall_ns,
            threads: threads.into_values().collect(),
            load_ns,
            foreign_ns: busy_ns.saturating_sub(server_ns + load_ns),
        })
    }
}

/// The first number of a schedstat file: nanoseconds on a processor.
fn schedstat(text: &str) -> io::Result<u64> {
    text.split(' ')
        .next()
        .unwrap_or_default()
        .parse()
        .map_err(invalid)
}

#[derive(Debug, PartialEq, Eq)]
struct Machine {
    processors: u64,
    idle_ns: u64,
}

impl Machine {
    fn parse(stat: &str) -> io::Result<Self> {
        let mut machine = Self {
            processors: 0,
            idle_ns: 0,
        };
        for line in stat.lines().filter(|line| line.starts_with("cpu")) {
            let mut words = line.split_ascii_whitespace();
            if words.next() == Some("cpu") {
                // user nice system *idle* *iowait* irq softirq steal …
                for ticks in words.skip(3).take(2) {
                    machine.idle_ns += ticks.parse::<u64>().map_err(invalid)? * NS_PER_TICK;
                }
            } else {
                machine.processors += 1;
            }
        }
        Ok(machine)
    }
}

fn invalid(error: ParseIntError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn idle_time_and_processors_are_read_from_the_kernels_table() {
        let stat = "cpu  3541 0 2080 217757 280 0 42 10 0 0\ncpu0 1 0 1 9 1 0 0 1 0 0\n\
            cpu1 1 0 1 9 1 0 0 1 0 0\nintr 5\n";
        let want = Machine {
            processors: 2,
            idle_ns: (217_757 + 280) * NS_PER_TICK,
        };
        assert_eq!(Machine::parse(stat).unwrap(), want);
    }

    #[test]
    fn the_cpu_of_another_process_is_seen_in_its_threads() {
        let mut busy = Command::new("sh")
            .args(["-c", "while :; do :; done"])
            .spawn()
            .unwrap();
        let before = Reading::take(busy.id()).unwrap();
        let spent = loop {
            let spent = Reading::take(busy.id()).unwrap().since(&before).unwrap();
            if spent.threads[0].cpu_ns > 0 {
                break spent;
            }
        };
        busy.kill().unwrap();
        busy.wait().unwrap();
        assert_eq!(spent.threads.len(), 1);
        assert!(spent.wall_ns > 0, "{spent:?}");
    }
}
