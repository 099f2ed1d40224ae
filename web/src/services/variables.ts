/** Lines of `NAME=value`, as in a file of variables: empty lines and comments aside. Answers the line that is none of it, else null. */
export function readVariables(text: string): { variables: Record<string, string>; wrong: string | null } {
  const variables: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue;
    const at = line.indexOf('=');
    if (at < 1) return { variables, wrong: line };
    variables[line.slice(0, at).replace(/^\s*export\s+/, '').trim()] = unquoted(line.slice(at + 1).trim());
  }
  return { variables, wrong: null };
}

/** Quotes around the whole of a value are not part of it. */
const unquoted = (value: string): string => /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
