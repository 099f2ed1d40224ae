/** Where graphql's refusals of a document quote what stands in it, which may be a secret that was written at the wrong place. */
const QUOTED: readonly [RegExp, string][] = [
  [/(cannot represent [^:]*value): [\s\S]*$/, '$1.'],
  [/(Expected value of type "[^"]+"), found [\s\S]*$/, '$1.'],
  [/^Value "[\s\S]*?" does not exist/, 'This value does not exist'],
  [/\b(String|BlockString) "[\s\S]*"/, '$1'],
];

/** A refusal without the values that it quotes; names of types, fields and arguments stay. */
export const withoutValues = (message: string): string => QUOTED.reduce((text, [pattern, rest]) => text.replace(pattern, rest), message);
