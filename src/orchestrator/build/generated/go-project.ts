import { dockerfileOf, plainCommand } from './dockerfile-words.js';
import type { ProjectImages, GeneratedDockerfile, UnclearProject } from './project.js';
import type { SourceFolder } from './source-folder.js';

const MAIN = /^package main\b/m;
/** A module that is replaced by a folder of the project. */
const LOCAL = /=>\s*"?\.{0,2}\//;
/** Folders that a program may want to read while it runs. */
const DATA = ['assets', 'migrations', 'public', 'static', 'templates', 'views', 'web'];

/** A module with a program at its root, or in a folder of `cmd/`. */
export function goDockerfile(folder: SourceFolder, images: ProjectImages, name: string): GeneratedDockerfile | UnclearProject | null {
  if (!folder.has('go.mod')) return null;
  const program = programOf(folder, name);
  if (typeof program !== 'string') return program;
  const data = DATA.filter((kept) => folder.list(kept).length > 0).map((kept) => `COPY --from=build /src/${kept} /app/${kept}`);
  const build = [
    `FROM ${images.go} AS build`,
    'WORKDIR /src',
    // Any Go builds what an older one did; a newer one comes where the module asks for it.
    'ENV CGO_ENABLED=0 GOTOOLCHAIN=auto',
    ...(folder.list('vendor').length > 0 || LOCAL.test(folder.read('go.mod') ?? '') ? [] : [`COPY go.mod${folder.has('go.sum') ? ' go.sum' : ''} ./`, 'RUN go mod download']),
    'COPY . .',
    `RUN go build -trimpath -ldflags="-s -w" -o /out/program ${program}`,
  ];
  const run = ['FROM scratch', 'WORKDIR /app', 'COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/', ...data, 'COPY --from=build /out/program /app/program', 'USER 65534:65534', plainCommand('/app/program')];
  return { kind: 'a Go module (go.mod)', dockerfile: dockerfileOf(build, run) };
}

/** The folder of the program; a sentence where there is none, or where there are several and none is called like the service. */
function programOf(folder: SourceFolder, name: string): string | UnclearProject {
  const isProgram = (path: string): boolean =>
    folder.list(path).some((file) => file.endsWith('.go') && !file.endsWith('_test.go') && MAIN.test(folder.read(`${path}${file}`) ?? ''));
  if (isProgram('')) return '.';
  const commands = folder.list('cmd').filter((entry) => /^[\w.-]+\/$/.test(entry) && isProgram(`cmd/${entry}`)).map((entry) => entry.slice(0, -1));
  const wanted = commands.length === 1 ? commands[0] : commands.find((command) => command === name);
  if (wanted) return `./cmd/${wanted}`;
  if (commands.length > 0) return { unclear: `The Go module has several programs (${commands.map((command) => `cmd/${command}`).join(', ')}) and none is called like the service: call the service like one of them, or add a Dockerfile.` };
  return { unclear: 'The Go module has no program: neither its root nor a folder of cmd/ has a file of "package main". Add a Dockerfile, or set source.path.' };
}
