import { expect, test } from '@jest/globals';
import { builtImage, EMBEDDED_PLACE, isBuiltFor, teamOf } from '../../src/entities/built-image.js';
import { parseImage } from '../../src/outside/image-reference.js';

const TEAM = '01a2231b-a04f-72a6-aef1-6905a5e68596';
const SERVICE = '01a2231b-a644-7492-aac9-3d37d38c8108';
const PLACES = [EMBEDDED_PLACE, { registry: 'registry.example.com', path: 'acme/apex' }, { registry: 'registry.example.com:5000', path: '' }, { registry: 'docker.io', path: 'acme' }];

test.each(PLACES)('an image in $registry/$path is known as its team’s, however it is written', (place) => {
  const image = builtImage(place, TEAM, SERVICE);
  for (const written of [image, `${image}:latest`, `${image}@sha256:${'a'.repeat(64)}`, image.replace('registry.example.com/', 'Registry.Example.com:443/'), image.replace('docker.io/', 'index.docker.io/')]) {
    const { registry, repository } = parseImage(written)!;
    expect([written, teamOf(place, registry, repository), isBuiltFor(written, TEAM), isBuiltFor(written, TEAM, SERVICE), isBuiltFor(written, SERVICE)]).toEqual([written, TEAM, true, true, false]);
  }
});

test('what lies beside is nobody’s', () => {
  for (const image of ['apex.local/hello', `apex.local/other/${TEAM}/${SERVICE}`, `apex.local/teams/${TEAM}`, 'registry.example.com/acme/apex/base', `registry.example.com/acme/apexes/${TEAM}/${SERVICE}`, `other.example.com/acme/apex/${TEAM}/${SERVICE}`]) {
    const { registry, repository } = parseImage(image)!;
    expect([image, PLACES.map((place) => teamOf(place, registry, repository))]).toEqual([image, [null, null, null, null]]);
  }
});
