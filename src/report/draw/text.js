// Reads and writes arrays of 64 numbers, as src/drawing/text.rs does: innermost brackets, or lines; eight consecutive
// groups of eight are the rows of one drawing.
const MOST_TEXT = 4e6, MOST_DRAWINGS = 10000;

function parse(text) {
  if (text.length > MOST_TEXT) throw Error(`This is more than ${MOST_TEXT / 1e6} million characters; give fewer drawings at a time, or use the command.`);
  const groups = /[[\]{}]/.test(text) ? bracketed(text) : text.split(/\r?\n/).map(line => ({ words: split(line), outer: 0 }));
  const drawings = [];
  let left = 0, last = null; // rows that the last one still waits for
  for (const { words, outer } of groups.filter(group => group.words.length || group.outer !== 0)) {
    const row = words.length === SIDE;
    if (row && left > 0 && outer === last.outer) {
      last.words.push(...words);
      left -= 1;
    } else {
      last = { words: [...words], outer };
      drawings.push(last);
      left = row ? SIDE - 1 : 0;
    }
  }
  if (!drawings.length) throw Error("There are no numbers: give 64 for each digit, on a line of their own or between brackets.");
  if (drawings.length > MOST_DRAWINGS) throw Error(`These are ${drawings.length} drawings; give ${MOST_DRAWINGS} at a time, or use the command.`);
  return drawings.map((drawing, at) => numbers(drawing.words, at));
}

const split = text => text.replace(/^\ufeff/, "").split(/[\s,;]+/).filter(Boolean);

// A word without the code of a program, as in src/drawing/text.rs: of np.float64(0.5) the number, of array( and
// dtype=float32 nothing; outside all brackets every word of code is nothing, but not a comment.
function withoutCode(word, inside) {
  const isCode = /\p{L}/u.test(word) && !/^(nan|inf|infinity)$/i.test(word) || /^[()=:'"]+$/.test(word);
  if (!inside) return isCode && !/^[+-]?[\d.]+e[+-]?\d+$/i.test(word) && !/#|\/\//.test(word) ? "" : word;
  const argument = word.replace(/^[\p{L}_].*\(/u, "").replace(/\)+$/, "");
  return /^[\p{L}_][^=]*=|\p{L}.*:$/u.test(argument) ? "" : argument;
}

// The numbers of each innermost pair of brackets, and the index of the enclosing pair: -1 for none.
function bracketed(text) {
  const groups = [], open = [], partner = { "]": "[", "}": "{" };
  let words = [], pairs = 0;
  const alone = bracket => Error(`A bracket ${bracket} has no partner; put each drawing between [ and ], or on a line of its own.`);
  const outside = () => Error(`“${words.join(" ").slice(0, 40)}” is outside the innermost brackets.`);
  for (const [part] of text.matchAll(/[[\]{}]|[^[\]{}]+/g)) {
    if (part === "[" || part === "{") {
      if (words.length) throw outside();
      open.push({ bracket: part, pair: ++pairs, groups: groups.length });
    } else if (part in partner) {
      const opened = open.pop();
      if (!opened) throw alone(part);
      if (opened.bracket !== partner[part]) throw alone(opened.bracket);
      // brackets around other brackets hold no numbers of their own
      if (words.length || groups.length === opened.groups) groups.push({ words, outer: open.length ? open[open.length - 1].pair : -1 });
      words = [];
    } else {
      words = split(part).map(word => withoutCode(word, open.length > 0)).filter(Boolean);
      if (words.length && !open.length) throw outside();
    }
  }
  if (open.length) throw alone(open[open.length - 1].bracket);
  return groups;
}

function numbers(words, at) {
  const where = `Drawing ${at + 1}`;
  const values = words.map(word => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word) ? Number(word) : NaN;
    if (Number.isNaN(value)) throw Error(`${where}: “${word.slice(0, 40)}” is not a number.`);
    if (!(value >= 0 && Number.isFinite(value))) throw Error(`${where}: ${word.slice(0, 40)} is not an amount of ink; give finite numbers of 0 or more.`);
    return value;
  });
  if (values.length !== SIZE) throw Error(`${where} has ${values.length} ${values.length === 1 ? "number" : "numbers"}; a drawing has ${SIZE}, row by row from the top left.`);
  return values;
}

// A line of numbers for each digit: a table without a header, which the command reads as rows or as drawings.
const written = counts => counts.join(",");
