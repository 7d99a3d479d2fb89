// Arrays of 64 numbers in and out, as src/drawing/text.rs reads them: innermost brackets, or lines; eight groups
// of eight one after the other are the rows of one.
const MOST_TEXT = 4e6, MOST_DRAWINGS = 10000;

function parse(text) {
  if (text.length > MOST_TEXT) throw Error(`This is more than ${MOST_TEXT / 1e6} million characters; give fewer drawings at a time, or use the command.`);
  const groups = /[[\]{}]/.test(text) ? bracketed(text) : text.split(/\r?\n/);
  const rows = groups.map(group => group.replace(/^\ufeff/, "").split(/[\s,;]+/).filter(Boolean)).filter(words => words.length);
  const drawings = [];
  let left = 0; // rows that the last one still waits for
  for (const words of rows) {
    const row = words.length === SIDE;
    if (row && left > 0) { drawings[drawings.length - 1].push(...words); left -= 1; }
    else { drawings.push([...words]); left = row ? SIDE - 1 : 0; }
  }
  if (!drawings.length) throw Error("There are no numbers: give 64 for each digit, between brackets or on a line of their own.");
  if (drawings.length > MOST_DRAWINGS) throw Error(`These are ${drawings.length} drawings; give ${MOST_DRAWINGS} at a time, or use the command.`);
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
    if (!(value >= 0 && Number.isFinite(value))) throw Error(`${where}: ${word.slice(0, 40)} is no amount of ink; give finite numbers of 0 or more.`);
    return value;
  });
  if (values.length !== SIZE) throw Error(`${where} has ${values.length} ${values.length === 1 ? "number" : "numbers"}; a drawing has ${SIZE}, row by row from the top left.`);
  return values;
}

// A line of numbers for each digit: a table without names, which the command takes as rows and as drawings.
const written = counts => counts.join(",");
