//! How long the outbound gate takes with a do-not-call list of a million numbers: `cargo run --release --example do-not-call`.

use std::sync::Arc;
use std::time::Instant;

use cxbox::base::seal::Sealer;
use cxbox::base::{Clock, Random};
use cxbox::features::permit::{CallWish, Homes, Permit, PermitSetup, Places, WishOrigin};
use cxbox::features::settings::{Settings, SettingsSetup};
use cxbox::platform::access::Actor;
use cxbox::platform::config::{Flags, Layers};
use cxbox::platform::db::{Conn, Db};

const N_NUMBERS: usize = 1_000_000;
const N_QUESTIONS: usize = 200_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("cxbox-do-not-call-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let outcome = measure(&folder).await;
    std::fs::remove_dir_all(&folder)?;
    outcome
}

#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark prints and reads the clock")]
async fn measure(folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let clock = Clock::system();
    let db = Db::open(&folder.join("main.db"), folder, clock.clone())?;
    let sealer = Arc::new(Sealer::new(&[7; 32], Random::system())?);
    let keys = Layers::read(None, &[], &Flags::default())?.config()?.live;
    let settings = Settings::new(SettingsSetup { db: db.clone(), sealer: sealer.clone(), keys, checks: Vec::new() })?;
    let places = Arc::new(Places::built_in()?);
    let homes: Homes = Arc::new(|_: &Conn| Ok(Vec::new()));
    let permit = Permit::new(PermitSetup { db: db.clone(), clock: clock.clone(), settings, places, sealer, homes })?;
    let number = |n: usize| format!("+1212{:07}", n * 7 % 10_000_000);
    let list: String = (0..N_NUMBERS).map(|n| number(n) + "\n").collect();
    let started = Instant::now();
    let report = permit.import(&Actor::system(), &list).await?;
    println!("imported {} numbers in {:.1} s", report.added, started.elapsed().as_secs_f64());
    let mut micros = db
        .read(move |conn| {
            let mut micros = Vec::with_capacity(N_QUESTIONS);
            for n in 0..N_QUESTIONS {
                // Every other number is on the list.
                let phone = number(n * 5 + (n % 2) * N_NUMBERS);
                let started = Instant::now();
                permit.check(conn, &CallWish { phone: &phone, origin: WishOrigin::Asked, now: clock.now() })?;
                micros.push(started.elapsed().as_micros());
            }
            Ok(micros)
        })
        .await?;
    micros.sort_unstable();
    let at = |share: usize| micros[(micros.len() - 1) * share / 1_000];
    println!(
        "a whole decision, of {N_QUESTIONS}: median {} µs, p99 {} µs, p99.9 {} µs, longest {} µs",
        at(500),
        at(990),
        at(999),
        at(1_000)
    );
    Ok(())
}
