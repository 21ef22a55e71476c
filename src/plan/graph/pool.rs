//! Compressed cells of a cache: each stands for several tokens, and is pooled from the states that they leave
//! (src/models/deepseek4.cpp of llama.cpp).

use super::alloc::Id;
use super::cache::{Rotation, rope, rotate, store};
use super::tensors::{Batch, F32, Graph, I64, Op};
use crate::model::shape::{CHOSEN_FROM, compressed_cells};

/// A cache of compressed cells, with its inputs.
pub(super) struct Pool {
    /// Tokens in a cell.
    ratio: u64,
    /// Elements of a cell.
    head: u64,
    /// Cells of one stream.
    pub cells: u64,
    pub mask: Id,
    /// States that are kept of tokens whose cell is not full yet.
    rows: u64,
    place_in_cell: Id,
    kept_from: Id,
    kept_to: Id,
    read: Id,
    written: Id,
    positions: Id,
    rotation: Option<Rotation>,
}

impl Pool {
    pub fn new(
        graph: &mut Graph,
        batch: &Batch,
        ratio: u64,
        head: u64,
        mask_width: u8,
        rotation: Option<Rotation>,
    ) -> Pool {
        let span = if ratio == CHOSEN_FROM { 2 * ratio } else { ratio };
        let rows = span * batch.streams;
        let cells = compressed_cells(batch.cells, ratio);
        let blocks = batch.tokens / ratio + batch.slots;
        let mut numbers = |count: u64| graph.input(F32, [count, 1, 1, 1]);
        let [place_in_cell, kept_from, kept_to, read, positions] =
            [batch.tokens, batch.tokens.min(rows), batch.tokens.min(rows), span * blocks, blocks]
                .map(&mut numbers);
        let written = graph.input(I64, [blocks, 1, 1, 1]);
        let mask = graph.input(mask_width, [cells, batch.tokens / batch.streams, 1, batch.streams]);
        Pool {
            ratio,
            head,
            cells,
            mask,
            rows,
            place_in_cell,
            kept_from,
            kept_to,
            read,
            written,
            positions,
            rotation,
        }
    }

    /// Turns keys as those of this cache are.
    pub fn turn(&self, graph: &mut Graph, x: Id) -> Id {
        self.rotation.map_or(x, |rotation| rotate(graph, rotation, x, true))
    }

    /// Puts the cells that the batch fills into the cache, and the states of tokens after the last into theirs.
    pub fn keep(&self, graph: &mut Graph, batch: &Batch, normed: Id) {
        let width = if self.overlaps() { 2 * self.head } else { self.head };
        let keys = graph.mul_mat(width, normed);
        let scores = graph.mul_mat(width, normed);
        let places = graph.get_rows_of_width(width, self.place_in_cell);
        let scores = graph.add(scores, places);
        let new = [keys, scores];
        let all = new.map(|new| {
            let cache = graph.cache();
            let before = graph.view(cache, [width, self.rows, 1, 1]);
            graph.op([width, self.rows + batch.tokens, 1, 1], &[before, new])
        });
        let [values, ranks] =
            if self.overlaps() { self.overlapping(graph, all) } else { self.apart(graph, all) };
        let shares = graph.scale(ranks);
        let shares = graph.named(shares, Op::SoftMax);
        let pooled = graph.times(values, shares);
        let blocks = graph.dims(pooled)[2];
        let pooled = graph.op([1, self.head, blocks, 1], &[pooled]);
        let pooled = graph.named(pooled, Op::SumRows);
        let pooled = graph.view(pooled, [self.head, 1, blocks, 1]);
        let pooled = graph.op([self.head, 1, blocks, 1], &[pooled]);
        let pooled = graph.norm(pooled, true, false);
        let pooled = rope(graph, self.positions, pooled);
        let pooled = self.turn(graph, pooled);
        let row = graph.view(pooled, [self.head, blocks, 1, 1]);
        store(graph, row, self.written, batch.streams);
        let kept = new.map(|new| {
            let rows = graph.get_rows(new, self.kept_from);
            let cache = graph.cache();
            let place = graph.view(cache, [width, self.rows, 1, 1]);
            graph.view_with(place, [width, self.rows, 1, 1], &[rows, self.kept_to, place])
        });
        kept.into_iter().for_each(|id| graph.expand(id));
    }

    fn overlaps(&self) -> bool {
        self.ratio == CHOSEN_FROM
    }

    /// Rows of each cell by element.
    fn apart(&self, graph: &mut Graph, all: [Id; 2]) -> [Id; 2] {
        all.map(|all| {
            let rows = graph.get_rows(all, self.read);
            let blocks = graph.dims(rows)[1] / self.ratio;
            let by_cell = graph.reshape(rows, [self.head, self.ratio, blocks, 1]);
            turned(graph, by_cell)
        })
    }

    /// The same with those of the cell before: a half of each row is for its own cell, the other for the next.
    fn overlapping(&self, graph: &mut Graph, all: [Id; 2]) -> [Id; 2] {
        all.map(|all| {
            let [width, rows, ..] = graph.dims(all);
            let none = graph.columns(all, width, [width, 1, 1, 1]);
            let none = graph.scale(none);
            let none = graph.reshape(none, [width, 1, 1, 1]);
            let all = graph.op([width, rows + 1, 1, 1], &[all, none]);
            let rows = graph.get_rows(all, self.read);
            let half = graph.dims(rows)[1] / 2;
            let blocks = half / self.ratio;
            let halves = [(); 2].map(|()| {
                let part = graph.columns(rows, self.head, [self.head, half, 1, 1]);
                let part = graph.op([self.head, half, 1, 1], &[part]);
                graph.reshape(part, [self.head, self.ratio, blocks, 1])
            });
            let both = graph.op([self.head, 2 * self.ratio, blocks, 1], &halves);
            turned(graph, both)
        })
    }
}

/// Rows by element, copied.
fn turned(graph: &mut Graph, by_cell: Id) -> Id {
    let [head, rows, blocks, _] = graph.dims(by_cell);
    let view = graph.view(by_cell, [rows, head, blocks, 1]);
    graph.op([rows, head, blocks, 1], &[view])
}
