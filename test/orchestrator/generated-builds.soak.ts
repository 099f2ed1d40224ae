import { expect, it } from '@jest/globals';
import { buildProjects, type Project } from './generated-builds.js';

const OUTSIDE_PYTHON = `import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from itsdangerous import Signer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(Signer("a key").unsign(Signer("a key").sign("hello from Python")))

HTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
`;
const OUTSIDE_GO = `package main

import (
	"net/http"
	"os"

	"github.com/google/uuid"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello from Go " + uuid.Nil.String())) })
	http.ListenAndServe(":"+os.Getenv("PORT"), nil)
}
`;
const GO_SUM = `github.com/google/uuid v1.6.0 h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=
github.com/google/uuid v1.6.0/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=
`;

const LOCAL_PYTHON = `import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from words import GREETING

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(GREETING.encode())

HTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
`;
const LOCAL_GO = `package main

import (
	"net/http"
	"os"

	"example.com/words"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(words.Greeting)) })
	http.ListenAndServe(":"+os.Getenv("PORT"), nil)
}
`;

/** With parts of their own that are installed like any other dependency. */
const LOCAL: readonly Project[] = [
  { name: 'python', files: { 'requirements.txt': '-r requirements/base.txt\n', 'requirements/base.txt': '# none yet\n', 'words.py': 'GREETING = "hello from Python"\n', 'main.py': LOCAL_PYTHON } },
  {
    name: 'go',
    files: {
      'go.mod': 'module example.com/hello\n\ngo 1.24\n\nrequire example.com/words v0.0.0\n\nreplace example.com/words => ./words\n',
      'main.go': LOCAL_GO,
      'words/go.mod': 'module example.com/words\n\ngo 1.24\n',
      'words/words.go': 'package words\n\nconst Greeting = "hello from Go"\n',
    },
  },
];

/** With dependencies from where everybody has them: the builder's pod reaches the internet. */
const OUTSIDE: readonly Project[] = [
  {
    name: 'node',
    files: {
      'package.json': JSON.stringify({ name: 'hello', type: 'module', scripts: { start: 'node server.js' }, dependencies: { ms: '2.1.3' } }),
      'server.js': "import { createServer } from 'node:http';\nimport ms from 'ms';\ncreateServer((_, res) => res.end(`hello from Node ${ms(60000)}`)).listen(process.env.PORT);\n",
    },
  },
  { name: 'python', files: { 'requirements.txt': 'itsdangerous==2.2.0\n', 'main.py': OUTSIDE_PYTHON } },
  { name: 'go', files: { 'go.mod': 'module example.com/hello\n\ngo 1.24\n\nrequire github.com/google/uuid v1.6.0\n', 'go.sum': GO_SUM, 'main.go': OUTSIDE_GO } },
];

it('projects of Node, Python and Go are built with dependencies from the internet, and serve', async () => {
  const built = await buildProjects(OUTSIDE);
  expect(Object.entries(built).map(([name, { state, reason, answer }]) => [name, state, reason, answer])).toEqual([
    ['node', 'LIVE', null, 'hello from Node 1m'],
    ['python', 'LIVE', null, 'hello from Python'],
    ['go', 'LIVE', null, 'hello from Go 00000000-0000-0000-0000-000000000000'],
  ]);
}, 900_000);

it('what they bring themselves is there when it is installed', async () => {
  const built = await buildProjects(LOCAL);
  expect(Object.entries(built).map(([name, { state, reason, answer }]) => [name, state, reason, answer])).toEqual([
    ['python', 'LIVE', null, 'hello from Python'],
    ['go', 'LIVE', null, 'hello from Go'],
  ]);
}, 900_000);
