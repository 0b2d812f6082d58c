//! The encoder: token ids in, one vector of length one for each text out. Padding never enters it.

use crate::elementwise::{Norm, gelu_all, layer_norm, softmax};
use crate::file::{FileError, Reader, read};
use crate::isa::Isa;
use crate::product::{PANEL, Panel, Product, Turned, Whole, WholeProduct};
use crate::shape::{HEAD, HEADS, HIDDEN, INNER, KINDS, LAYERS, POSITIONS, WORDS};

/// Tokens that are worked on together: enough to use each weight often, few enough that their states stay in the cache.
const TOGETHER: usize = 512;
/// Query, key and value of a token lie side by side.
const TRIPLE: usize = 3 * HIDDEN;

/// Weights of one linear layer: panels of 32 outputs.
struct Linear<'a> {
    rows: &'a [[i8; PANEL]],
    scale: &'a [[f32; PANEL]],
    bias: &'a [[f32; PANEL]],
}

struct Layer<'a> {
    attend: Linear<'a>,
    gather: Linear<'a>,
    after_attention: Norm<'a>,
    widen: Linear<'a>,
    narrow: Linear<'a>,
    after_inner: Norm<'a>,
}

/// The model, as slices of its file. Cheap to make and to share between threads.
pub struct Encoder<'a> {
    isa: Isa,
    words: &'a [[i8; HIDDEN]],
    word_scales: &'a [f32],
    positions: &'a [[f32; HIDDEN]],
    kind: &'a [f32],
    norm: Norm<'a>,
    layers: Vec<Layer<'a>>,
}

impl<'a> Encoder<'a> {
    /// Opens a converted model for the best instructions of this processor.
    pub fn open(file: &'a [u8]) -> Result<Self, FileError> {
        Self::open_for(Isa::best(), file)
    }

    /// Opens a converted model for chosen instructions.
    pub fn open_for(isa: Isa, file: &'a [u8]) -> Result<Self, FileError> {
        read(file, |reader| {
            Ok(Self {
                isa,
                words: reader.bytes(WORDS)?,
                word_scales: reader.numbers(WORDS)?,
                positions: reader.numbers(POSITIONS * HIDDEN)?.as_chunks().0,
                kind: &reader.numbers(KINDS * HIDDEN)?[..HIDDEN],
                norm: norm(reader)?,
                layers: (0..LAYERS).map(|_| layer(reader)).collect::<Result<_, _>>()?,
            })
        })
    }

    /// One vector for each text, one after the other. Work is shared by up to `n_threads` threads, the caller's included.
    ///
    /// An id beyond the vocabulary counts as its last word, a position beyond the longest text as the last one, a text without tokens is
    /// a vector of zeros.
    pub fn embed(&self, texts: &[&[u32]], n_threads: usize) -> Vec<f32> {
        let mut out = vec![0.0; texts.len() * HIDDEN];
        let n_tokens: usize = texts.iter().map(|text| text.len()).sum();
        let share = n_tokens.div_ceil(n_threads.max(1)).max(1);
        std::thread::scope(|scope| {
            let (mut texts, mut out) = (texts, out.as_mut_slice());
            while !texts.is_empty() {
                let (mine, later) = texts.split_at(until(texts, share));
                let (place, rest) = out.split_at_mut(mine.len() * HIDDEN);
                (texts, out) = (later, rest);
                if texts.is_empty() {
                    self.embed_here(mine, place);
                } else {
                    scope.spawn(move || self.embed_here(mine, place));
                }
            }
        });
        out
    }

    fn embed_here(&self, mut texts: &[&[u32]], mut out: &mut [f32]) {
        let mut room = Room::default();
        while !texts.is_empty() {
            let (mine, later) = texts.split_at(within(texts, TOGETHER));
            let (place, rest) = out.split_at_mut(mine.len() * HIDDEN);
            self.forward(mine, &mut room, place);
            (texts, out) = (later, rest);
        }
    }

    fn forward(&self, texts: &[&[u32]], room: &mut Room, out: &mut [f32]) {
        let n_tokens: usize = texts.iter().map(|text| text.len()).sum();
        room.fit(n_tokens, texts.iter().map(|text| text.len()).max().unwrap_or(0));
        room.bytes.left.of_texts(texts.iter().map(|text| text.len()));
        self.look_up(texts, &mut room.state);
        layer_norm(self.isa, &mut room.state, self.norm);
        for layer in &self.layers {
            self.apply(&layer.attend, &room.state, None, &mut room.bytes, &mut room.triples);
            let (mut triples, mut heads) = (room.triples.as_slice(), room.heads.as_mut_slice());
            for text in texts {
                let (mine, later) = triples.split_at(text.len() * TRIPLE);
                let (place, rest) = heads.split_at_mut(text.len() * HIDDEN);
                attend(self.isa, mine, place, &mut room.attention);
                (triples, heads) = (later, rest);
            }
            self.apply(&layer.gather, &room.heads, Some(&room.state), &mut room.bytes, &mut room.attended);
            layer_norm(self.isa, &mut room.attended, layer.after_attention);
            self.apply(&layer.widen, &room.attended, None, &mut room.bytes, &mut room.inner);
            gelu_all(self.isa, &mut room.inner);
            self.apply(&layer.narrow, &room.inner, Some(&room.attended), &mut room.bytes, &mut room.state);
            layer_norm(self.isa, &mut room.state, layer.after_inner);
        }
        pool(texts, &room.state, out);
    }

    /// The first state of each token: its word, its place and its kind, added up.
    fn look_up(&self, texts: &[&[u32]], state: &mut [f32]) {
        let tokens = texts.iter().flat_map(|text| text.iter().enumerate());
        for ((place, token), state) in tokens.zip(state.as_chunks_mut::<HIDDEN>().0) {
            let word = (*token as usize).min(WORDS - 1);
            let (row, scale, position) = (&self.words[word], self.word_scales[word], &self.positions[place.min(POSITIONS - 1)]);
            for (((state, byte), position), kind) in state.iter_mut().zip(row).zip(position).zip(self.kind) {
                *state = f32::from(*byte) * scale + position + kind;
            }
        }
    }

    /// One linear layer. Where the processor multiplies bytes, the left side becomes whole numbers first, once for all panels.
    fn apply(&self, linear: &Linear<'_>, left: &[f32], added: Option<&[f32]>, bytes: &mut Bytes, out: &mut [f32]) {
        let n_panels = linear.scale.len();
        let (depth, out_stride) = (linear.rows.len() / n_panels, n_panels * PANEL);
        let is_whole = Whole::suits(self.isa);
        if is_whole {
            bytes.left.fill(self.isa, left, depth);
        }
        let panels = linear.rows.chunks_exact(depth).zip(linear.scale).zip(linear.bias);
        for (i, ((rows, scale), bias)) in panels.enumerate() {
            let (added, out) = (added.map(|added| &added[i * PANEL..]), &mut out[i * PANEL..]);
            if is_whole {
                bytes.panel.fill(self.isa, rows);
                WholeProduct { left: &bytes.left, panel: &bytes.panel, scale, bias, added, out_stride }.run(self.isa, out);
            } else {
                let panel = Panel::Bytes { rows, scale, bias };
                Product { left, left_stride: depth, n_rows: left.len() / depth, panel, added, out_stride }.run(self.isa, out);
            }
        }
    }
}

/// How many texts from the front have `n_tokens` tokens at most; one, if that one is longer.
fn within(texts: &[&[u32]], n_tokens: usize) -> usize {
    let mut sum = 0;
    let fitting = texts.iter().take_while(|text| {
        sum += text.len();
        sum <= n_tokens
    });
    fitting.count().max(1)
}

/// How many texts from the front it takes to have `n_tokens` tokens or more; all, if there are not so many.
fn until(texts: &[&[u32]], n_tokens: usize) -> usize {
    let mut sum = 0;
    let needed = texts.iter().take_while(|text| {
        let short = sum < n_tokens;
        sum += text.len();
        short
    });
    needed.count()
}

fn norm<'a>(reader: &mut Reader<'a>) -> Result<Norm<'a>, FileError> {
    Ok(Norm { scale: reader.numbers(HIDDEN)?, shift: reader.numbers(HIDDEN)? })
}

fn linear<'a>(reader: &mut Reader<'a>, depth: usize, width: usize) -> Result<Linear<'a>, FileError> {
    Ok(Linear {
        rows: reader.bytes(depth * width / PANEL)?,
        scale: reader.numbers(width)?.as_chunks().0,
        bias: reader.numbers(width)?.as_chunks().0,
    })
}

fn layer<'a>(reader: &mut Reader<'a>) -> Result<Layer<'a>, FileError> {
    Ok(Layer {
        attend: linear(reader, HIDDEN, TRIPLE)?,
        gather: linear(reader, HIDDEN, HIDDEN)?,
        after_attention: norm(reader)?,
        widen: linear(reader, HIDDEN, INNER)?,
        narrow: linear(reader, INNER, HIDDEN)?,
        after_inner: norm(reader)?,
    })
}

/// What one pass needs; made for the largest pass and used again.
#[derive(Default)]
struct Room {
    state: Vec<f32>,
    attended: Vec<f32>,
    triples: Vec<f32>,
    heads: Vec<f32>,
    inner: Vec<f32>,
    bytes: Bytes,
    attention: Attention,
}

/// The two sides of a product where the processor multiplies bytes.
#[derive(Default)]
struct Bytes {
    left: Whole,
    panel: Turned,
}

impl Room {
    fn fit(&mut self, n_tokens: usize, longest: usize) {
        for (values, width) in [
            (&mut self.state, HIDDEN),
            (&mut self.attended, HIDDEN),
            (&mut self.triples, TRIPLE),
            (&mut self.heads, HIDDEN),
            (&mut self.inner, INNER),
        ] {
            values.resize(n_tokens * width, 0.0);
        }
        let padded = longest.next_multiple_of(PANEL);
        self.attention.keys.resize(padded / PANEL * HEAD, [0.0; PANEL]);
        self.attention.values.resize(longest, [0.0; HEAD]);
        self.attention.scores.resize(longest * padded, 0.0);
    }
}

/// What the attention of one head works with.
#[derive(Default)]
struct Attention {
    /// Panels of 32 tokens: one row for each number of the head.
    keys: Vec<[f32; PANEL]>,
    values: Vec<[f32; HEAD]>,
    scores: Vec<f32>,
}

/// A head's values are a panel of their own.
const _: () = assert!(HEAD == PANEL);

/// The attention of one text, head by head, into `out`.
fn attend(isa: Isa, triples: &[f32], out: &mut [f32], room: &mut Attention) {
    let n_tokens = triples.len() / TRIPLE;
    if n_tokens == 0 {
        return;
    }
    let stride = n_tokens.next_multiple_of(PANEL);
    let scores = &mut room.scores[..n_tokens * stride];
    for head in (0..HEADS).map(|head| head * HEAD) {
        let keys = &mut room.keys[..stride / PANEL * HEAD];
        keys.fill([0.0; PANEL]);
        for (token, triple) in triples.as_chunks::<TRIPLE>().0.iter().enumerate() {
            let panel = &mut keys[token / PANEL * HEAD..][..HEAD];
            for (row, key) in panel.iter_mut().zip(&triple[HIDDEN + head..]) {
                row[token % PANEL] = *key;
            }
            room.values[token].copy_from_slice(&triple[2 * HIDDEN + head..][..HEAD]);
        }
        let queries = &triples[head..];
        for (i, panel) in keys.chunks_exact(HEAD).enumerate() {
            plain(isa, (queries, TRIPLE), n_tokens, panel, &mut scores[i * PANEL..], stride);
        }
        softmax(isa, scores, n_tokens, stride);
        plain(isa, (scores, stride), n_tokens, &room.values[..n_tokens], &mut out[head..], HIDDEN);
    }
}

fn plain(isa: Isa, (left, left_stride): (&[f32], usize), n_rows: usize, panel: &[[f32; PANEL]], out: &mut [f32], out_stride: usize) {
    Product { left, left_stride, n_rows, panel: Panel::Plain(panel), added: None, out_stride }.run(isa, out);
}

/// The mean of each text's states, brought to length one.
fn pool(texts: &[&[u32]], mut state: &[f32], out: &mut [f32]) {
    for (text, out) in texts.iter().zip(out.as_chunks_mut::<HIDDEN>().0) {
        let (mine, later) = state.split_at(text.len() * HIDDEN);
        state = later;
        out.fill(0.0);
        for token in mine.as_chunks::<HIDDEN>().0 {
            for (sum, value) in out.iter_mut().zip(token) {
                *sum += value;
            }
        }
        let length = out.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        for value in out {
            *value /= length;
        }
    }
}
