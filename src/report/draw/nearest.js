// The lattice and its distances, in exact integers. |difference| <= 2^24 makes a square <= 2^48: a number holds
// the sum of 16 of them exactly (2^52 < 2^53); sums of these are BigInt. Larger differences use BigInt throughout.
const EXACT = 2 ** 24, RUN = 16, WHOLE = 1.5 * 2 ** 52, OUTSIDE = 2 ** 40;

// A row -> its lattice coordinates, as in src/lattice/pack.rs; null if it lies too far out.
function place(model, row) {
  const q = row.map((x, j) => {
    const steps = (x - model.offset[j]) * 2 ** -model.exponent[j];
    return Math.abs(steps) < OUTSIDE ? (steps + WHOLE) - WHOLE : NaN; // to the nearest, ties to even
  });
  return q.every(Number.isFinite) ? q : null;
}

function squared(model, q, centroid) {
  let total = 0n, sum = 0, held = 0;
  for (let j = 0; j < q.length; j++) {
    const difference = q[j] - centroid[j], shift = model.shift[j];
    if (shift === 0n && difference <= EXACT && difference >= -EXACT) {
      if (held === RUN) { total += BigInt(sum); sum = 0; held = 0; }
      sum += difference * difference;
      held += 1;
    } else {
      total += BigInt(difference) ** 2n << shift;
    }
  }
  return total + BigInt(sum);
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
