import { dockerfileOf, inVersion, plainCommand, procfileCommand, shellCommand } from './dockerfile-words.js';
import type { ProjectImages, GeneratedDockerfile, UnclearProject } from './project.js';
import type { SourceFolder } from './source-folder.js';

const DEFAULT_VERSION = '3.13';
const PROGRAMS = ['main.py', 'app.py', 'server.py', 'wsgi.py', 'asgi.py'];
const ADDRESS = '0.0.0.0:${PORT:-8000}';
const HOST_AND_PORT = '--host 0.0.0.0 --port ${PORT:-8000}';

/** A requirements.txt that names other files of the project: lists, wheels, folders. */
const OTHER_FILES = /^\s*(-r|-c|-e|-f|--requirement|--constraint|--editable|--find-links|\.{0,2}\/|\.\s*$)|@\s*file:|^\s*[\w.-]+\/|\.(whl|zip|tar\.gz)\s*$/m;

/** A project with a requirements.txt or a pyproject.toml. */
export function pythonDockerfile(folder: SourceFolder, images: ProjectImages): GeneratedDockerfile | UnclearProject | null {
  const file = ['requirements.txt', 'pyproject.toml'].find((name) => folder.has(name));
  if (!file) return null;
  const command = startOf(folder);
  if (!command) {
    return { unclear: `It is not clear how the Python project is started: add a Procfile with a line "web: …", or a Dockerfile. Looked for: those, manage.py with a folder that has a wsgi.py, ${PROGRAMS.join(', ')}.` };
  }
  const image = inVersion(images.python, versionOf(folder));
  const run = [`FROM ${image}`, 'WORKDIR /app', 'ENV PYTHONUNBUFFERED=1 PATH=/app/.venv/bin:$PATH', 'COPY --from=build /app /app', 'USER 65534:65534', command];
  return { kind: `a Python project (${file})`, dockerfile: dockerfileOf([`FROM ${image} AS build`, 'WORKDIR /app', ...installation(folder)], run) };
}

/** Into a virtual environment in `/app/.venv`, from the file that names the versions most exactly. */
function installation(folder: SourceFolder): string[] {
  const venv = 'RUN python -m venv .venv';
  if (folder.has('uv.lock')) return ['RUN pip install --no-cache-dir uv', 'COPY . .', 'RUN uv sync --frozen --no-dev'];
  if (folder.has('poetry.lock')) return ['RUN pip install --no-cache-dir poetry', 'ENV POETRY_VIRTUALENVS_IN_PROJECT=1', 'COPY . .', 'RUN poetry install --only main --no-interaction'];
  const pip = '.venv/bin/pip install --no-cache-dir';
  const listed = folder.read('requirements.txt');
  if (listed !== null) {
    const install = `RUN ${pip} -r requirements.txt`;
    return OTHER_FILES.test(listed) ? [venv, 'COPY . .', install] : [venv, 'COPY requirements.txt ./', install, 'COPY . .'];
  }
  return [venv, 'COPY . .', `RUN ${pip} .`];
}

function versionOf(folder: SourceFolder): string {
  const asked = [folder.read('.python-version'), folder.read('runtime.txt'), /^requires-python\s*=\s*"([^"]*)"/m.exec(folder.read('pyproject.toml') ?? '')?.[1]];
  for (const text of asked) {
    const version = /^[\s^~>=a-z-]*(3\.\d{1,2})\b/.exec(text ?? '')?.[1];
    if (version) return version;
  }
  return DEFAULT_VERSION;
}

function startOf(folder: SourceFolder): string | null {
  const procfile = procfileCommand(folder);
  if (procfile) return shellCommand(procfile);
  const named = ['requirements.txt', 'pyproject.toml'].map((name) => folder.read(name) ?? '').join('\n').toLowerCase();
  const uses = (dependency: string): boolean => new RegExp(`(^|["'\\s])${dependency}([\\s"'<>=~!;,\\[]|$)`, 'm').test(named);
  if (folder.has('manage.py')) {
    const site = folder.list('').find((name) => /^[A-Za-z_]\w*\/$/.test(name) && folder.has(`${name}wsgi.py`))?.slice(0, -1);
    if (site && uses('gunicorn')) return shellCommand(`exec gunicorn ${site}.wsgi --bind ${ADDRESS}`);
    if (site) return shellCommand(`exec python manage.py runserver ${ADDRESS}`);
  }
  const program = PROGRAMS.find((name) => folder.has(name));
  if (!program) return null;
  const module = program.slice(0, -'.py'.length);
  // Only where the name that those servers look for is there.
  const isApp = /^app\s*[:=]/m.test(folder.read(program) ?? '');
  if (isApp && uses('uvicorn')) return shellCommand(`exec uvicorn ${module}:app ${HOST_AND_PORT}`);
  if (isApp && uses('fastapi')) return shellCommand(`exec fastapi run ${program} ${HOST_AND_PORT}`);
  if (isApp && uses('gunicorn')) return shellCommand(`exec gunicorn ${module}:app --bind ${ADDRESS}`);
  if (isApp && uses('flask')) return shellCommand(`exec flask --app ${module} run ${HOST_AND_PORT}`);
  return plainCommand('python', program);
}
