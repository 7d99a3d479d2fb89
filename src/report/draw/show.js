// What is shown of each digit. All text goes in as text.
const SHOWN = 3; // centroids beside each digit
const MOST_CARDS = 60;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// 8 x 8 numbers as a picture, `full` being all ink.
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

// What a cluster is called: its name, or its number where it has none.
const called = (model, cluster) => model.names[cluster] ?? `#${cluster}`;

function judge(model, counts) {
  const found = nearest(model, counts, SHOWN);
  if (!found) return { counts, found: [], name: null, cluster: null };
  const within = model.reach === null || found[0].distance <= model.reach;
  return { counts, found, within, cluster: found[0].cluster, name: called(model, found[0].cluster) };
}

const isDigit = digit => digit.within === true;
const read = digit => (isDigit(digit) ? digit.name : "?");

function card(model, digit) {
  const item = make("li", isDigit(digit) ? "cd-digit" : "cd-digit cd-none");
  const own = make("div", "cd-own");
  const full = Math.max(16, ...digit.counts);
  own.append(picture(digit.counts, full, "your digit as 8 x 8 numbers"), make("b", "cd-big", read(digit)));
  const far = digit.found.length ? `not a digit, as far as this model knows; nearest to ${digit.name}` : "not a digit: too far from all of them";
  item.append(own, make("p", "cd-verdict", isDigit(digit) ? `named ${digit.name}` : far));
  const list = make("ol", "cd-near");
  const furthest = Math.max(...digit.found.map(near => inUnits(model, near.distance)), 1e-300);
  for (const near of digit.found) {
    const line = make("li"), name = called(model, near.cluster), distance = inUnits(model, near.distance);
    const bar = make("i");
    bar.style.width = `${100 * distance / furthest}%`;
    const words = make("span");
    words.append(make("b", "", name), make("span", "cd-soft", ` cluster ${near.cluster}`), make("br"), make("span", "cd-distance", distance.toFixed(1)), bar);
    line.append(picture(model.values[near.cluster], 16, `centroid of cluster ${near.cluster}, ${name}`), words);
    line.title = `distance ${distance}, squared in lattice units ${near.distance}`;
    list.append(line);
  }
  item.append(list);
  return item;
}
