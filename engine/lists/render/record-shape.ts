/** How an object of texts is written as JSON: what stands between its values, which are then found without parsing it. */
export interface RecordShape {
  /** In the order in which they are written. */
  readonly keys: readonly string[];
  /**
   * Where the values of the object at `at` are: of each key from `from` to `to`. Gives where the object ends; -1 when it
   * is written in another way, or a value has an escape in it.
   */
  find(bytes: Uint8Array, at: number, from: Int32Array, to: Int32Array): number;
}

const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d];

/** The shape of one object; undefined when it holds something else than texts, one key twice, or an escape. */
export function shapeOf(object: Uint8Array): RecordShape | undefined {
  const text = Buffer.from(object).toString('latin1'); // a character for each byte
  const between: string[] = [];
  const keys: string[] = [];
  const member = /\s*[{,]\s*"([^"\\]*)"\s*:\s*"/y;
  let [value, end] = [0, 0];
  for (let found = member.exec(text); found; found = member.exec(text)) {
    keys.push(Buffer.from(found[1] ?? '', 'latin1').toString('utf8'));
    between.push(text.slice(end, member.lastIndex));
    value = member.lastIndex;
    end = text.indexOf('"', value);
    if (end < 0 || text.slice(value, end).includes('\\')) return undefined;
    member.lastIndex = end + 1;
  }
  const rest = text.slice(end);
  if (!/^"\s*\}$/.test(rest) || new Set(keys).size < keys.length) return undefined;
  return { keys, find: createFind([...between, rest]) };
}

function createFind(between: readonly string[]): RecordShape['find'] {
  const pieces = between.map((text) => Uint8Array.from(Buffer.from(text, 'latin1')));
  const last = pieces.length - 1;
  return (bytes, at, from, to) => {
    let place = at;
    for (let index = 0; index < last; index += 1) {
      place = behind(bytes, place, pieces[index] as Uint8Array);
      if (place < 0) return -1;
      from[index] = place;
      place = endOfText(bytes, place);
      if (place < 0) return -1;
      to[index] = place;
    }
    return behind(bytes, place, pieces[last] as Uint8Array);
  };
}

/** Behind these bytes; -1 when others are there. */
function behind(bytes: Uint8Array, at: number, piece: Uint8Array): number {
  const { length } = piece;
  for (let index = 0; index < length; index += 1) if (bytes[at + index] !== piece[index]) return -1;
  return at + length;
}

/** Where the quote behind a text is; -1 when there is an escape before it. */
function endOfText(bytes: Uint8Array, at: number): number {
  const { length } = bytes;
  let place = at;
  while (place < length) {
    const byte = bytes[place];
    if (byte === QUOTE) return place;
    if (byte === BACKSLASH) return -1;
    place += 1;
  }
  return -1;
}

/** Where the JSON object ends that begins at `at`, whatever it holds. */
export function endOfObject(bytes: Uint8Array, at: number): number {
  let [depth, quoted] = [0, false];
  for (let place = at; place < bytes.length; place += 1) {
    const byte = bytes[place];
    if (byte === BACKSLASH) place += 1;
    else if (byte === QUOTE) quoted = !quoted;
    else if (!quoted && byte === OPEN) depth += 1;
    else if (!quoted && byte === CLOSE && --depth === 0) return place + 1;
  }
  throw new SyntaxError('records that are no JSON');
}
