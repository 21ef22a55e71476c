//! Graphics cards as catalogues name them, and which card that is. `profiles/cards.csv`, compiled in.

use super::generation::Generation;
use super::link::Link;
use super::rows::Table;
use std::sync::LazyLock;

/// One card in one size.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Name in catalogues, `squashed`.
    pub key: String,
    /// Memory by the box, GB.
    pub gb: f64,
    /// Name and memory that the driver reports.
    pub name: String,
    /// Memory that the driver reports, MiB.
    pub vram_mib: u64,
    /// 10^9 bytes/s.
    pub bandwidth_gb_s: f64,
    /// How cards of this kind are always connected; `None` where the name does not tell.
    pub link: Option<Link>,
    /// Selects the shares of its peaks that llama.cpp reaches (`plan::speed`).
    pub generation: Generation,
    /// Dense peak of the instructions that multiply quantised matrices, 10^12 operations/s.
    pub tops: f64,
    /// Figures of the two that no source confirms.
    pub unsure: Unsure,
}

/// Figures of a card that are not known for certain, which makes a plan's interval wider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsure {
    /// The peak of its memory.
    pub bandwidth: bool,
    /// The peak of its matrix instructions.
    pub tops: bool,
}

impl Unsure {
    /// A card without a row: both figures are another card's.
    pub const ALL: Unsure = Unsure { bandwidth: true, tops: true };

    /// Reads the names of figures, separated by spaces.
    fn read(names: &str) -> Result<Unsure, String> {
        let mut unsure = Unsure::default();
        for name in names.split_whitespace() {
            match name {
                "bandwidth" => unsure.bandwidth = true,
                "tops" => unsure.tops = true,
                other => return Err(format!("a card has no figure {other:?}")),
            }
        }
        Ok(unsure)
    }
}

static CARDS: LazyLock<Vec<Card>> = LazyLock::new(|| {
    let table = Table::read(include_bytes!("../../profiles/cards.csv")).expect("a header");
    let card = |fields: &super::rows::Fields| -> Result<Card, String> {
        Ok(Card {
            key: fields.need("key")?.to_string(),
            gb: fields.need_number("gb")?,
            name: fields.need("name")?.to_string(),
            vram_mib: fields.need_number("vram_mib")? as u64,
            bandwidth_gb_s: fields.need_number("bandwidth")?,
            link: fields.text("link").map(str::parse).transpose()?,
            generation: fields.need("generation")?.parse()?,
            tops: fields.need_number("tops")?,
            unsure: Unsure::read(fields.text("unsure").unwrap_or_default())?,
        })
    };
    table.rows().map(|(_, fields)| card(&fields?)).collect::<Result<_, _>>().expect("checked by a test")
});

/// Returns every card of `profiles/cards.csv`, in the order of the file. The sources of its numbers are named
/// there.
pub fn all() -> &'static [Card] {
    &CARDS
}

/// The card that the driver calls `name`.
pub fn named(name: &str) -> Option<&'static Card> {
    all().iter().find(|card| card.name == name)
}

/// 10^9 bytes/s of the card that the driver calls `name`.
pub fn bandwidth(name: &str) -> Option<f64> {
    named(name).map(|card| card.bandwidth_gb_s)
}

/// The card that the driver calls `name`, and the share of it that this name means: `NVIDIA L4-6Q` is a quarter of
/// an L4, whose time NVIDIA's vGPU shares out as its memory. Where cards share a name, the one with the memory
/// nearest to `vram_mib` is taken.
pub fn part(name: &str, vram_mib: u64) -> Option<(&'static Card, f64)> {
    let same = all().iter().filter(|card| card.name == name);
    if let Some(card) = same.min_by_key(|card| card.vram_mib.abs_diff(vram_mib)) {
        return Some((card, 1.0));
    }
    let (whole, profile) = name.rsplit_once('-')?;
    let gb: f64 = profile.strip_suffix(['Q', 'C', 'B', 'A'])?.parse().ok().filter(|gb| *gb > 0.0)?;
    let cards = all().iter().filter(|card| card.name == whole || card.name.starts_with(&format!("{whole} ")));
    let card = cards.min_by(|a, b| a.gb.total_cmp(&b.gb))?;
    Some((card, (gb / card.gb).min(1.0)))
}

/// A card that stands in for one that has no row: of its generation, or of all where that is not known; of those
/// with the memory nearest to `vram_mib`, the middle one by bandwidth. Beside it, the share of it that counts: boards
/// with less memory of separate chips have fewer channels and smaller processors too.
pub fn like(generation: Generation, vram_mib: u64) -> (&'static Card, f64) {
    let mut cards: Vec<&Card> = all().iter().filter(|card| card.generation == generation).collect();
    if cards.is_empty() {
        cards = all().iter().collect();
    }
    let far = |card: &Card| (card.vram_mib.max(1) as f64 / vram_mib.max(1) as f64).ln().abs();
    let nearest = cards.iter().map(|card| far(card)).min_by(f64::total_cmp).expect("the table has cards");
    cards.retain(|card| far(card) < nearest + 0.1);
    cards.sort_by(|a, b| a.bandwidth_gb_s.total_cmp(&b.bandwidth_gb_s));
    let card = cards[(cards.len() - 1) / 2];
    let share = (vram_mib.max(1) as f64 / card.vram_mib.max(1) as f64).min(1.0);
    (card, if generation.is_of_chips() { share } else { 1.0 })
}

/// Details that a catalogue gives of a card beside its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// GiB of one card; several where the catalogue leaves open which it means.
    pub gib: Vec<f64>,
    pub board: Board,
    /// The catalogue puts several sizes of a card under one name and one price.
    pub merged: bool,
}

/// How a card sits in its machine, as far as names say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Board {
    pub sxm: bool,
    pub pcie: bool,
    pub nvlink: bool,
}

impl Board {
    /// Reads the board from any of these names.
    pub fn of(names: &[&str]) -> Board {
        let has = |word: &str| names.iter().any(|name| name.to_ascii_uppercase().contains(word));
        Board { sxm: has("SXM"), pcie: has("PCI"), nvlink: has("NVLINK") }
    }

    fn or(self, other: Board) -> Board {
        Board {
            sxm: self.sxm || other.sxm,
            pcie: self.pcie || other.pcie,
            nvlink: self.nvlink || other.nvlink,
        }
    }

    fn link(self) -> Option<Link> {
        if self.sxm || self.nvlink { Some(Link::Nvlink) } else { self.pcie.then_some(Link::Pcie) }
    }
}

/// The card, and how several of them are connected. `None`: no card known here, or it is left open
/// which size it is. Where it is left open whether it sits on an SXM board, it is the slower sister.
pub(crate) fn recognise(name: &str, said: &Said) -> Option<(&'static Card, Option<Link>)> {
    let name = squashed(name);
    let near = |gb: f64, card: &Card| {
        (gb / card.gb - 1.0).abs() < 0.07 || (gb * 1024.0 / card.vram_mib as f64 - 1.0).abs() < 0.07
    };
    let of_size = |card: &&Card| said.gib.is_empty() || said.gib.iter().any(|gib| near(*gib, card));
    let same: Vec<&Card> = all().iter().filter(|card| squashed(&card.name) == name).collect();
    if let [card] = same[..] {
        return (said.merged || of_size(&card)).then_some((card, said.board.link().or(card.link)));
    }
    let key = all().iter().map(|card| card.key.as_str()).filter(|key| name.starts_with(key));
    let key = key.max_by_key(|key| key.len())?;
    let named_gb = decorations(&name[key.len()..])?;
    let board = Board::of(&[&name]).or(said.board);
    let mut cards: Vec<&Card> = all().iter().filter(|card| card.key == key).collect();
    if said.merged {
        let least = cards.iter().map(|card| card.gb).fold(f64::INFINITY, f64::min);
        cards.retain(|card| card.gb == least);
    } else if let Some(gb) = named_gb {
        cards.retain(|card| near(gb, card));
    } else {
        cards.retain(of_size);
    }
    let first = *cards.first()?;
    if cards.iter().any(|card| card.gb != first.gb) {
        return None;
    }
    let wanted = match board {
        Board { pcie: true, .. } => Some(Link::Pcie),
        Board { sxm: true, .. } => Some(Link::Nvlink),
        _ => None,
    };
    let boarded = cards.iter().find(|card| wanted.is_some() && card.link == wanted);
    let slowest = cards.iter().min_by(|a, b| a.bandwidth_gb_s.total_cmp(&b.bandwidth_gb_s));
    boarded.or(slowest).map(|card| (*card, board.link()))
}

/// Words that makers put into every name of a line of cards.
const MAKERS_NAMES: &[&str] = &[
    "NVIDIA", "GEFORCE", "TESLA", "QUADRO", "AMD", "RADEON", "INSTINCT", "INTEL", "ARC", "R", "TM",
    "GRAPHICS",
];

/// Upper case, letters and digits only, without the maker's names.
fn squashed(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    let words = upper.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| !MAKERS_NAMES.contains(word)).collect()
}

/// The size, GB, in what follows a card's key. Only sizes and boards may follow; anything else makes it
/// another card, and that is `None`.
fn decorations(mut rest: &str) -> Option<Option<f64>> {
    let mut gb = None;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            // The first is one card's size; a second is the sum of all.
            gb = gb.or(rest[..digits].parse().ok());
            let unit = &rest[digits..];
            rest = unit.strip_prefix("GB").or(unit.strip_prefix('G'))?;
            continue;
        }
        let words = ["NVLINK", "SXM", "PCIE", "PCI", "HBM"];
        let after = words.iter().find_map(|word| rest.strip_prefix(word))?;
        // SXM4, HBM3: one digit is a version, unless a size begins there.
        let version = after.strip_prefix(|c: char| c.is_ascii_digit());
        let is_version = |rest: &&str| !rest.starts_with(|c: char| c.is_ascii_digit() || c == 'G');
        rest = version.filter(is_version).unwrap_or(after);
    }
    Some(gb)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str, gib: &[f64]) -> Option<(&'static str, Option<Link>)> {
        let said = Said { gib: gib.to_vec(), ..Said::default() };
        recognise(name, &said).map(|(card, link)| (card.name.as_str(), link))
    }

    #[test]
    fn names_of_real_catalogues_are_the_cards_they_mean() {
        let (sxm, pcie) = (Some(Link::Nvlink), Some(Link::Pcie));
        type Row<'a> = (&'a str, &'a [f64], Option<(&'a str, Option<Link>)>);
        let table: &[Row] = &[
            // RunPod, Hyperstack, Verda, Cudo, Vast, Lambda, Nebius as SkyPilot's catalogue has them.
            ("A100-80GB", &[], Some(("NVIDIA A100 80GB PCIe", None))),
            ("A100-80GB-SXM", &[], Some(("NVIDIA A100-SXM4-80GB", sxm))),
            ("A100-80G-PCIe", &[], Some(("NVIDIA A100 80GB PCIe", pcie))),
            ("A100-80G-PCIe-NVLink", &[], Some(("NVIDIA A100 80GB PCIe", sxm))),
            ("A100-80GB-160GB", &[], Some(("NVIDIA A100 80GB PCIe", None))),
            ("NVIDIA A100-SXM4-80GB", &[], Some(("NVIDIA A100-SXM4-80GB", sxm))),
            ("H100-80G-SXM5", &[], Some(("NVIDIA H100 80GB HBM3", sxm))),
            ("NVIDIA H100 80GB HBM3", &[], Some(("NVIDIA H100 80GB HBM3", sxm))),
            ("NVIDIA A100 80GB PCIe", &[], Some(("NVIDIA A100 80GB PCIe", pcie))),
            ("Tesla-V100", &[16.0], Some(("Tesla V100-PCIE-16GB", None))),
            ("RTX-A6000", &[48.0], Some(("NVIDIA RTX A6000", None))),
            ("RTX_4060_Ti", &[16.0], Some(("NVIDIA GeForce RTX 4060 Ti", None))),
            ("RTX_4070S_Ti", &[], Some(("NVIDIA GeForce RTX 4070 Ti SUPER", None))),
            ("RTX3090", &[24.0], Some(("NVIDIA GeForce RTX 3090", None))),
            ("L4", &[24.0], Some(("NVIDIA L4", None))),
            ("L40S", &[45.0], Some(("NVIDIA L40S", None))),
            // Other cards, or no telling which.
            ("A100", &[], None),
            ("A100", &[40.0, 80.0], None),
            ("RTX4090", &[48.0], None),
            ("RTX4090D", &[24.0], None),
            ("T4g", &[16.0], None),
            ("RTX6000", &[24.0], None),
            ("H200", &[141.0], Some(("NVIDIA H200", sxm))),
            ("GH200", &[96.0], Some(("NVIDIA GH200 480GB", None))),
            ("B300", &[275.0], None),
            ("tpu-v6e-8", &[], None),
            ("", &[], None),
        ];
        for (name, gib, wanted) in table {
            assert_eq!(seen(name, gib), *wanted, "{name}");
        }
    }

    #[test]
    fn a_catalogue_that_merges_sizes_sells_the_smallest() {
        let said = Said { gib: vec![80.0], merged: true, ..Said::default() };
        assert_eq!(recognise("A100_SXM4", &said).unwrap().0.name, "NVIDIA A100-SXM4-40GB".to_string());
        assert_eq!(recognise("RTX_4060_Ti", &said).unwrap().0.vram_mib, 8188);
    }

    #[test]
    fn a_figure_that_no_source_confirms_is_named() {
        let unsure = |name: &str| named(name).unwrap().unsure;
        assert_eq!(unsure("NVIDIA GeForce RTX 3090"), Unsure::default());
        assert_eq!(unsure("NVIDIA GeForce RTX 4090 Laptop GPU"), Unsure { tops: true, ..Unsure::default() });
        assert!(unsure("NVIDIA GeForce GT 1030").bandwidth);
        let both = unsure("AMD Instinct MI300A");
        assert_eq!(both, Unsure::ALL);
        assert!(Unsure::read("bandwith").is_err());
    }

    #[test]
    fn a_card_with_less_memory_than_any_of_its_generation_has_less_of_all() {
        let (card, share) = like(Generation::Ada, 3 << 10);
        assert!(card.vram_mib > 6000 && share < 0.51, "{share} of {}", card.name);
        assert_eq!(like(Generation::Ada, 24 << 10).1, 1.0);
    }

    #[test]
    fn every_card_of_a_profile_is_known_with_the_profiles_own_figures() {
        for spec in crate::hardware::profiles::all().iter().flat_map(|profile| &profile.gpus) {
            for name in std::iter::once(&spec.name).chain(&spec.or_better) {
                let bandwidth = bandwidth(name).unwrap_or_else(|| panic!("{name}"));
                assert!(bandwidth >= spec.memory_bandwidth_gb_s, "{name}");
            }
            assert_eq!(bandwidth(&spec.name), Some(spec.memory_bandwidth_gb_s));
        }
    }
}
