import { expect, test } from '@jest/globals';
import { baseImages } from '../../../src/orchestrator/build/base-images.js';
import { secretMask } from '../../../src/orchestrator/build/build-secrets.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const names = (dockerfile: string, buildArgs: Record<string, string> = {}): string[] => baseImages(dockerfile, buildArgs).map(({ name }) => name);

test('the images that a Dockerfile builds on are found as BuildKit calls them', () => {
  expect(names(`
    ARG TAG=1.2
    ARG BASE="ghcr.io/acme/base"
    ARG NONE
    FROM --platform=$BUILDPLATFORM golang:1.25 AS Build
    ARG LATE=late
    FROM docker.io/library/nginx:latest
    FROM \${BASE}:\${TAG} AS base
    FROM base
    FROM $NONE
    FROM \${NONE:-busybox}
    FROM quay.io/acme/app@${DIGEST}
    FROM scratch
    COPY --from=build /a /b
    COPY --chown=1:1 --from=registry.example.com:5000/tools /a /b
    COPY --from=0 /a /b
  `)).toEqual(['golang:1.25', 'nginx', 'ghcr.io/acme/base:1.2', 'busybox', `quay.io/acme/app@${DIGEST}`, 'registry.example.com:5000/tools']);
  expect(names('ARG BASE=one\nFROM $BASE\n', { BASE: 'two:3' })).toEqual(['two:3']);
});

test('what is secret is taken out of a line, but for what is too short to be one', () => {
  const mask = secretMask(['abcdefgh', 'abcdefgh-longer', 'no', 'first line\nsecond line\n']);
  expect(mask('abcdefgh abcdefgh-longer no first line')).toBe('*** *** no ***');
  expect(mask('second line')).toBe('***');
});
