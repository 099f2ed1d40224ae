import { expect, it } from '@jest/globals';
import { readVariables } from '../../web/src/services/variables.js';

it('reads variables as a file of them has them', () => {
  expect(readVariables('# all of it\nA=1\n\nexport B = "two words" \r\nC=a=b\nD=\nE=\'it\'')).toEqual({ variables: { A: '1', B: 'two words', C: 'a=b', D: '', E: 'it' }, wrong: null });
});

it.each(['just words', '=value'])('names the line that is none: %s', (line) => {
  expect(readVariables(`A=1\n${line}`).wrong).toBe(line);
});
