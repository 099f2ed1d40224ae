import { afterEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectImagesOf, generateDockerfile } from '../../../src/orchestrator/build/generated/generated-dockerfile.js';
import { sourceFolder } from '../../../src/orchestrator/build/generated/source-folder.js';

const IMAGES = projectImagesOf([]);
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function project(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'apex-project-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** The lines of the Dockerfile that a project gets, or the sentence that says why it gets none. */
function generated(files: Record<string, string>, name = 'web'): { kind?: string; lines: string[]; unclear?: string } {
  const made = generateDockerfile(sourceFolder(project(files)), IMAGES, name);
  if (!made) return { lines: [] };
  return 'unclear' in made ? { unclear: made.unclear, lines: [] } : { kind: made.kind, lines: made.dockerfile.split('\n') };
}
const json = (value: object): string => JSON.stringify(value);

test.each([
  ['npm, with a lock', { 'package-lock.json': '{}' }, { scripts: { start: 'node .', build: 'tsc' } }, ['COPY package.json package-lock.json ./', 'RUN npm ci', 'RUN npm run build', 'RUN npm prune --omit=dev', 'USER node', 'CMD ["npm","start"]', 'FROM node:24-slim']],
  ['npm, without a lock', {}, { scripts: { start: 'node .' } }, ['RUN npm install', 'CMD ["npm","start"]']],
  ['pnpm', { 'pnpm-lock.yaml': '' }, { scripts: { start: 'node .' } }, ['RUN npm install --global corepack && corepack enable', 'COPY package.json pnpm-lock.yaml ./', 'RUN pnpm install --frozen-lockfile', 'CMD ["pnpm","start"]']],
  ['yarn 1', { 'yarn.lock': '' }, { scripts: { start: 'node .' } }, ['RUN yarn install --frozen-lockfile', 'CMD ["yarn","start"]']],
  ['yarn of today', { 'yarn.lock': '', '.yarnrc.yml': '' }, { scripts: { start: 'node .' } }, ['COPY package.json yarn.lock .yarnrc.yml ./', 'RUN yarn install --immutable']],
  ['a version that it asks for', { '.nvmrc': 'v22.4.1\n' }, { scripts: { start: 'node .' }, engines: { node: '>=20' } }, ['FROM node:22-slim']],
  ['scripts of its own at the install', { 'package-lock.json': '{}' }, { scripts: { start: 'node .', postinstall: 'node setup.js' } }, ['COPY . .', 'RUN npm ci']],
  ['a program and no script', { 'lib/run.js': '' }, { main: './lib/run.js' }, ['CMD ["node","lib/run.js"]']],
  ['a Procfile', { Procfile: 'release: node migrate.js\nweb: node "my server.js" --port $PORT && echo bye\n' }, { scripts: { start: 'no' } }, ['CMD ["sh","-c","node \\"my server.js\\" --port $PORT && echo bye"]']],
] as [string, Record<string, string>, object, string[]][])('Node: %s', (_what, files, packageJson, wanted) => {
  const { kind, lines } = generated({ ...files, 'package.json': json(packageJson) });
  expect(kind).toBe('a Node project (package.json)');
  expect(lines).toEqual(expect.arrayContaining(wanted));
});

test('Node: pages that a tool makes are served without Node, also at addresses that only they know', () => {
  const { kind, lines } = generated({ 'package.json': json({ scripts: { build: 'vite build', dev: 'vite' }, devDependencies: { vite: '8' } }), 'index.html': '' });
  expect(kind).toBe('a Node project (package.json) whose pages vite makes');
  expect(lines).toEqual(expect.arrayContaining(['RUN npm run build', 'FROM nginx:alpine', 'COPY --from=build /app/dist /usr/share/nginx/html', '    location / { try_files $uri $uri/ $uri.html /index.html; }']));
});

test.each([
  ['Django', { 'requirements.txt': 'Django==5.2\ngunicorn>=23\n', 'manage.py': '', 'shop/wsgi.py': '', 'templates/x': '' }, ['RUN .venv/bin/pip install --no-cache-dir -r requirements.txt', 'CMD ["sh","-c","exec gunicorn shop.wsgi --bind 0.0.0.0:${PORT:-8000}"]', 'FROM python:3.13-slim']],
  ['FastAPI', { 'requirements.txt': 'fastapi[standard]\nuvicorn\n', 'main.py': 'app = FastAPI()\n' }, ['CMD ["sh","-c","exec uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}"]']],
  ['Flask', { 'requirements.txt': 'flask\n', 'app.py': 'app = Flask(__name__)\n' }, ['CMD ["sh","-c","exec flask --app app run --host 0.0.0.0 --port ${PORT:-8000}"]']],
  ['uv', { 'pyproject.toml': 'requires-python = ">=3.12"\n', 'uv.lock': '', 'main.py': '' }, ['FROM python:3.12-slim', 'RUN uv sync --frozen --no-dev', 'CMD ["python","main.py"]']],
  ['Poetry', { 'pyproject.toml': '', 'poetry.lock': '', Procfile: 'web: python -m shop' }, ['RUN poetry install --only main --no-interaction', 'CMD ["sh","-c","python -m shop"]']],
] as [string, Record<string, string>, string[]][])('Python: %s', (_what, files, wanted) => {
  const { kind, lines } = generated(files);
  expect(kind).toMatch(/^a Python project \((requirements\.txt|pyproject\.toml)\)$/);
  expect(lines).toEqual(expect.arrayContaining(wanted));
});

const GO_PROGRAM = { 'main.go': 'package main\n\nfunc main() {}\n' };
test.each<[string, Record<string, string>, string, boolean]>([
  ['package.json with a script at the install', { 'package.json': json({ scripts: { start: 'node .', postinstall: 'node setup.js' } }) }, 'RUN npm install', true],
  ['package.json with a folder', { 'package.json': json({ scripts: { start: 'node .' }, dependencies: { words: 'file:./words' } }) }, 'RUN npm install', true],
  ['package.json with a version', { 'package.json': json({ scripts: { start: 'node .' }, dependencies: { words: '^1.0.0' } }) }, 'RUN npm install', false],
  ...['-r base.txt', '-c limits.txt', '-e .', './words', 'words @ file:words', 'wheels/words-1.0-py3-none-any.whl', '--find-links wheels'].map((line): [string, Record<string, string>, string, boolean] => [`requirements.txt with ${line}`, { 'requirements.txt': `flask==3.1\n${line}\n`, 'main.py': '' }, 'RUN .venv/bin/pip', true]),
  ['requirements.txt with versions', { 'requirements.txt': 'flask==3.1 # ./no\nwords[fast]>=2 ; python_version > "3.9"\n', 'main.py': '' }, 'RUN .venv/bin/pip', false],
  ['go.mod with a folder', { ...GO_PROGRAM, 'go.mod': 'module shop\n\nreplace example.com/words => ./words\n' }, 'RUN go', true],
  ['go.mod with a fork', { ...GO_PROGRAM, 'go.mod': 'module shop\n\nreplace example.com/words => example.com/others v1.0.0\n' }, 'RUN go', false],
])('%s: what is installed from the project itself is there by then', (_what, files, install, all) => {
  const { lines } = generated(files);
  const [copied, installed] = [lines.indexOf('COPY . .'), lines.findIndex((line) => line.startsWith(install))];
  expect(copied < installed).toBe(all);
});

test('Go: a program at the root, the only one of cmd/, or the one that is called like the service', () => {
  const program = 'package main\n\nfunc main() {}\n';
  const build = (files: Record<string, string>, name?: string): string[] => generated({ 'go.mod': 'module shop\n\ngo 1.26\n', ...files }, name).lines.filter((line) => /^(RUN go build|COPY)/.test(line));
  expect(build({ 'main.go': program, 'main_test.go': '', 'templates/a.html': '', 'go.sum': '' })).toEqual([
    'COPY go.mod go.sum ./', 'COPY . .', 'RUN go build -trimpath -ldflags="-s -w" -o /out/program .',
    'COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/', 'COPY --from=build /src/templates /app/templates', 'COPY --from=build /out/program /app/program',
  ]);
  expect(build({ 'shop.go': 'package shop\n', 'cmd/server/run.go': program }).join()).toContain(' ./cmd/server');
  expect(build({ 'cmd/api/main.go': program, 'cmd/worker/main.go': program }, 'worker').join()).toContain(' ./cmd/worker');
  expect(generated({ 'go.mod': '', 'cmd/api/main.go': program, 'cmd/worker/main.go': program }).unclear).toContain('several programs (cmd/api, cmd/worker)');
  expect(generated({ 'go.mod': '', 'shop.go': 'package shop\n' }).unclear).toContain('has no program');
});

test('a static site is served from its root, or from public/', () => {
  expect(generated({ 'index.html': '', '404.html': '' }).lines).toEqual(expect.arrayContaining(['FROM nginx:alpine', 'COPY . /usr/share/nginx/html', '    error_page 404 /404.html;']));
  expect(generated({ 'public/index.html': '' })).toMatchObject({ kind: 'a static site (public/index.html)', lines: expect.arrayContaining(['COPY public/ /usr/share/nginx/html']) });
});

test('what cannot be told is said, and what is not known is none', () => {
  expect(generated({ 'package.json': 'no' }).unclear).toBe('package.json is not valid JSON.');
  expect(generated({ 'package.json': '{}' }).unclear).toContain('add a "start" script to package.json');
  expect(generated({ 'requirements.txt': '' }).unclear).toContain('It is not clear how the Python project is started');
  expect(generated({ 'README.md': '', 'pom.xml': '' })).toEqual({ lines: [] });
});

test('nothing outside of the repository is looked at, and no word of it becomes a line of the Dockerfile', () => {
  const outside = project({ 'package.json': json({ scripts: { start: 'node .' } }), 'index.html': '' });
  const inside = project({});
  for (const name of ['package.json', 'index.html']) symlinkSync(join(outside, name), join(inside, name));
  symlinkSync(outside, join(inside, 'public'));
  expect(generateDockerfile(sourceFolder(inside), IMAGES, 'web')).toBeNull();
  const evil = '24\nRUN evil';
  const { lines } = generated({ 'package.json': json({ main: 'a\nRUN evil', engines: { node: evil }, scripts: { start: evil } }), 'a\nRUN evil': '', '.nvmrc': evil, Procfile: 'web: x\nRUN evil' });
  expect(lines.filter((line) => line.startsWith('RUN evil'))).toEqual([]);
});
