const home = document.currentScript.closest(".cairn-draw"), $ = name => home.querySelector(`.cd-${name}`);
const model = prepare(JSON.parse($("model").textContent));
model.values = model.centroids.map(centroid => centroid.map((q, j) => q * 2 ** model.exponent[j] + model.offset[j]));
let shown = [];

function show(all) {
  shown = all.map(counts => judge(model, counts));
  $("digits").replaceChildren(...shown.slice(0, MOST_CARDS).map(digit => card(model, digit)));
  if (shown.length > MOST_CARDS) $("digits").append(make("li", "cd-soft", `and ${shown.length - MOST_CARDS} more, not shown here`));
  const text = shown.map(read);
  $("text").textContent = text.length ? text.join(text.every(name => name.length === 1) ? "" : " ") : "nothing yet";
  home.dispatchEvent(new CustomEvent("cairn-draw", { detail: { digits: shown } }));
}

function say(text, wrong) {
  $("said").textContent = text;
  $("said").classList.toggle("cd-wrong", Boolean(wrong));
}

function showDrawn() {
  const digits = pad.field.digits();
  for (const name of ["undo", "clear"]) $(name).disabled = !pad.strokes.length;
  $("hint").hidden = pad.strokes.length > 0;
  show(digits.map(digit => normalise(digit.pixels, digit.height, digit.width)));
}

function nameNumbers() {
  const asIs = $("as-is").checked;
  try {
    const all = parse($("box").value);
    const counts = all.map((values, at) => {
      const made = asIs ? values : normalise(values, SIDE, SIDE);
      if (!made) throw Error(`Drawing ${at + 1}: there is no ink: all its numbers are 0.`);
      return made;
    });
    show(counts);
    say(`${counts.length === 1 ? "1 drawing" : `${counts.length} drawings`} named.`);
  } catch (error) {
    say(error.message, true);
  }
}

async function copy() {
  if (!shown.length) return say("There is nothing to copy yet: draw a digit.", true);
  $("box").value = shown.map(digit => written(digit.counts)).join("\n") + "\n";
  $("as-is").checked = true; // they are counts already
  showCommand();
  try {
    await navigator.clipboard.writeText($("box").value);
    say("Copied.");
  } catch {
    $("box").select();
    say("They are in the box, selected: copy them from there.");
  }
}

function showCommand() {
  $("command").textContent = `cairn predict MODEL --drawings numbers.txt${$("as-is").checked ? " --as-is" : ""}`;
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
$("reach").textContent = model.reach === null ? "" :
  `Of ${model.reach_of} digits that the model was fitted to, all but one lie within ${inUnits(model, model.reach).toFixed(1)} of their centroid; what lies further away is called “not a digit”.`;
showCommand();
pad.show();
showDrawn();
