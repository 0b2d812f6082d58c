// Sound for tests: what a caller said on a recorded call, as a file that Chromium takes for its microphone; and how loud a recording is.
import { writeFileSync } from 'node:fs';

const RATE = 48_000;

/** Samples of each channel of a WAV file: µ-law, or 16 bits. */
export function channels(wav) {
  const format = wav.indexOf('fmt ');
  const data = wav.indexOf('data');
  const [kind, n] = [wav.readUInt16LE(format + 8), wav.readUInt16LE(format + 10)];
  const rate = wav.readUInt32LE(format + 12);
  const bytes = wav.subarray(data + 8);
  const samples = kind === 7 ? Array.from(bytes, linear) : Array.from({ length: bytes.length >> 1 }, (_, at) => bytes.readInt16LE(at * 2));
  return { rate, channels: Array.from({ length: n }, (_, channel) => samples.filter((_, at) => at % n === channel)) };
}

/** µ-law (G.711). */
function linear(byte) {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84;
  return code & 0x80 ? -magnitude : magnitude;
}

/** Seconds in which a channel is loud. */
export function loudSeconds(samples, rate) {
  const piece = rate / 50;
  let n = 0;
  for (let at = 0; at + piece <= samples.length; at += piece) {
    const sum = samples.slice(at, at + piece).reduce((all, sample) => all + Math.abs(sample), 0);
    n += sum / piece > 300 ? 1 : 0;
  }
  return n / 50;
}

/** Writes one channel as a microphone's file: 48 kHz, 16 bits, after some silence. */
export function microphone(path, samples, rate, silence = 0.6) {
  const times = RATE / rate;
  const lead = Math.round(RATE * silence);
  const out = Buffer.alloc(44 + (lead + samples.length * times) * 2);
  out.write('RIFF', 0);
  out.writeUInt32LE(out.length - 8, 4);
  out.write('WAVEfmt ', 8);
  out.writeUInt32LE(16, 16);
  out.writeUInt16LE(1, 20);
  out.writeUInt16LE(1, 22);
  out.writeUInt32LE(RATE, 24);
  out.writeUInt32LE(RATE * 2, 28);
  out.writeUInt16LE(2, 32);
  out.writeUInt16LE(16, 34);
  out.write('data', 36);
  out.writeUInt32LE(out.length - 44, 40);
  samples.forEach((sample, at) => {
    const next = samples[at + 1] ?? sample;
    for (let n = 0; n < times; n += 1) {
      const value = Math.round(sample + ((next - sample) * n) / times);
      out.writeInt16LE(Math.max(-32_768, Math.min(32_767, value)), 44 + (lead + at * times + n) * 2);
    }
  });
  writeFileSync(path, out);
}
