import { existsSync, lstatSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Build } from '../../entities/build.js';
import { BuildFailed } from './build-failed.js';
import type { BuildLogWriter } from './build-log-writer.js';
import { generateDockerfile, LOOKED_FOR } from './generated/generated-dockerfile.js';
import type { ProjectImages } from './generated/project.js';
import { sourceFolder } from './generated/source-folder.js';

const DOCKERFILE = 'Dockerfile';

/** The folder that is built, and the Dockerfile: its own, or one that is made for it. */
export interface BuildPlan {
  context: string;
  /** Folder that the Dockerfile is in. */
  folder: string;
  /** Its name there. */
  dockerfile: string;
}

export interface PlanWish {
  build: Pick<Build, 'request'>;
  /** Of the service. */
  name: string;
  /** What a project without a Dockerfile is built on. */
  images: ProjectImages;
  /** For its steps, by name: those of a Dockerfile that is made here find them all in their environment. */
  secrets: Readonly<Record<string, string>>;
  log: Pick<BuildLogWriter, 'say'>;
}

/**
 * Finds the Dockerfile in a checkout, or makes one in the folder `generated` and says so in the log. A link of the
 * repository may not lead out of it. Throws `BuildFailed`.
 */
export function planBuild({ build: { request }, name, images, secrets, log }: PlanWish, source: string, generated: string): BuildPlan {
  const { path, dockerfile, repository } = request;
  const root = realpathSync(source);
  const inside = (of: string): string | null => {
    if (!existsSync(of)) return null;
    const real = realpathSync(of);
    return real === root || real.startsWith(`${root}${sep}`) ? real : null;
  };
  const context = path === null ? root : inside(join(root, path));
  if (!context || !statSync(context).isDirectory()) throw new BuildFailed(`The repository ${repository} has no folder ${path}: set source.path to one that it has.`);
  const file = join(context, dockerfile ?? DOCKERFILE);
  if (inside(file) && lstatSync(file).isFile()) return { context, folder: context, dockerfile: dockerfile ?? DOCKERFILE };
  const where = path === null ? 'the repository' : `the folder ${path} of the repository`;
  if (dockerfile) throw new BuildFailed(`There is no ${dockerfile} in ${where}: set source.dockerfile to the file that there is, seen from ${path === null ? 'the root of the repository' : path}.`);
  const made = generateDockerfile(sourceFolder(context), images, name);
  if (made && 'unclear' in made) throw new BuildFailed(`There is no Dockerfile in ${where}, and none can be made for it. ${made.unclear}`);
  if (!made) throw new BuildFailed(`There is no Dockerfile in ${where}, and none can be made for it: looked for ${LOOKED_FOR}. Add a Dockerfile, or set source.dockerfile (and source.path, where the service is in a folder of its own) to where it is.`);
  log.say(`There is no Dockerfile in ${where}. It is ${made.kind}, and is built with this one:`);
  const content = withSecrets(made.dockerfile, Object.keys(secrets));
  for (const line of content.trimEnd().split('\n')) log.say(line);
  mkdirSync(generated);
  writeFileSync(join(generated, DOCKERFILE), content);
  return { context, folder: generated, dockerfile: DOCKERFILE };
}

const withSecrets = (dockerfile: string, names: readonly string[]): string => dockerfile.replaceAll(/^RUN /gm, `RUN ${names.map((name) => `--mount=type=secret,id=${name},env=${name} `).join('')}`);
