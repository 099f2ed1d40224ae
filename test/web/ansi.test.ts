import { expect, it } from '@jest/globals';
import { colouredPieces } from '../../web/src/logs/ansi.js';

const ESC = '\u001b';

it.each([
  ['plain', [['plain', '']]],
  [`${ESC}[31mred${ESC}[0m and not`, [['red', 'ansi-red'], [' and not', '']]],
  [`${ESC}[1;92mbold green${ESC}[22m green${ESC}[39m none`, [['bold green', 'ansi-green ansi-bold'], [' green', 'ansi-green'], [' none', '']]],
  [`${ESC}[38;5;31mof 256${ESC}[48;2;31;32;33m of all`, [['of 256', ''], [' of all', '']]],
  [`${ESC}[2K${ESC}[1Gmoved ${ESC}]8;;https://x${ESC}\\link${ESC}]8;;${ESC}\\`, [['moved ', ''], ['link', '']]],
  [`${ESC}[mnothing`, [['nothing', '']]],
])('%j', (raw, pieces) => {
  expect(colouredPieces(raw).map(({ text, className }) => [text, className])).toEqual(pieces);
});
