// Strokes -> digits -> bitmaps, in units that do not depend on the screen. A stroke is a list of [x, y]. The board
// shows strokes with a pen scaled to the board. For counting, each digit is drawn with a pen scaled to the digit,
// because the digits of the data all have one size and lines a sixth of their height wide.
const LINES = 80;    // cells of a digit's bitmap between its outermost strokes, along its longer side
const NIB = 8;       // half of the pen's width in such cells: a sixth of 80 + 2 x 8
const OVERLAP = 0.5; // strokes one above the other are one digit if they overlap by this share of the narrower width
const GAP = 0.25;    // a vertical gap of more than this share of the taller one's height separates lines, as does a
                     // lower one of more than half the height
const NARROW = 0.6;  // touching strokes are several digits only if they are wider than this share of their height,
const LOWER = 0.5;   // the lower of two digits is at least this share of the higher one's height,
const RELUCTANCE = 1.3; // and each is nearer to a centroid than the whole, by this factor
const MOST_CUT = 8;  // touching strokes of which digits are made; more are a scribble

class Field {
  constructor(width, height) {
    Object.assign(this, { width, height, pen: Math.round(height / 26) });
    this.clear();
  }

  clear() {
    this.owner = new Int16Array(this.width * this.height).fill(-1); // the stroke that inked a pixel first
    this.strokes = [];
    this.boxes = [];
    this.parent = [];
    this.known = new Map();
  }

  root(stroke) {
    while (this.parent[stroke] !== stroke) stroke = this.parent[stroke];
    return stroke;
  }

  join(a, b) {
    const [low, high] = [this.root(a), this.root(b)].sort((x, y) => x - y);
    this.parent[high] = low;
  }

  begin(at) {
    const stroke = this.strokes.push([at]) - 1;
    this.parent[stroke] = stroke;
    this.boxes[stroke] = { left: this.width, right: -1, top: this.height, bottom: -1 };
    this.ink(stroke, at, at);
    return stroke;
  }

  extend(stroke, at) {
    const points = this.strokes[stroke], last = points[points.length - 1];
    if (last[0] === at[0] && last[1] === at[1]) return;
    points.push(at);
    this.ink(stroke, last, at);
  }

  ink(stroke, from, to) {
    const box = this.boxes[stroke];
    line(from, to, this.pen, this.width, this.height, (x, y) => {
      const at = y * this.width + x, owner = this.owner[at];
      if (owner < 0) this.owner[at] = stroke;
      else if (owner !== stroke) this.join(owner, stroke);
      box.left = Math.min(box.left, x); box.right = Math.max(box.right, x);
      box.top = Math.min(box.top, y); box.bottom = Math.max(box.bottom, y);
    });
  }

  // a tap, perhaps with a small tremble
  dot(strokes) {
    const { across, down } = extent(strokes.map(stroke => this.strokes[stroke]));
    return Math.max(across, down) < 2 * this.pen;
  }

  // Digits in reading order: boxes and bitmaps. `strange` is the distance of a bitmap to the nearest centroid.
  digits(strange) {
    const groups = new Map();
    this.boxes.forEach((box, stroke) => {
      const root = this.root(stroke), found = groups.get(root);
      groups.set(root, found ? { strokes: [...found.strokes, stroke], box: around(found.box, box) } : { strokes: [stroke], box });
    });
    const known = new Map();
    const drawn = strokes => {
      const key = strokes.map(stroke => `${stroke}.${this.strokes[stroke].length}`).join();
      const found = this.known.get(key) ?? this.drawn(strokes, strange);
      known.set(key, found);
      return found;
    };
    const parts = joined([...groups.values()]).flatMap(({ strokes }) => this.cut(strokes, drawn));
    const digits = inOrder(parts.map(strokes => ({ strokes, box: this.box(strokes) }))).map(({ strokes, box }) =>
      ({ box, drawing: drawn(strokes).drawing, dot: this.dot(strokes) }));
    this.known = known;
    return digits;
  }

  drawn(strokes, strange) {
    const drawing = bitmap(strokes.map(stroke => this.strokes[stroke]), this.pen);
    return { drawing, strange: strange(drawing) };
  }

  box(strokes) {
    return strokes.map(stroke => this.boxes[stroke]).reduce(around);
  }

  // The digits of strokes that touch: divided from left to right where both parts look more like digits than the whole.
  cut(strokes, drawn) {
    const { left, right, top, bottom } = this.box(strokes), middle = stroke => this.boxes[stroke].left + this.boxes[stroke].right;
    if (strokes.length < 2 || strokes.length > MOST_CUT || right - left <= NARROW * (bottom - top)) return [strokes];
    const ordered = [...strokes].sort((a, b) => middle(a) - middle(b));
    let least = drawn(strokes).strange, best = null;
    for (let at = 1; at < ordered.length; at++) {
      const parts = [ordered.slice(0, at), ordered.slice(at)].map(part => part.sort((a, b) => a - b));
      const [lower, higher] = parts.map(part => this.box(part)).map(box => box.bottom - box.top).sort((a, b) => a - b);
      if (lower < LOWER * higher) continue;
      const most = RELUCTANCE * Math.max(...parts.map(part => drawn(part).strange));
      if (most < least) [least, best] = [most, parts];
    }
    return best ? best.flatMap(part => this.cut(part, drawn)) : [strokes];
  }
}

// The bitmap of a digit's strokes, scaled to a fixed size: 1 is ink. The scale is limited by the width of the pen,
// so that the tremble of a tap does not become a digit.
function bitmap(strokes, pen) {
  const { left, top, across, down } = extent(strokes);
  const scale = LINES / Math.max(across, down, 2 * pen);
  const width = Math.ceil(across * scale) + 2 * NIB + 1, height = Math.ceil(down * scale) + 2 * NIB + 1;
  const pixels = new Float64Array(width * height);
  const place = ([x, y]) => [(x - left) * scale + NIB, (y - top) * scale + NIB];
  for (const stroke of strokes) {
    const points = stroke.map(place);
    points.forEach((at, i) => line(points[Math.max(i - 1, 0)], at, NIB, width, height, (x, y) => { pixels[y * width + x] = 1; }));
  }
  return { width, height, pixels };
}

// Bounding box of strokes: a corner and the size.
function extent(strokes) {
  const xs = strokes.flat().map(at => at[0]), ys = strokes.flat().map(at => at[1]);
  const least = all => all.reduce((a, b) => Math.min(a, b)), most = all => all.reduce((a, b) => Math.max(a, b));
  const left = least(xs), top = least(ys);
  return { left, top, across: most(xs) - left, down: most(ys) - top };
}

// All pixels of the field within `pen` of a line segment.
function line([x0, y0], [x1, y1], pen, width, height, found) {
  const dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
  const from = (a, b) => Math.max(Math.ceil(Math.min(a, b) - pen), 0);
  const to = (a, b, end) => Math.min(Math.floor(Math.max(a, b) + pen), end - 1);
  for (let y = from(y0, y1); y <= to(y0, y1, height); y++) {
    for (let x = from(x0, x1); x <= to(x0, x1, width); x++) {
      if (near(x - x0, y - y0, dx, dy, length, pen)) found(x, y);
    }
  }
}

// Whether a point lies within `pen` of the segment from 0 to (dx, dy).
function near(px, py, dx, dy, length, pen) {
  const along = px * dx + py * dy;
  if (length === 0 || along <= 0) return px * px + py * py <= pen * pen;
  if (along >= length) return (px - dx) * (px - dx) + (py - dy) * (py - dy) <= pen * pen;
  return (px * dy - py * dx) * (px * dy - py * dx) <= pen * pen * length;
}

function around(a, b) {
  return {
    left: Math.min(a.left, b.left), right: Math.max(a.right, b.right),
    top: Math.min(a.top, b.top), bottom: Math.max(a.bottom, b.bottom),
  };
}

function belong(a, b) {
  const overlap = Math.min(a.right, b.right) - Math.max(a.left, b.left) + 1;
  const narrower = Math.min(a.right - a.left, b.right - b.left) + 1;
  const gap = Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom);
  const [lower, taller] = [a.bottom - a.top + 1, b.bottom - b.top + 1].sort((x, y) => x - y);
  return overlap >= OVERLAP * narrower && (gap <= 0 || (gap <= GAP * taller && 2 * lower <= taller));
}

// Joins overlapping parts until there are none.
function joined(groups) {
  for (let a = 0; a < groups.length; a++) {
    for (let b = a + 1; b < groups.length; b++) {
      if (!belong(groups[a].box, groups[b].box)) continue;
      const [other] = groups.splice(b, 1);
      groups[a] = { strokes: [...groups[a].strokes, ...other.strokes].sort((x, y) => x - y), box: around(groups[a].box, other.box) };
      return joined(groups);
    }
  }
  return groups;
}

// Reading order: line by line, each from left to right. The digits of a line overlap its first one by half of the
// lower one's height.
function inOrder(digits) {
  const lines = [];
  for (const digit of [...digits].sort((a, b) => a.box.top - b.box.top)) {
    const beside = ({ box }) => {
      const overlap = Math.min(box.bottom, digit.box.bottom) - Math.max(box.top, digit.box.top);
      return 2 * overlap >= Math.min(box.bottom - box.top, digit.box.bottom - digit.box.top);
    };
    const line = lines.find(line => beside(line[0]));
    if (line) line.push(digit);
    else lines.push([digit]);
  }
  return lines.flatMap(line => line.sort((a, b) => a.box.left - b.box.left));
}
