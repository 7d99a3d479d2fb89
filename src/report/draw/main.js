// The page dispatches its results as the event `cairn-draw`: { digits: [{ counts, drawing?, found, within, cluster,
// name }] }.
const home = document.currentScript.closest(".cairn-draw"), $ = name => home.querySelector(`.cd-${name}`);
const model = prepare(JSON.parse($("model").textContent));
model.values = model.centroids.map(centroid => centroid.map((q, j) => q * 2 ** model.exponent[j] + model.offset[j]));
let shown = [];

function show(digits) {
  shown = digits;
  $("digits").replaceChildren(...shown.slice(0, MOST_CARDS).map(digit => card(model, digit)));
  if (shown.length > MOST_CARDS) $("digits").append(make("li", "cd-soft", `and ${shown.length - MOST_CARDS} more, not shown here`));
  const names = shown.map(read);
  $("text").textContent = names.length ? names.join(names.every(name => name.length === 1) ? "" : " ") : "nothing yet";
  $("text").classList.toggle("cd-soft", !names.length);
  home.dispatchEvent(new CustomEvent("cairn-draw", { detail: { digits: shown } }));
}

function say(text, wrong) {
  $("said").textContent = text;
  $("said").classList.toggle("cd-wrong", Boolean(wrong));
}

const countsOf = drawing => normalise(drawing.pixels, drawing.height, drawing.width);

// The distance of a drawing to the nearest centroid.
function strange(drawing) {
  const found = nearest(model, countsOf(drawing), 1);
  return found ? inUnits(model, found[0].distance) : Infinity;
}

function showDrawn() {
  const drawn = pad.field.digits(strange);
  for (const name of ["undo", "clear"]) $(name).disabled = !pad.field.strokes.length;
  const full = pad.field.strokes.length >= MOST_STROKES;
  $("hint").hidden = pad.field.strokes.length > 0 && !full;
  $("hint").textContent = full ? "the board is full: undo or clear" : "draw one digit, or several side by side";
  show(drawn.map(({ drawing, dot }) => ({ ...judge(model, countsOf(drawing), dot), drawing })));
  pad.labels = drawn.map(({ box }, i) => ({ box, text: read(shown[i]), wrong: !shown[i].within }));
}

function nameNumbers() {
  const asIs = $("as-is").checked;
  try {
    const all = parse($("box").value).map((values, at) => {
      const made = asIs ? values : counted(values);
      if (!made) throw Error(`Drawing ${at + 1}: there is no ink: all its numbers are 0.`);
      return made;
    });
    show(all.map(counts => judge(model, counts)));
    const none = shown.filter(digit => !digit.within).length;
    say(`${shown.length === 1 ? "1 drawing" : `${shown.length} drawings`} named above${none ? `, ${none} of them not a digit` : ""}.`);
  } catch (error) {
    say(error.message, true);
  }
}

async function copy() {
  if (!shown.length) return say("There is nothing to copy yet: draw a digit.", true);
  $("box").value = shown.map(digit => written(digit.counts)).join("\n") + "\n";
  try {
    await navigator.clipboard.writeText($("box").value);
    say("Copied; they are in the box too.");
  } catch {
    $("box").select();
    say("They are in the box, selected: copy them from there.");
  }
}

function showCommand() {
  $("command").textContent = `cairn predict MODEL --drawings numbers.txt${$("as-is").checked ? " --as-is" : ""}`;
}

function explainLimit() {
  if (model.limit === null) return "This model has no radius, so no drawing is too far to be named.";
  const [radius, limit] = [model.radius, model.limit].map(squared => inUnits(model, squared).toFixed(1));
  return `Of ${model.radius_of} rows that the model was fitted to, all but one lie within ${radius} of their centroid. ` +
    `Drawings by mouse, finger or pen differ more, so up to a distance of ${limit} they are named, and beyond it they are “not a digit”. ` +
    "Other marks may lie nearer than that: a letter is often taken for the digit that it resembles.";
}

const pad = new Pad($("pad"), showDrawn);
$("undo").addEventListener("click", () => pad.undo());
$("clear").addEventListener("click", () => pad.clear());
$("name").addEventListener("click", nameNumbers);
$("copy").addEventListener("click", copy);
$("as-is").addEventListener("change", showCommand);
home.addEventListener("keydown", event => {
  const typing = event.target === $("box") || event.target === $("pad");
  if (!typing && event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); pad.undo(); }
});
$("k").textContent = model.centroids.length;
$("few").hidden = model.centroids.length >= FEW;
$("limit").textContent = explainLimit();
showCommand();
showDrawn();
pad.show();
