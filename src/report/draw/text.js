// Arrays of 64 numbers in and out, as src/drawing/text.rs reads them: innermost brackets, or lines; eight groups
// of eight one after the other are the rows of one.
function parse(text) {
  const groups = /[[\]{}]/.test(text) ? bracketed(text) : text.split(/\r?\n/);
  const rows = groups.map(group => group.split(/[\s,;]+/).filter(Boolean)).filter(words => words.length);
  const drawings = [];
  let left = 0; // rows that the last one still waits for
  for (const words of rows) {
    const row = words.length === SIDE;
    if (row && left > 0) { drawings[drawings.length - 1].push(...words); left -= 1; }
    else { drawings.push([...words]); left = row ? SIDE - 1 : 0; }
  }
  if (!drawings.length) throw Error("There are no numbers: give 64 for each digit, between brackets or on a line of their own.");
  return drawings.map(numbers);
}

function bracketed(text) {
  const outside = text.replace(/[[{][^[\]{}]*[\]}]/g, "").replace(/[[\]{}\s,;]/g, "");
  if (outside) throw Error(`“${outside.slice(0, 40)}” stands outside of the brackets.`);
  return Array.from(text.matchAll(/[[{]([^[\]{}]*)[\]}]/g), found => found[1]);
}

function numbers(words, at) {
  const where = `Drawing ${at + 1}`;
  const values = words.map(word => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word) ? Number(word) : NaN;
    if (Number.isNaN(value)) throw Error(`${where}: “${word.slice(0, 40)}” is no number.`);
    if (!(value >= 0 && Number.isFinite(value))) throw Error(`${where}: ${word.slice(0, 40)} is no amount of ink; give numbers of 0 or more.`);
    return value;
  });
  if (values.length !== SIZE) throw Error(`${where} has ${values.length} numbers; a drawing has ${SIZE}, row by row from the top left.`);
  return values;
}

const written = counts => `[${counts.join(", ")}]`;
