import type { SourceFolder } from './source-folder.js';

/** The `web` line of a Procfile, which says how a project is started; null without one. */
export function procfileCommand(folder: SourceFolder): string | null {
  return /^web:[ \t]*(\S.*?)\s*$/m.exec(folder.read('Procfile') ?? '')?.[1] ?? null;
}

/** A command that a shell reads when the container starts, so that it may name `$PORT`. */
export const shellCommand = (command: string): string => `CMD ${JSON.stringify(['sh', '-c', command])}`;

/** A command as it is. */
export const plainCommand = (...words: string[]): string => `CMD ${JSON.stringify(words)}`;

export const inVersion = (image: string, version: string): string => image.replaceAll('{version}', version);

/** As one text, with an empty line between the stages. */
export const dockerfileOf = (...stages: (string | null)[][]): string => `${stages.map((lines) => lines.filter((line) => line !== null).join('\n')).join('\n\n')}\n`;
