// Drawing of any size -> 8 x 8 counts from 0 to 16. The same operations on 64-bit floats, in the same order, as
// src/drawing/normalise.rs, resample.rs and shear.rs: the counts agree to the bit. `drawing` is (height, width).
const SIDE = 8, SIZE = 64, FIELD = 32, BLOCK = 4, WIDTH = 24, STRETCH = 1.5, DIRT = 0.1, PAPER = 0.2, FULL = 0.9;
const TINY = 2.2250738585072014e-308, DARKEST = 12, INKED = 0.5;

// The counts of 64 numbers, as in src/drawing/counts.rs: unchanged if they are counts already.
function counted(values) {
  const whole = values.every(ink => ink >= 0 && ink <= BLOCK * BLOCK && Number.isInteger(ink));
  const inked = row => row.some(ink => ink > 0);
  const counts = whole && values.some(ink => ink >= DARKEST) && inked(values.slice(0, SIDE)) && inked(values.slice(-SIDE));
  return counts ? values : normalise(values, SIDE, SIDE);
}

function normalise(drawing, height, width) {
  let darkest = 0;
  for (const x of drawing) darkest = Math.max(darkest, x);
  if (darkest === 0) return null;
  const ink = Float64Array.from(drawing, x => x / darkest);
  const rows = new Float64Array(height), columns = new Float64Array(width);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      rows[y] = Math.max(rows[y], ink[at]);
      columns[x] = Math.max(columns[x], ink[at]);
    }
  }
  const down = inked(rows), across = inked(columns);
  const newWidth = widthOf(down, across);
  const pixels = resample(ink, height, width, down, across, newWidth);
  let most = TINY;
  for (const x of pixels) most = Math.max(most, x);
  const left = Math.floor((FIELD - newWidth) / 2), field = new Float64Array(FIELD * FIELD);
  pixels.forEach((x, at) => {
    const row = Math.floor(at / newWidth), column = left + at % newWidth;
    field[row * FIELD + column] = Math.min(Math.max((x / most - PAPER) / (FULL - PAPER), 0), 1);
  });
  return count(sheared(field));
}

// Shears about the middle, so that the leftmost ink of the last row lies below that of the first.
function sheared(field) {
  const line = y => field.subarray(y * FIELD, (y + 1) * FIELD), rows = Array.from({ length: FIELD }, (_, y) => y);
  const left = y => line(y).findIndex(ink => ink >= INKED), inked = y => left(y) >= 0;
  const top = rows.find(inked) ?? 0, bottom = rows.findLast(inked) ?? 0;
  const slope = bottom > top ? (left(bottom) - left(top)) / (bottom - top) : 0, middle = (FIELD - 1) / 2;
  const out = new Float64Array(FIELD * FIELD);
  for (const y of rows) {
    const shift = Math.min(Math.max(Math.floor(slope * (middle - y) + 0.5), -FIELD), FIELD);
    if (shift < 0) out.set(line(y).subarray(-shift), y * FIELD);
    else out.set(line(y).subarray(0, FIELD - shift), y * FIELD + shift);
  }
  return out;
}

// The ink of each block.
function count(field) {
  const sums = new Float64Array(SIZE);
  field.forEach((ink, at) => {
    const row = Math.floor(at / FIELD), column = at % FIELD;
    sums[Math.floor(row / BLOCK) * SIDE + Math.floor(column / BLOCK)] += ink;
  });
  return Array.from(sums, Math.round);
}

function inked(darkest) {
  let first = -1, last = -1;
  darkest.forEach((ink, at) => {
    if (ink < DIRT) return;
    if (first < 0) first = at;
    last = at;
  });
  if (first === last) return { from: first, to: first + 1 };
  return { from: (first + 1) - darkest[first], to: last + darkest[last] };
}

function widthOf(rows, columns) {
  const own = FIELD * (columns.to - columns.from) / (rows.to - rows.from);
  const stretched = Math.min(Math.max(WIDTH, own / STRETCH), own * STRETCH);
  return Math.min(Math.max(Math.round(stretched), 1), FIELD);
}

function resample(pixels, height, width, rows, columns, newWidth) {
  const down = mixes(height, rows, FIELD), across = mixes(width, columns, newWidth);
  const out = new Float64Array(FIELD * newWidth), line = new Float64Array(width);
  down.forEach((mix, y) => {
    line.fill(0);
    mix.weights.forEach((weight, i) => {
      const start = (mix.first + i) * width;
      for (let x = 0; x < width; x++) line[x] += weight * pixels[start + x];
    });
    across.forEach((mix, x) => {
      let sum = 0;
      mix.weights.forEach((weight, i) => { sum += weight * line[mix.first + i]; });
      out[y * newWidth + x] = sum;
    });
  });
  return out;
}

function mixes(nOld, span, nNew) {
  const step = (span.to - span.from) / nNew, blur = Math.max(step, 1), all = [];
  for (let i = 0; i < nNew; i++) {
    const centre = span.from + (i + 0.5) * step - 0.5;
    const first = Math.ceil(centre - 2 * blur), last = Math.floor(centre + 2 * blur);
    const weight = old => cubic(Math.abs(old - centre) / blur);
    let sum = 0;
    for (let old = first; old <= last; old++) sum += weight(old);
    const from = Math.max(first, 0), to = Math.min(last + 1, nOld), weights = [];
    for (let old = from; old < to; old++) weights.push(weight(old) / sum);
    all.push({ first: from, weights });
  }
  return all;
}

function cubic(s) {
  if (s < 1) return (1.5 * s - 2.5) * s * s + 1;
  if (s < 2) return ((-0.5 * s + 2.5) * s - 4) * s + 2;
  return 0;
}
