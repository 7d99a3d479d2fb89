// The lattice and its distances, in exact integers. A difference of at most 2^32 is split in halves of 16 bits: a number
// holds sums of 2^20 products of two halves exactly (2^52 < 2^53). Larger differences use BigInt.
const EXACT = 2 ** 32, HALF = 2 ** 16, OUTSIDE = 2 ** 62;

// To the nearest whole number, ties to even.
function whole(x) {
  const up = Math.round(x); // ties go up
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

// A row -> its lattice coordinates, as in src/lattice/pack.rs; null if it lies too far out.
function place(model, row) {
  const q = row.map((x, j) => {
    const steps = (x - model.offset[j]) * 2 ** -model.exponent[j];
    return Math.abs(steps) < OUTSIDE ? whole(steps) : NaN;
  });
  return q.every(Number.isFinite) ? q : null;
}

function squared(model, q, centroid) {
  let total = 0n, high = 0, middle = 0, low = 0;
  for (let j = 0; j < q.length; j++) {
    const size = Math.abs(q[j] - centroid[j]), shift = model.shift[j];
    if (shift === 0n && size <= EXACT) {
      const l = size % HALF, h = (size - l) / HALF;
      high += h * h;
      middle += h * l;
      low += l * l;
    } else {
      total += (BigInt(q[j]) - BigInt(centroid[j])) ** 2n << shift;
    }
  }
  return total + (BigInt(high) << 32n) + (BigInt(middle) << 17n) + BigInt(low);
}

// All centroids by distance; ties go to the lowest index. Null for a row too far out.
function nearest(model, row, n) {
  const q = place(model, row);
  if (!q) return null;
  const found = [];
  model.centroids.forEach((centroid, cluster) => {
    const distance = squared(model, q, centroid);
    if (found.length === n && distance >= found[n - 1].distance) return;
    let at = found.length;
    while (at > 0 && distance < found[at - 1].distance) at -= 1;
    found.splice(at, 0, { cluster, distance });
    if (found.length > n) found.pop();
  });
  return found;
}

// Converts a squared distance to a distance in the units of the data.
const inUnits = (model, distance) => Math.sqrt(Number(distance)) * 2 ** model.least;

function prepare(model) {
  model.least = Math.min(...model.exponent);
  // D = sum (difference * 2^(p - least))^2: in docs/DEFINITION.md, section 2.6, 4^(max e - e_j) with e_j = max p -
  // p_j
  model.shift = model.exponent.map(p => BigInt(2 * (p - model.least)));
  for (const name of ["limit", "radius"]) model[name] = model[name] === null ? null : BigInt(model[name]);
  return model;
}
