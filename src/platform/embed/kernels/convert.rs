//! Converts the published weights of all-MiniLM-L6-v2 (`model.safetensors`) into the file that the program embeds.
//!
//! `convert-model WEIGHTS FILE`. The same weights always give the same bytes, so the result can be pinned by its hash.

#![expect(clippy::print_stderr, reason = "a tool of the build speaks to whoever builds")]

use std::process::ExitCode;
use std::{env, fs};

use cxbox_kernels::shape::{HEAD, HIDDEN, INNER, KINDS, LAYERS, POSITIONS, WORDS};
use cxbox_kernels::{Writer, quantise_rows};
use serde_json::Value;

/// Outputs of a matrix that lie side by side in the file.
const PANEL: usize = 32;

fn main() -> ExitCode {
    match convert() {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            eprintln!("convert-model: {line}");
            ExitCode::FAILURE
        }
    }
}

fn convert() -> Result<(), String> {
    let mut args = env::args_os().skip(1);
    let (Some(from), Some(to), None) = (args.next(), args.next(), args.next()) else {
        return Err("usage: convert-model WEIGHTS FILE".to_owned());
    };
    let bytes = fs::read(&from).map_err(|error| format!("cannot read {}: {error}", from.display()))?;
    let file = write(&Weights::open(&bytes)?)?;
    fs::write(&to, file).map_err(|error| format!("cannot write {}: {error}", to.display()))
}

/// A safetensors file: a length, a table in JSON, then the tensors one after the other.
struct Weights<'a> {
    table: Value,
    data: &'a [u8],
}

impl<'a> Weights<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let damaged = || "the weights are damaged".to_owned();
        let (len, rest) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
        let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| damaged())?;
        let (table, data) = rest.split_at_checked(len).ok_or_else(damaged)?;
        Ok(Self { table: serde_json::from_slice(table).map_err(|error| format!("the weights have no table: {error}"))?, data })
    }

    /// A tensor of so many numbers.
    fn get(&self, name: &str, len: usize) -> Result<Vec<f32>, String> {
        let entry = &self.table[name];
        let place = |i: usize| entry["data_offsets"][i].as_u64().and_then(|place| usize::try_from(place).ok());
        let (Some("F32"), Some(from), Some(to)) = (entry["dtype"].as_str(), place(0), place(1)) else {
            return Err(format!("the weights have no {name} in single precision"));
        };
        let bytes = self.data.get(from..to).filter(|bytes| bytes.len() == len * 4).ok_or_else(|| format!("{name} has another size"))?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}

fn write(weights: &Weights<'_>) -> Result<Vec<u8>, String> {
    let mut writer = Writer::new();
    let (bytes, scales) = quantise_rows(&weights.get("embeddings.word_embeddings.weight", WORDS * HIDDEN)?, HIDDEN);
    writer.bytes(bytes);
    writer.numbers(&scales);
    writer.numbers(&weights.get("embeddings.position_embeddings.weight", POSITIONS * HIDDEN)?);
    writer.numbers(&weights.get("embeddings.token_type_embeddings.weight", KINDS * HIDDEN)?);
    norm(&mut writer, weights, "embeddings")?;
    for layer in (0..LAYERS).map(|layer| format!("encoder.layer.{layer}")) {
        attention(&mut writer, weights, &layer)?;
        linear(&mut writer, weights, &format!("{layer}.attention.output.dense"), HIDDEN, HIDDEN)?;
        norm(&mut writer, weights, &format!("{layer}.attention.output"))?;
        linear(&mut writer, weights, &format!("{layer}.intermediate.dense"), HIDDEN, INNER)?;
        linear(&mut writer, weights, &format!("{layer}.output.dense"), INNER, HIDDEN)?;
        norm(&mut writer, weights, &format!("{layer}.output"))?;
    }
    Ok(writer.finish())
}

fn norm(writer: &mut Writer, weights: &Weights<'_>, place: &str) -> Result<(), String> {
    writer.numbers(&weights.get(&format!("{place}.LayerNorm.weight"), HIDDEN)?);
    writer.numbers(&weights.get(&format!("{place}.LayerNorm.bias"), HIDDEN)?);
    Ok(())
}

/// Query, key and value as one matrix. The factor that scores are multiplied with goes into the query.
fn attention(writer: &mut Writer, weights: &Weights<'_>, layer: &str) -> Result<(), String> {
    let (mut matrix, mut bias) = (Vec::new(), Vec::new());
    for (part, factor) in [("query", 1.0 / (HEAD as f32).sqrt()), ("key", 1.0), ("value", 1.0)] {
        let name = format!("{layer}.attention.self.{part}");
        matrix.extend(weights.get(&format!("{name}.weight"), HIDDEN * HIDDEN)?.iter().map(|value| value * factor));
        bias.extend(weights.get(&format!("{name}.bias"), HIDDEN)?.iter().map(|value| value * factor));
    }
    panels(writer, &matrix, HIDDEN, &bias);
    Ok(())
}

fn linear(writer: &mut Writer, weights: &Weights<'_>, name: &str, depth: usize, width: usize) -> Result<(), String> {
    let matrix = weights.get(&format!("{name}.weight"), depth * width)?;
    panels(writer, &matrix, depth, &weights.get(&format!("{name}.bias"), width)?);
    Ok(())
}

/// Writes a matrix with one row for each output: for each 32 outputs, their numbers for the first input, then for the second, and so on.
fn panels(writer: &mut Writer, matrix: &[f32], depth: usize, bias: &[f32]) {
    let (bytes, scales) = quantise_rows(matrix, depth);
    let mut turned = Vec::with_capacity(bytes.len());
    for panel in bytes.chunks_exact(PANEL * depth) {
        for input in 0..depth {
            turned.extend(panel.iter().skip(input).step_by(depth));
        }
    }
    writer.bytes(turned);
    writer.numbers(&scales);
    writer.numbers(bias);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(table: &str, data: &[u8]) -> Vec<u8> {
        [&(table.len() as u64).to_le_bytes(), table.as_bytes(), data].concat()
    }

    #[test]
    fn tensors_are_found_by_name_and_size() {
        let table = r#"{"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},"b":{"dtype":"F16","data_offsets":[0,4]}}"#;
        let data: Vec<u8> = [0.0_f32, 1.5, -2.0].iter().flat_map(|value| value.to_le_bytes()).collect();
        let file = weights(table, &data);
        let weights = Weights::open(&file).unwrap();
        assert_eq!(weights.get("a", 2).unwrap(), [1.5, -2.0]);
        assert_eq!(weights.get("a", 3).unwrap_err(), "a has another size");
        assert_eq!(weights.get("b", 1).unwrap_err(), "the weights have no b in single precision");
        assert_eq!(weights.get("c", 1).unwrap_err(), "the weights have no c in single precision");
    }

    #[test]
    fn damaged_weights_are_told() {
        assert_eq!(Weights::open(b"PK").err().unwrap(), "the weights are damaged");
        assert_eq!(Weights::open(&u64::MAX.to_le_bytes()).err().unwrap(), "the weights are damaged");
        assert!(Weights::open(&weights("{", &[])).err().unwrap().starts_with("the weights have no table"));
    }

    #[test]
    fn a_panel_goes_from_input_to_input() {
        // Of each output the second number is four times the first.
        let matrix: Vec<f32> = (0..64_u8).flat_map(|i| [f32::from(i + 1) / 4.0, f32::from(i + 1)]).collect();
        let mut writer = Writer::new();
        panels(&mut writer, &matrix, 2, &[0.0; 64]);
        let file = writer.finish();
        // Two panels, of each first all outputs for the first input.
        assert_eq!(file[64..96], [32; 32]);
        assert_eq!(file[96..128], [127; 32]);
        assert_eq!(file[128..160], [32; 32]);
        assert_eq!(file[192..196], (1.0_f32 / 127.0).to_le_bytes());
    }
}
