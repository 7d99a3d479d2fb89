// Strokes -> bitmaps -> digits, in whole pixels of a field of its own, the same on every screen. A stroke is a
// list of [x, y]. A pixel holds ink if it lies within PEN of a stroke.
const PEN = 11;
const OVERLAP = 0.5; // of the narrower one's width: strokes one above the other are parts of one digit
const GAP = 0.35;    // of the taller one's height: what is further above or below is another line

class Field {
  constructor(width, height) {
    Object.assign(this, { width, height });
    this.clear();
  }

  clear() {
    this.owner = new Int16Array(this.width * this.height).fill(-1); // the stroke that inked a pixel first
    this.boxes = [];
    this.parent = [];
  }

  root(stroke) {
    while (this.parent[stroke] !== stroke) stroke = this.parent[stroke];
    return stroke;
  }

  join(a, b) {
    const [low, high] = [this.root(a), this.root(b)].sort((x, y) => x - y);
    this.parent[high] = low;
  }

  add(stroke, [x0, y0], [x1, y1]) {
    if (this.parent[stroke] === undefined) {
      this.parent[stroke] = stroke;
      this.boxes[stroke] = { left: this.width, right: -1, top: this.height, bottom: -1 };
    }
    const box = this.boxes[stroke], dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
    const from = (a, b) => Math.max(Math.min(a, b) - PEN, 0);
    const to = (a, b, end) => Math.min(Math.max(a, b) + PEN, end - 1);
    for (let y = from(y0, y1); y <= to(y0, y1, this.height); y++) {
      for (let x = from(x0, x1); x <= to(x0, x1, this.width); x++) {
        if (!near(x - x0, y - y0, dx, dy, length)) continue;
        const at = y * this.width + x, owner = this.owner[at];
        if (owner >= 0) { if (owner !== stroke) this.join(owner, stroke); }
        else this.owner[at] = stroke;
        box.left = Math.min(box.left, x); box.right = Math.max(box.right, x);
        box.top = Math.min(box.top, y); box.bottom = Math.max(box.bottom, y);
      }
    }
  }

  // Digits from left to right: boxes with their bitmaps.
  digits() {
    const groups = new Map();
    this.boxes.forEach((box, stroke) => {
      const root = this.root(stroke), known = groups.get(root);
      groups.set(root, known ? { strokes: [...known.strokes, stroke], box: around(known.box, box) } : { strokes: [stroke], box });
    });
    const digits = joined([...groups.values()]);
    digits.sort((a, b) => a.box.left - b.box.left || a.box.top - b.box.top);
    return digits.map(digit => this.bitmap(digit));
  }

  bitmap({ strokes, box }) {
    const mine = new Set(strokes), width = box.right - box.left + 1, height = box.bottom - box.top + 1;
    const pixels = new Float64Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const owner = this.owner[(box.top + y) * this.width + box.left + x];
        if (owner >= 0 && mine.has(owner)) pixels[y * width + x] = 1;
      }
    }
    return { box, width, height, pixels };
  }
}

// Whether a point lies within PEN of the segment from 0 to (dx, dy): in whole numbers below 2^53, so exactly.
function near(px, py, dx, dy, length) {
  const along = px * dx + py * dy;
  if (length === 0 || along <= 0) return px * px + py * py <= PEN * PEN;
  if (along >= length) return (px - dx) ** 2 + (py - dy) ** 2 <= PEN * PEN;
  return (px * dy - py * dx) ** 2 <= PEN * PEN * length;
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
  const taller = Math.max(a.bottom - a.top, b.bottom - b.top) + 1;
  return overlap >= OVERLAP * narrower && gap <= GAP * taller;
}

// Parts that lie over one another, until none do.
function joined(groups) {
  for (let a = 0; a < groups.length; a++) {
    for (let b = a + 1; b < groups.length; b++) {
      if (!belong(groups[a].box, groups[b].box)) continue;
      const [other] = groups.splice(b, 1);
      groups[a] = { strokes: [...groups[a].strokes, ...other.strokes], box: around(groups[a].box, other.box) };
      return joined(groups);
    }
  }
  return groups;
}
