import { describe, expect, test } from '@jest/globals';
import { readText } from '../../../src/orchestrator/logs/line-text.js';

describe('a JSON line', () => {
  test.each([
    ['{"level":"warn","msg":"slow","ms":120}', 'slow', 'WARN', { ms: 120 }],
    ['{"severity":"ERROR","message":"it broke","stack":"a\\nb"}', 'it broke', 'ERROR', { stack: 'a\nb' }],
    ['{"level":30,"time":1,"msg":"pino"}', 'pino', 'INFO', { time: 1 }],
    ['{"level":60,"msg":"pino"}', 'pino', 'FATAL', {}],
    ['{"@l":"Warning","@m":"serilog"}', 'serilog', 'WARN', {}],
    ['{"level":{"is":"an object"},"msg":7}', '{"level":{"is":"an object"},"msg":7}', null, { level: { is: 'an object' }, msg: 7 }],
    ['{"__proto__":{"polluted":true},"msg":"m"}', 'm', null, JSON.parse('{"__proto__":{"polluted":true}}')],
  ])('%s', (raw, message, level, fields) => {
    expect(readText(raw)).toEqual({ message, level, fields, plain: raw });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('is plain text where it is no object, is broken, or is nested too deep to be written out again', () => {
    const deep = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    for (const raw of ['{broken}', '[1,2]', '{"msg":"unfinished', deep]) expect(readText(raw)).toEqual({ message: raw, level: null, fields: null, plain: raw });
  });
});

describe('a plain line', () => {
  test.each([
    ['ERROR: no connection', 'ERROR'],
    ['2026-11-28 10:00:00,123 WARN [main] c.e.App - late', 'WARN'],
    ['2026-11-28 10:00:00.000 UTC [7] FATAL:  the database system is starting up', 'FATAL'],
    ['2026/11/28 10:00:00 [error] 7#7: *1 open() failed', 'ERROR'],
    ['time="…" level=warning msg="x"', 'WARN'],
    ['E0102 15:04:05.000000       1 main.go:7] it broke', 'ERROR'],
    ['npm warn: old', null],
    ['warning: unused variable', 'WARN'],
    ['GET /errors/ERROR.html 200', null],
    ['the error was handled', null],
    ['INFORMATIONAL', 'INFO'],
    ['', null],
  ])('%s', (raw, level) => {
    expect(readText(raw)).toEqual({ message: raw, level, fields: null, plain: raw });
  });

  test('in colours says the same without them', () => {
    expect(readText('\u001b[31mERROR\u001b[0m it \u001b[1mbroke\u001b[0m')).toEqual({ message: 'ERROR it broke', level: 'ERROR', fields: null, plain: 'ERROR it broke' });
    expect(readText('\u001b[32m{"level":"info","msg":"green"}\u001b[0m')).toMatchObject({ message: 'green', level: 'INFO' });
  });
});
