//! Layouts with fewer layers and cards that have the same buffers: most layers repeat, and most cards are like another.

use super::schedule::Layout;
use crate::model::Shape;
use crate::model::shape::LayerKv;
use std::ops::Range;

/// The layers of a shape that repeat.
pub struct Repeats {
    /// The layers, and after how many they repeat; `None` where they do not.
    layers: Option<(Range<usize>, usize)>,
    /// Layers keep states, of which each leaves a little memory in pieces.
    states: bool,
}

/// Most bytes that a layer with states adds to a buffer in pieces that nothing fits: 4.3 KiB were seen.
const PIECES: u64 = 16 << 10;

impl Repeats {
    /// Returns those of `shape`. None with an indexer, whose buffers come to rest later, and none where layers take turns.
    pub fn of(shape: &Shape) -> Repeats {
        let layers = (shape.indexer.is_none() && shape.hrm.is_none())
            .then(|| repeated(&shape.layers, shape.dense_lead))
            .flatten();
        Repeats { layers, states: shape.keeps_states() }
    }

    /// Returns those whose layouts have the very buffers of the whole: none where layers keep states.
    pub fn exact(shape: &Shape) -> Repeats {
        let all = Repeats::of(shape);
        Repeats { layers: all.layers.filter(|_| !all.states), ..all }
    }
}

/// Returns the layers that repeat, and after how many they do; `None` where they do not.
fn repeated(layers: &[LayerKv], dense_lead: usize) -> Option<(Range<usize>, usize)> {
    const LONGEST: usize = 8;
    let trunk = layers.iter().rposition(|layer| !layer.drafts).map_or(0, |last| last + 1);
    let lead = dense_lead.min(trunk);
    let rest = &layers[lead..trunk];
    let repeats = |period: &usize| (*period..rest.len()).all(|at| rest[at] == rest[at - period]);
    let period = (1..=LONGEST.min(rest.len() / 2)).find(repeats)?;
    Some((lead..trunk, period))
}

/// A layout that is worked out in place of another.
pub struct Shortened {
    pub layout: Layout,
    /// Card of `layout` that each card of the other has the buffer of.
    like: Vec<usize>,
    /// Bytes by which a buffer of the other may be larger.
    slack: u64,
}

impl Shortened {
    /// Returns the buffers of all cards of the other layout and of the CPU, from those of this one: the same, or with layers
    /// that keep states up to `slack` more.
    pub fn all(&self, bytes: &[u64]) -> Vec<u64> {
        let cards = self.like.iter().map(|card| bytes[*card]);
        cards.chain(bytes.last().copied()).map(|bytes| bytes + self.slack).collect()
    }

    #[cfg(test)]
    pub fn slack(&self) -> u64 {
        self.slack
    }
}

impl Layout {
    /// Returns a layout with fewer layers and cards that has the same buffers. In a run of layers on equal devices that
    /// repeat after a period, the allocator does with each two periods what it did with the two before. Cards between the
    /// first and the last have equal buffers where they have equal layers. Held by tests/oracle, and by a test
    /// over every known model.
    pub fn shortened(self, repeats: &Repeats) -> Shortened {
        let like = (0..self.cards as usize).collect();
        let Some((middle, period)) = repeats.layers.as_ref() else {
            return Shortened { layout: self, like, slack: 0 };
        };
        let whole = self.layers.len();
        let middle = middle.start.min(self.layers.len())..middle.end.min(self.layers.len());
        let layout = self.with_fewer_layers(&middle, *period, repeats.states);
        let short = layout.with_fewer_cards(middle.start, *period);
        let left_out = whole.saturating_sub(short.layout.layers.len()) as u64;
        Shortened { slack: if repeats.states { PIECES * left_out } else { 0 }, ..short }
    }

    /// Leaves out layers of those in `middle`, and those behind them: they only draft tokens, and are not in the graph.
    /// With `states`, their buffers come to rest later.
    fn with_fewer_layers(self, middle: &Range<usize>, period: usize, states: bool) -> Layout {
        // Layers of each run that stay.
        let enough = if states { (3 * period).max(8) } else { (2 * period).max(4) };
        let short = |count: usize| match count > enough {
            true => enough + (count - enough) % (2 * period),
            false => count,
        };
        let mut runs: Vec<((u8, u8), usize)> = Vec::new();
        let devices = self.layers.iter().copied().zip(self.experts.iter().copied());
        for devices in devices.take(middle.end).skip(middle.start) {
            match runs.last_mut() {
                Some((last, count)) if *last == devices => *count += 1,
                _ => runs.push((devices, 1)),
            }
        }
        let devices = runs.iter().flat_map(|(devices, count)| std::iter::repeat_n(*devices, short(*count)));
        let (layers, experts): (Vec<u8>, Vec<u8>) = devices.unzip();
        let whole = |all: &[u8], short: &[u8]| [&all[..middle.start], short].concat();
        let (layers, experts) = (whole(&self.layers, &layers), whole(&self.experts, &experts));
        Layout { layers, experts, ..self }
    }

    /// Leaves out each card that has the same layers as one before it. Only whole periods go, as the layers behind them
    /// stay in their places of the period.
    fn with_fewer_cards(self, lead: usize, period: usize) -> Shortened {
        let cards = self.cards as usize;
        let mut like: Vec<usize> = Vec::with_capacity(cards);
        // Cards that stay, with their layers where another may be like them.
        let mut kept: Vec<(u8, Option<Range<usize>>)> = Vec::with_capacity(cards);
        let alike = |one: &Range<usize>, other: &Range<usize>| {
            one.len() == other.len() && one.start % period == other.start % period
        };
        for card in 0..self.cards {
            let layers = self.layers_between(card, lead).filter(|layers| layers.len().is_multiple_of(period));
            let same = layers.as_ref().and_then(|layers| {
                kept.iter().position(|(_, known)| known.as_ref().is_some_and(|known| alike(known, layers)))
            });
            like.push(same.unwrap_or(kept.len()));
            if same.is_none() {
                kept.push((card, layers));
            }
        }
        let place = |device: u8| match device == self.cards {
            true => Some(kept.len() as u8),
            false => kept.iter().position(|(card, _)| *card == device).map(|place| place as u8),
        };
        let devices = self.layers.iter().zip(&self.experts);
        let (layers, experts) =
            devices.filter_map(|(one, other)| Some((place(*one)?, place(*other)?))).unzip();
        let output = place(self.output).unwrap_or(self.output);
        let layout = Layout { cards: kept.len() as u8, layers, experts, output, ..self };
        Shortened { layout, like, slack: 0 }
    }

    /// Returns the layers of a card that has neither the first nor the last layer nor the output, where all of them repeat
    /// and have their experts there.
    fn layers_between(&self, card: u8, lead: usize) -> Option<Range<usize>> {
        let first = self.layers.iter().position(|device| *device == card)?;
        let count = self.layers[first..].iter().take_while(|device| **device == card).count();
        let layers = first..first + count;
        let home = self.experts[layers.clone()].iter().all(|device| *device == card);
        let between = card > 0 && card != self.output && first >= lead && layers.end < self.layers.len();
        (between && home).then_some(layers)
    }
}
