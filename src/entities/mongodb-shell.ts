/**
 * MongoDB's programs with the password in `$P`. It goes to them by the environment or the standard input: the arguments of a process are
 * for everyone in the container to read.
 */

/** Shell: runs JavaScript in which `app` is the database; no single quotes in it. */
export const mongoEval = (script: string): string =>
  `P="$P" mongosh --quiet --nodb --eval 'const { env } = process; const app = connect("mongodb://app:" + env.P + "@127.0.0.1/app?authSource=admin"); ${script}'`;

/** Shell: one of the tools, as the user `app`. Its input is taken. */
export const mongoTool = (tool: 'mongodump' | 'mongorestore'): string => `printf 'password: "%s"\\n' "$P" | ${tool} --quiet --config=/dev/stdin -u app --authenticationDatabase admin`;
