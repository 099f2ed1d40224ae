/** A piece of a line in one colour; `className` is empty where it has none. */
export interface Piece {
  text: string;
  className: string;
}

const SEQUENCE = /\u001b\[([0-9;]*)m|\u001b(?:\[[0-9;?]*[A-Za-ln-z]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;
const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;

/** Splits a line at its escape sequences: the 16 colours and bold are kept, all else that a terminal would do is left out. */
export function colouredPieces(raw: string): Piece[] {
  if (!raw.includes('\u001b')) return [{ text: raw, className: '' }];
  const pieces: Piece[] = [];
  let [colour, bold, at] = ['', false, 0];
  const add = (text: string): void => {
    if (text) pieces.push({ text, className: [colour && `ansi-${colour}`, bold && 'ansi-bold'].filter(Boolean).join(' ') });
  };
  for (const match of raw.matchAll(SEQUENCE)) {
    add(raw.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[1] === undefined) continue;
    const codes = match[1].split(';').map(Number);
    for (let index = 0; index < codes.length; index += 1) {
      const code = codes[index] as number;
      if (code === 0) [colour, bold] = ['', false];
      else if (code === 1) bold = true;
      else if (code === 22) bold = false;
      else if (code === 39) colour = '';
      else if (code >= 30 && code <= 37) colour = COLOURS[code - 30] as string;
      else if (code >= 90 && code <= 97) colour = COLOURS[code - 90] as string;
      // The arguments of a colour of another kind are no codes.
      else if (code === 38 || code === 48) index += codes[index + 1] === 5 ? 2 : 4;
    }
  }
  add(raw.slice(at));
  return pieces;
}
