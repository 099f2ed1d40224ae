import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

/**
 * Structured logging: a constant message plus fields. What may hold a secret is redacted by name here,
 * as a second line of defence; callers pass no secrets in the first place.
 */
export function createLogger(level: string, destination?: NodeJS.WritableStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: [
        'authorization', '*.authorization', 'headers.authorization', 'req.headers.authorization', 'cookie', '*.cookie',
        'token', '*.token', 'password', '*.password', 'secret', '*.secret', 'env', '*.env', 'variables', '*.variables',
      ],
      censor: '•••',
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
