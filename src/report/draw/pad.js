// The board: pointers and keys draw strokes. Calls `changed` after each change; shows `labels`, a text for each box.
class Pad {
  constructor(canvas, changed) {
    Object.assign(this, { canvas, changed, labels: [], pens: new Map(), pen: null });
    const phone = canvas.parentElement.clientWidth < 480; // room for a finger
    this.field = new Field(640, phone ? 520 : 320);
    canvas.style.aspectRatio = `${this.field.width} / ${this.field.height}`;
    this.cursor = [this.field.width / 2, this.field.height / 4];
    canvas.addEventListener("pointerdown", event => this.down(event));
    canvas.addEventListener("pointermove", event => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, event => this.pens.delete(event.pointerId));
    canvas.addEventListener("keydown", event => this.key(event));
    canvas.addEventListener("blur", () => { this.pen = null; this.show(); });
    canvas.addEventListener("focus", () => this.show());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show());
    addEventListener("resize", () => this.show());
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect(), { width, height } = this.field;
    const scaled = (at, from, size, n) => Math.min(Math.max(Math.round((at - from) * n / size), 0), n - 1);
    return [scaled(event.clientX, box.left, box.width, width), scaled(event.clientY, box.top, box.height, height)];
  }

  down(event) {
    if (event.button !== 0 || this.pens.has(event.pointerId) || this.field.strokes.length >= MOST_STROKES) return;
    try { this.canvas.setPointerCapture(event.pointerId); } catch { /* a pointer that is gone already */ }
    this.keys = false;
    this.pens.set(event.pointerId, this.field.begin(this.place(event)));
    this.redraw();
  }

  move(event) {
    const stroke = this.pens.get(event.pointerId);
    if (stroke === undefined) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const part of events.length ? events : [event]) this.field.extend(stroke, this.place(part));
    this.redraw();
  }

  key(event) {
    const step = event.shiftKey ? 40 : 8, { field } = this;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const move = moves[event.key];
    if (move) {
      const within = (at, n) => Math.min(Math.max(at, 0), n - 1);
      this.cursor = [within(this.cursor[0] + move[0], field.width), within(this.cursor[1] + move[1], field.height)];
      if (this.pen !== null) field.extend(this.pen, this.cursor);
    } else if (event.key === " ") {
      this.pen = this.pen === null && field.strokes.length < MOST_STROKES ? field.begin(this.cursor) : null;
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
    this.replace(this.field.strokes.slice(0, -1));
  }

  clear() {
    this.replace([]);
  }

  replace(strokes) {
    this.pen = null;
    this.pens.clear();
    this.field.clear();
    for (const [first, ...rest] of strokes) {
      const stroke = this.field.begin(first);
      for (const at of rest) this.field.extend(stroke, at);
    }
    this.redraw();
  }

  // pointers may move more often than the screen is redrawn
  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.changed(); this.show(); });
  }

  show() {
    const { canvas, field } = this, pen = canvas.getContext("2d");
    const sharp = Math.min(devicePixelRatio || 1, 3), width = Math.max(Math.round(canvas.clientWidth * sharp), 1);
    const scale = width / field.width, color = name => getComputedStyle(canvas).getPropertyValue(name).trim();
    Object.assign(canvas, { width, height: Math.round(field.height * scale) });
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    Object.assign(pen, { lineCap: "round", lineJoin: "round", lineWidth: 2 * field.pen + 1, strokeStyle: color("--cd-ink") });
    for (const points of field.strokes) {
      pen.beginPath();
      pen.moveTo(...points[0]);
      for (const at of points) pen.lineTo(...at);
      pen.stroke();
    }
    this.label(pen, color);
    if (this.keys && document.activeElement === canvas) this.showCursor(pen, color("--cd-accent"));
  }

  // the name of each digit, above it or inside the board's edge
  label(pen, color) {
    const size = this.field.height / 15;
    for (const { box, text, wrong } of this.labels) {
      const middle = (box.left + box.right) / 2, top = Math.max(box.top - 0.45 * size, size);
      Object.assign(pen, { font: `700 ${size}px system-ui, sans-serif`, textAlign: "center", lineWidth: size / 4 });
      Object.assign(pen, { strokeStyle: color("--cd-card"), fillStyle: color(wrong ? "--cd-wrong" : "--cd-accent") });
      pen.strokeText(text, middle, top);
      pen.fillText(text, middle, top);
    }
  }

  showCursor(pen, accent) {
    Object.assign(pen, { lineWidth: 3, strokeStyle: accent });
    pen.beginPath();
    pen.arc(...this.cursor, this.pen === null ? this.field.pen + 6 : this.field.pen, 0, 7);
    pen.stroke();
  }
}
