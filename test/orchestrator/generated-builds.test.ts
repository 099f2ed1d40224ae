import { expect, it } from '@jest/globals';
import { buildProjects } from './generated-builds.js';

/** With a part of its own that is installed like any other dependency, so that nothing outside has to be reached. */
const FILES = {
  'package.json': JSON.stringify({ name: 'hello', scripts: { start: 'node server.js', build: 'node build.js' }, dependencies: { words: 'file:./words' } }),
  'words/package.json': JSON.stringify({ name: 'words', version: '1.0.0', main: 'words.js' }),
  'words/words.js': 'module.exports = "hello from Node";',
  'build.js': "require('fs').writeFileSync('greeting.json', JSON.stringify(require('words')));",
  'server.js': "require('http').createServer((_, res) => res.end(require('./greeting.json'))).listen(process.env.PORT);",
};

it('a project without a Dockerfile is built with one that its log shows, and serves', async () => {
  const { node } = await buildProjects([{ name: 'node', files: FILES }]);
  expect(node).toMatchObject({ state: 'LIVE', reason: null, answer: 'hello from Node' });
  expect(node!.lines).toEqual(expect.arrayContaining([expect.stringContaining('It is a Node project (package.json), and is built with this one:'), 'FROM node:24-slim AS build']));
}, 900_000);
