import { ConfigError, loadConfig, type Config } from './config.js';
import { createLogger } from './logger.js';
import { startServer } from './server.js';

const STOP_LIMIT_MS = 30_000;

/** The server's process: configuration, start, and a stop that drains. */
async function main(): Promise<void> {
  const config = configOrExit();
  const logger = createLogger(config.APEX_LOG_LEVEL);
  const server = await startServer(config, logger);
  const stop = (signal: string): void => {
    logger.info({ signal }, 'the server stops');
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    server.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
  try {
    await server.ready;
  } catch (error) {
    logger.fatal({ error: error instanceof Error ? error.message : 'unknown' }, 'the server cannot start');
    await server.stop();
    process.exit(1);
  }
}

function configOrExit(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`The server cannot start: ${error instanceof Error ? error.message : 'unknown'}\n`);
  process.exit(1);
});
