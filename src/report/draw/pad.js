// The board: pointers and keys make strokes. Calls `changed` after each change.
class Pad {
  constructor(canvas, changed) {
    Object.assign(this, { canvas, changed, strokes: [], pens: new Map(), pen: null });
    if (canvas.parentElement.clientWidth < 480) canvas.height = 520; // a phone: room for a finger
    this.field = new Field(canvas.width, canvas.height);
    this.cursor = [canvas.width / 2, canvas.height / 4];
    canvas.addEventListener("pointerdown", event => this.down(event));
    canvas.addEventListener("pointermove", event => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, event => this.up(event));
    canvas.addEventListener("keydown", event => this.key(event));
    canvas.addEventListener("blur", () => { this.pen = null; this.show(); });
    canvas.addEventListener("focus", () => this.show());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show());
  }

  place(event) {
    const { canvas } = this, box = canvas.getBoundingClientRect();
    const scaled = (at, from, size, n) => Math.min(Math.max(Math.round((at - from) * n / size), 0), n - 1);
    return [scaled(event.clientX, box.left, box.width, canvas.width), scaled(event.clientY, box.top, box.height, canvas.height)];
  }

  down(event) {
    if (event.button !== 0 || this.pens.has(event.pointerId)) return;
    try { this.canvas.setPointerCapture(event.pointerId); } catch { /* a pointer that is gone already */ }
    this.keys = false;
    this.pens.set(event.pointerId, this.begin(this.place(event)));
  }

  move(event) {
    const stroke = this.pens.get(event.pointerId);
    if (stroke === undefined) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const part of events.length ? events : [event]) this.extend(stroke, this.place(part));
    this.redraw();
  }

  up(event) {
    this.pens.delete(event.pointerId);
  }

  begin(at) {
    this.strokes.push([at]);
    const stroke = this.strokes.length - 1;
    this.field.add(stroke, at, at);
    this.redraw();
    return stroke;
  }

  extend(stroke, at) {
    const points = this.strokes[stroke], last = points[points.length - 1];
    if (last[0] === at[0] && last[1] === at[1]) return;
    this.field.add(stroke, last, at);
    points.push(at);
  }

  key(event) {
    const step = event.shiftKey ? 40 : 8;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const move = moves[event.key], { canvas } = this;
    if (move) {
      const within = (at, n) => Math.min(Math.max(at, 0), n - 1);
      this.cursor = [within(this.cursor[0] + move[0], canvas.width), within(this.cursor[1] + move[1], canvas.height)];
      if (this.pen !== null) this.extend(this.pen, this.cursor);
    } else if (event.key === " ") {
      this.pen = this.pen === null ? this.begin(this.cursor) : null;
    } else if (event.key === "Delete") {
      this.clear();
    } else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
      this.undo();
    } else {
      return;
    }
    event.preventDefault();
    this.keys = true;
    this.redraw();
  }

  undo() {
    this.replace(this.strokes.slice(0, -1));
  }

  clear() {
    this.replace([]);
  }

  replace(strokes) {
    Object.assign(this, { strokes, pen: null });
    this.pens.clear();
    this.field.clear();
    strokes.forEach((points, stroke) => points.forEach((at, i) => this.field.add(stroke, points[Math.max(i - 1, 0)], at)));
    this.redraw();
  }

  // Pointers may move more often than a screen is drawn.
  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.show(); this.changed(); });
  }

  show() {
    const { canvas, strokes } = this, pen = canvas.getContext("2d");
    const color = name => getComputedStyle(canvas).getPropertyValue(name).trim();
    pen.clearRect(0, 0, canvas.width, canvas.height);
    Object.assign(pen, { lineCap: "round", lineJoin: "round", lineWidth: 2 * PEN + 1, strokeStyle: color("--cd-ink") });
    for (const points of strokes) {
      pen.beginPath();
      pen.moveTo(...points[0]);
      for (const at of points) pen.lineTo(...at);
      pen.stroke();
    }
    if (this.keys && document.activeElement === canvas) {
      Object.assign(pen, { lineWidth: 3, strokeStyle: color("--cd-accent") });
      pen.beginPath();
      pen.arc(...this.cursor, this.pen === null ? PEN + 6 : PEN, 0, 7);
      pen.stroke();
    }
  }
}
