// Fits the rates of src/plan/speed/rates.rs on published rows, all of them or all but those of one card or model.
// Included by tests/speeds.rs and examples/speeds.rs.

use crate::ages::{ByAge, PAST, Past};
use crate::published::Point;
use agi_provision::hardware::cpus::CpuClass;
use agi_provision::hardware::generation::Generation;
use agi_provision::plan::speed::rates::{CpuRate, FITTED, Rates, Reach};
use agi_provision::plan::speed::{End, HostRate};
use std::collections::{BTreeMap, BTreeSet};

/// Fewest rows by which a generation or class counts as seen.
const SEEN: usize = 3;
/// Logarithm of an error from which on it counts by its size, not by its square.
const ROBUST: f64 = 0.12;
/// Weight of staying where the fit began, against one row.
const STAY: f64 = 0.01;
/// Weight of a CPU's rate staying at the middle of its maker's, against one row …
const OF_MAKER: f64 = 0.2;
/// … and of a rate of few rows staying where the fit began.
const OF_FEW: f64 = 0.3;
/// Rate of AMX's tiles for a prompt, against the middle of Intel's others, where no row was seen of it.
const TILES: f64 = 2.0;
const STEPS: usize = 6;

/// Today's rates, and what older builds took longer.
#[derive(Clone, Debug)]
pub struct Fit {
    pub rates: Rates,
    past: Past,
}

impl Fit {
    pub fn ages(&self) -> ByAge {
        ByAge::of(&self.rates, &self.past)
    }
}

/// A rate, and the points that follow from it.
struct Place {
    rate: Box<dyn Fn(&mut Fit) -> &mut f64>,
    concerns: Box<dyn Fn(&Point) -> bool>,
    /// Weight of its staying where the fit began, once each kind of CPU began at the middle of its maker's.
    stays: f64,
}

impl Place {
    fn new(
        rate: impl Fn(&mut Fit) -> &mut f64 + 'static,
        concerns: impl Fn(&Point) -> bool + 'static,
    ) -> Place {
        Place { rate: Box::new(rate), concerns: Box::new(concerns), stays: STAY }
    }

    fn stays(self, stays: f64) -> Place {
        Place { stays, ..self }
    }

    fn of_all(rate: impl Fn(&mut Fit) -> &mut f64 + 'static) -> Place {
        Place::new(rate, |_| true)
    }
}

fn has(point: &Point, generation: Generation) -> bool {
    point.terms.cards.iter().any(|card| card.generation == generation)
}

fn is_of(point: &Point, class: CpuClass) -> bool {
    matches!(point.terms.host.rate, HostRate::Found { class: found, .. } if found == class)
}

/// The kinds of CPU whose rates are alike where rows are few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MakerOfCpu {
    Intel,
    Amd,
    Other,
}

impl MakerOfCpu {
    const ALL: [MakerOfCpu; 3] = [MakerOfCpu::Intel, MakerOfCpu::Amd, MakerOfCpu::Other];

    fn of(class: CpuClass) -> MakerOfCpu {
        use CpuClass::{AmdAvx2, AmdAvx2First, AmdAvx512, Amx, IntelAvx2, IntelAvx512, IntelAvx512First};
        match class {
            Amx | IntelAvx512 | IntelAvx512First | IntelAvx2 => MakerOfCpu::Intel,
            AmdAvx512 | AmdAvx2 | AmdAvx2First => MakerOfCpu::Amd,
            CpuClass::ArmI8mm | CpuClass::ArmDot | CpuClass::Plain => MakerOfCpu::Other,
        }
    }
}

/// First guess of a link's rate, 10^9 bytes/s: the maker's figure for the links between two sockets in one direction (Intel's
/// 2 to 4 links of 9.6 to 16 × 10^9 transfers/s); a round number where it gives none.
fn link(class: CpuClass) -> f64 {
    match class {
        CpuClass::Amx => 128.0,
        CpuClass::AmdAvx512 => 150.0,
        CpuClass::IntelAvx512 => 67.0,
        CpuClass::IntelAvx512First => 50.0,
        CpuClass::IntelAvx2 => 38.0,
        _ => 60.0,
    }
}

/// Every rate that decode or prefill follows from. A CPU's attention while decoding was measured by ourselves.
fn places(decode: bool) -> Vec<Place> {
    let mut places = Vec::new();
    for (index, Reach { generation, .. }) in FITTED.reach.into_iter().enumerate() {
        let concerns = move |point: &Point| has(point, generation);
        places.push(match decode {
            true => Place::new(move |fit| &mut fit.rates.reach[index].bandwidth, concerns),
            false => Place::new(move |fit| &mut fit.rates.reach[index].tops, concerns),
        });
    }
    for (index, CpuRate { class, .. }) in FITTED.cpus.into_iter().enumerate() {
        let concerns = move |point: &Point| is_of(point, class);
        let rate = match decode {
            true => Place::new(move |fit| &mut fit.rates.cpus[index].decode, concerns),
            false => Place::new(move |fit| &mut fit.rates.cpus[index].prefill, concerns),
        };
        places.push(rate.stays(OF_MAKER));
        if decode {
            places.push(Place::new(move |fit| &mut fit.rates.cpus[index].link, concerns));
        }
    }
    match decode {
        true => places.extend([
            Place::of_all(|fit| &mut fit.rates.cache),
            Place::of_all(|fit| &mut fit.rates.cache_without_flash),
            Place::of_all(|fit| &mut fit.rates.layer),
            Place::of_all(|fit| &mut fit.past.layer),
            Place::of_all(|fit| &mut fit.rates.expert_layer),
            Place::of_all(|fit| &mut fit.rates.expert_layer_amd),
            Place::of_all(|fit| &mut fit.past.expert_layer),
            Place::of_all(|fit| &mut fit.rates.token),
            Place::of_all(|fit| &mut fit.rates.hop),
            Place::of_all(|fit| &mut fit.rates.thread_wait),
            Place::of_all(|fit| &mut fit.rates.hidden_link),
        ]),
        false => places.extend([
            Place::of_all(|fit| &mut fit.rates.prefill_half),
            Place::of_all(|fit| &mut fit.rates.prefill_half_stacked),
            Place::of_all(|fit| &mut fit.rates.prefill_experts),
            Place::of_all(|fit| &mut fit.rates.expert_tokens),
            Place::of_all(|fit| &mut fit.rates.prefill_attention),
            Place::of_all(|fit| &mut fit.rates.prefill_attention_amd),
            Place::of_all(|fit| &mut fit.rates.score_bytes),
            Place::of_all(|fit| &mut fit.rates.batch_reads),
            Place::of_all(|fit| &mut fit.rates.batch_layer),
            Place::of_all(|fit| &mut fit.past.batch_layer),
            Place::of_all(|fit| &mut fit.past.unpacked),
            Place::of_all(|fit| &mut fit.rates.prefill_split),
            Place::of_all(|fit| &mut fit.rates.pipeline),
            Place::of_all(|fit| &mut fit.rates.copied_gb_s),
            Place::of_all(|fit| &mut fit.rates.prefill_host_attention),
            Place::of_all(|fit| &mut fit.rates.prefill_host_attention_without_flash),
            Place::of_all(|fit| &mut fit.rates.prefill_tables).stays(OF_FEW),
            Place::of_all(|fit| &mut fit.past.matrices).stays(OF_FEW),
            Place::of_all(|fit| &mut fit.past.legacy).stays(OF_FEW),
            Place::of_all(|fit| &mut fit.rates.prefill_beside_tiles),
            Place::of_all(|fit| &mut fit.rates.prefill_growth),
            Place::of_all(|fit| &mut fit.rates.prefill_on_nodes),
        ]),
    }
    places
}

/// Each rate beside the program's, by how the fit names it, of those that rows were seen of.
pub fn beside_fitted(fit: &Fit) -> Vec<(String, f64, f64)> {
    let (mut own, mut fitted) = (fit.clone(), Fit { rates: FITTED, past: PAST });
    let rates = &fit.rates;
    let mut pairs = Vec::new();
    for reach in rates.reach.iter().filter(|reach| reach.seen) {
        let other = FITTED.reach(reach.generation);
        pairs.push((format!("{:?} bandwidth", reach.generation), reach.bandwidth, other.bandwidth));
        pairs.push((format!("{:?} tops", reach.generation), reach.tops, other.tops));
    }
    for cpu in rates.cpus.iter().filter(|cpu| cpu.seen) {
        let other = FITTED.cpu(cpu.class);
        pairs.push((format!("{:?} decode", cpu.class), cpu.decode, other.decode));
        pairs.push((format!("{:?} prefill", cpu.class), cpu.prefill, other.prefill));
        pairs.push((format!("{:?} link", cpu.class), cpu.link, other.link));
    }
    for decode in [true, false] {
        // Links are beside the other rates of their CPU.
        let kinds = FITTED.reach.len() + if decode { 2 } else { 1 } * FITTED.cpus.len();
        for (index, place) in places(decode).iter().enumerate().skip(kinds) {
            let name = format!("{} {}", if decode { "decode" } else { "prefill" }, index - kinds);
            pairs.push((name, *(place.rate)(&mut own), *(place.rate)(&mut fitted)));
        }
    }
    pairs
}

/// Round numbers to begin with, the same for every generation and class.
fn start() -> Fit {
    let mut rates = FITTED.clone();
    for reach in &mut rates.reach {
        (reach.bandwidth, reach.tops) = (0.75, 0.2);
    }
    for cpu in &mut rates.cpus {
        (cpu.decode, cpu.prefill, cpu.link) = (0.05, 0.07, link(cpu.class));
    }
    let rates = Rates {
        cache: 0.8,
        cache_without_flash: 2.5,
        layer: 50e-6,
        expert_layer: 50e-6,
        expert_layer_amd: 50e-6,
        token: 500e-6,
        hop: 300e-6,
        prefill_half: 1.6,
        prefill_half_stacked: 2.3,
        prefill_experts: 1.0,
        expert_tokens: 10.0,
        prefill_attention: 0.6,
        prefill_attention_amd: 0.3,
        score_bytes: 20.0,
        batch_reads: 1.0,
        batch_layer: 200e-6,
        prefill_split: 1.0,
        pipeline: 0.8,
        copied_gb_s: 20.0,
        thread_wait: 2e-6,
        hidden_link: 35.0,
        prefill_host_attention: 0.2,
        prefill_host_attention_without_flash: 0.4,
        prefill_tables: 0.75,
        prefill_beside_tiles: 1e-9,
        prefill_growth: 0.9,
        prefill_on_nodes: 1.3,
        ..rates
    };
    Fit {
        rates,
        past: Past {
            layer: 1.5,
            expert_layer: 1.5,
            batch_layer: 1.5,
            unpacked: 0.6,
            matrices: 1.0,
            legacy: 1.2,
        },
    }
}

fn error(point: &Point, ages: &ByAge) -> f64 {
    let rates = ages.get(point.row.age(), &point.terms);
    let predicted = match point.decode {
        true => point.terms.decode(rates, End::Expected),
        false => point.terms.prefill(rates, End::Expected),
    };
    (predicted / point.published).ln()
}

/// Weight of each point: those of one machine with cards and one file, at several depths, count together as one, and so do
/// all of our own machine.
fn shares(points: &[&&Point]) -> Vec<f64> {
    let key = |point: &Point| match point.row.is_own() {
        true => (point.row.machine.clone(), String::new(), String::new()),
        false => (point.row.machine.clone(), point.row.model.clone(), point.row.quant.clone()),
    };
    let mut counts: BTreeMap<_, f64> = BTreeMap::new();
    points.iter().for_each(|point| *counts.entry(key(point)).or_default() += 1.0);
    let share = |point: &&&Point| match point.row.cards == 0 && !point.row.is_own() {
        true => 1.0,
        false => 1.0 / counts[&key(point)],
    };
    points.iter().map(share).collect()
}

/// Least squares of the logarithms of errors, in which large errors count by their size (Gauss-Newton, reweighted).
/// `near` is whether each kind of CPU stays near where it began.
fn fit(points: &[&Point], decode: bool, near: bool, fit: &mut Fit) {
    let places = places(decode);
    let points: Vec<&&Point> = points.iter().filter(|point| point.decode == decode).collect();
    let stays: Vec<f64> = places.iter().map(|place| if near { place.stays } else { STAY }).collect();
    let begun: Vec<f64> = places.iter().map(|place| (place.rate)(fit).ln()).collect();
    let shares = shares(&points);
    let n = places.len();
    for _ in 0..STEPS {
        let (mut matrix, mut right) = (vec![vec![0.0; n]; n], vec![0.0; n]);
        let ages = fit.ages();
        let errors: Vec<f64> = points.iter().map(|point| error(point, &ages)).collect();
        const STEP: f64 = 1e-3;
        let slopes = places.iter().map(|place| {
            let mut moved = fit.clone();
            *(place.rate)(&mut moved) *= f64::exp(STEP);
            let moved = moved.ages();
            let slope = |(point, error): (&&&Point, &f64)| match (place.concerns)(point) {
                true => (self::error(point, &moved) - error) / STEP,
                false => 0.0,
            };
            points.iter().zip(&errors).map(slope).collect::<Vec<f64>>()
        });
        let slopes: Vec<Vec<f64>> = slopes.collect();
        let robust = |(error, share): (&f64, &f64)| share / (1.0 + (error / ROBUST).powi(2)).sqrt();
        let weights: Vec<f64> = errors.iter().zip(&shares).map(robust).collect();
        for i in 0..n {
            for j in 0..=i {
                let products = slopes[i].iter().zip(&slopes[j]).zip(&weights);
                let sum: f64 = products.map(|((a, b), weight)| a * b * weight).sum();
                (matrix[i][j], matrix[j][i]) = (sum, sum);
            }
            let products = slopes[i].iter().zip(&errors).zip(&weights);
            right[i] = -products.map(|((slope, error), weight)| slope * error * weight).sum::<f64>();
            matrix[i][i] += stays[i];
            right[i] -= stays[i] * ((places[i].rate)(fit).ln() - begun[i]);
        }
        let change = solved(matrix, right);
        for (place, change) in places.iter().zip(change) {
            *(place.rate)(fit) *= change.clamp(-0.5, 0.5).exp();
        }
    }
}

/// Gaussian elimination of a positive definite matrix.
fn solved(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for i in 0..n {
        let pivot = matrix[i].clone();
        for row in i + 1..n {
            let factor = matrix[row][i] / pivot[i];
            matrix[row].iter_mut().zip(&pivot).for_each(|(value, above)| *value -= factor * above);
            right[row] -= factor * right[i];
        }
    }
    for i in (0..n).rev() {
        let known: f64 = matrix[i][i + 1..].iter().zip(&right[i + 1..]).map(|(value, x)| value * x).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    right
}

/// Fits answers or prompts: each CPU alone, and once more from the middle of its maker's, so that one of few rows is like
/// the others.
fn fit_near_makers(points: &[&Point], decode: bool, all: &mut Fit) {
    let has_rows = |class: CpuClass| {
        let mut of = points.iter().filter(|point| point.decode == decode && point.row.cards == 0);
        of.any(|point| is_of(point, class))
    };
    // Tiles are unlike the other units of their maker.
    let apart = |class: CpuClass| !decode && class == CpuClass::Amx;
    let rate = |cpu: &CpuRate| if decode { cpu.decode } else { cpu.prefill };
    let mut alone = all.clone();
    fit(points, decode, false, &mut alone);
    for maker in MakerOfCpu::ALL {
        let cpus = || alone.rates.cpus.iter().filter(|cpu| has_rows(cpu.class) && !apart(cpu.class));
        let mut seen: Vec<&CpuRate> = cpus().filter(|cpu| MakerOfCpu::of(cpu.class) == maker).collect();
        if seen.is_empty() {
            seen = cpus().collect();
        }
        let logs: f64 = seen.iter().map(|cpu| rate(cpu).ln()).sum();
        let middle = (logs / seen.len().max(1) as f64).exp();
        let own = all.rates.cpus.iter_mut().filter(|cpu| MakerOfCpu::of(cpu.class) == maker);
        own.for_each(|cpu| match decode {
            true => cpu.decode = middle,
            false => cpu.prefill = if apart(cpu.class) { TILES * middle } else { middle },
        });
    }
    fit(points, decode, true, all);
}

/// The rates of these rows. A generation with fewer than [`SEEN`] rows has the middle of the others' rates.
pub fn rates(points: &[&Point]) -> Fit {
    let mut all = start();
    fit_near_makers(points, true, &mut all);
    fit_near_makers(points, false, &mut all);
    let rates = &mut all.rates;
    let rows = |wanted: &dyn Fn(&Point) -> bool| {
        points.iter().filter(|point| wanted(point)).map(|point| &point.row.id).collect::<BTreeSet<_>>().len()
    };
    for reach in &mut rates.reach {
        reach.seen = rows(&|point| has(point, reach.generation)) >= SEEN;
    }
    for cpu in &mut rates.cpus {
        // Plain is what is left of several makers.
        let rows = rows(&|point| point.row.cards == 0 && is_of(point, cpu.class));
        cpu.seen = rows > 0 && cpu.class != CpuClass::Plain;
    }
    let seen = rates.reach.iter().filter(|reach| reach.seen);
    let bandwidth = middle(seen.clone().map(|reach| reach.bandwidth));
    let tops = middle(seen.map(|reach| reach.tops));
    for reach in rates.reach.iter_mut().filter(|reach| !reach.seen) {
        (reach.bandwidth, reach.tops) = (bandwidth, tops);
    }
    all
}

fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Every point with the interval by rates that were fitted without all points of the same `key`, of our `own` too.
pub fn left_out(points: &[Point], own: &[Point], key: impl Fn(&Point) -> String + Sync) -> Vec<Point> {
    let mut parts: BTreeMap<String, Vec<&Point>> = BTreeMap::new();
    points.iter().for_each(|point| parts.entry(key(point)).or_default().push(point));
    let parts: Vec<(String, Vec<&Point>)> = parts.into_iter().collect();
    let predicted = |(name, part): &(String, Vec<&Point>)| -> Vec<Point> {
        let others: Vec<&Point> = points.iter().chain(own).filter(|point| key(point) != *name).collect();
        let ages = rates(&others).ages();
        part.iter().map(|point| point.planned_by(&ages)).collect()
    };
    let half = parts.len().div_ceil(2);
    std::thread::scope(|scope| {
        let workers = parts.chunks(half.max(1)).map(|parts| {
            let predicted = &predicted;
            scope.spawn(move || parts.iter().flat_map(predicted).collect::<Vec<_>>())
        });
        let workers: Vec<_> = workers.collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a fit")).collect()
    })
}

/// The card; of a machine without, the CPU of one cloud.
pub fn card(point: &Point) -> String {
    let cloud = point.row.machine.split('/').next().unwrap_or_default();
    match point.row.cards {
        0 => format!("{cloud} {}", point.row.cpu_name),
        _ => point.row.card.clone(),
    }
}

pub fn model(point: &Point) -> String {
    point.row.model.clone()
}
