//! R44: whether comparing secrets takes a time that tells where they differ: `cargo run --release --example compare`. Welch's t over two
//! classes of wrong secrets, one that differs in its first byte and one in its last, mixed; wanted: below 4.5. Beside it the same for `==`,
//! which shows that the figure sees what it should.

use std::hint::black_box;
use std::time::Instant;

use cxbox::base::Random;
use cxbox::base::secret::Secret;

/// Comparisons of each kind.
const N: usize = 1_000_000;
/// Comparisons that are timed together: one is shorter than the clock's step.
const TOGETHER: usize = 32;

#[derive(Default, Clone, Copy)]
struct Class {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Class {
    fn add(&mut self, value: f64) {
        self.n += 1.0;
        let away = value - self.mean;
        self.mean += away / self.n;
        self.squares += away * (value - self.mean);
    }

    fn error(&self) -> f64 {
        self.squares / (self.n - 1.0) / self.n
    }
}

/// Welch's t of the two classes. What took three times as long as usual is left out: there the machine did something else.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn welch(random: &Random, compare: impl Fn(&str) -> bool) -> f64 {
    let whole = "0123456789abcdef".repeat(4);
    let wrong = ["x".to_owned() + &whole[1..], whole[..63].to_owned() + "x"];
    let time = |text: &str| {
        let begun = Instant::now();
        for _ in 0..TOGETHER {
            assert!(!compare(black_box(text)));
        }
        begun.elapsed().as_nanos() as f64
    };
    let mut trial: Vec<f64> = (0..10_000).map(|n| time(&wrong[n % 2])).collect();
    trial.sort_by(f64::total_cmp);
    let most = 3.0 * trial[5_000];
    let mut classes = [Class::default(); 2];
    for _ in 0..N / TOGETHER {
        for which in if random.below(2) == 0 { [0, 1] } else { [1, 0] } {
            let took = time(&wrong[which]);
            if took <= most {
                classes[which].add(took);
            }
        }
    }
    let [first, last] = classes;
    assert!(first.n.min(last.n) > 0.9 * (N / TOGETHER) as f64, "the machine is too busy to measure");
    let (apart, error) = (first.mean - last.mean, (first.error() + last.error()).sqrt());
    if apart == 0.0 { 0.0 } else { apart / error }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() {
    let random = Random::system();
    let text = "0123456789abcdef".repeat(4);
    let secret = Secret::new(text.clone());
    let ours = welch(&random, |other| secret.matches(other));
    let plain = welch(&random, |other| text.bytes().zip(other.bytes()).all(|(one, other)| one == other));
    println!("{N} comparisons of 64 characters: t {ours:.2} for secrets (wanted: below 4.5), {plain:.2} for ==");
    std::process::exit(i32::from(ours.abs() >= 4.5));
}
