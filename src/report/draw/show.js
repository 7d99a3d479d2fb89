// Display of each digit. All text is inserted as text, not as HTML.
const SHOWN = 3; // centroids beside each digit
const MOST_CARDS = 60;
const MOST_STROKES = 300;
const FULL_BLOCK = 16;
const CLOSE = 1.05; // ratio of distances up to which a centroid is almost as near
const FEW = 100;    // clusters that misread many digits

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// 8 x 8 numbers as a picture; `full` is full ink.
function picture(values, full, label) {
  const canvas = make("canvas", "cd-picture"), pen = canvas.getContext("2d");
  canvas.width = canvas.height = SIDE;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const image = pen.createImageData(SIDE, SIDE);
  values.forEach((value, at) => {
    const light = 255 - Math.round(255 * Math.min(Math.max(value / full, 0), 1));
    image.data.set([light, light, light, 255], 4 * at);
  });
  pen.putImageData(image, 0, 0);
  return canvas;
}

// A cluster's name, or its number if it has no name.
const called = (model, cluster) => model.names[cluster] ?? `#${cluster}`;

function judge(model, counts, dot) {
  const found = nearest(model, counts, SHOWN) ?? [];
  if (!found.length) return { counts, found, within: false, cluster: null, name: null, why: "these numbers are far too large" };
  const [{ cluster, distance }] = found, name = called(model, cluster);
  const far = model.limit !== null && distance > model.limit;
  const why = dot ? "no more than a dot" : far ? `too far even from ${name}` : "";
  return { counts, found, within: !why, cluster, name, why };
}

const read = digit => (digit.within ? digit.name : "?");

function verdict(model, digit) {
  if (!digit.within) return `not a digit: ${digit.why}`;
  if (model.names[digit.cluster] === null) return "its nearest cluster, which has no name";
  const [first, ...others] = digit.found, other = others.find(near => called(model, near.cluster) !== digit.name);
  if (!other || inUnits(model, other.distance) > CLOSE * inUnits(model, first.distance)) return "by its nearest centroid";
  return `not sure: ${called(model, other.cluster)} is almost as near`;
}

function card(model, digit) {
  const item = make("li", digit.within ? "cd-digit" : "cd-digit cd-none");
  const own = make("div", "cd-own"), words = make("div", "cd-words");
  const full = digit.counts.reduce((most, count) => Math.max(most, count), FULL_BLOCK);
  words.append(make("b", "cd-big", read(digit)), make("p", "cd-verdict", verdict(model, digit)));
  own.append(picture(digit.counts, full, "this digit as 8 x 8 numbers"), words);
  item.append(own);
  if (!digit.found.length) return item;
  const list = make("ol", "cd-near"), furthest = inUnits(model, digit.found[digit.found.length - 1].distance);
  list.setAttribute("aria-label", "nearest centroids");
  for (const near of digit.found) list.append(neighbour(model, near, furthest));
  item.append(list);
  return item;
}

function neighbour(model, { cluster, distance }, furthest) {
  const line = make("li"), name = called(model, cluster), units = inUnits(model, distance), bar = make("i");
  bar.style.width = `${furthest > 0 ? 100 * units / furthest : 0}%`;
  line.append(picture(model.values[cluster], FULL_BLOCK, `centroid of cluster ${cluster}`));
  if (model.names[cluster] !== null) line.append(make("b", "cd-called", name));
  line.append(make("span", "cd-soft cd-called", `cluster ${cluster}`), make("span", "cd-distance", units.toFixed(1)), bar);
  line.title = `${name}: distance ${units}; squared, in steps of the lattice, ${distance}`;
  return line;
}
