import type { Command } from 'commander';
import { GraphqlClient } from '../client/graphql-client.js';
import { findSession } from '../client/session.js';
import { Home } from '../home.js';
import { homePath, type Surroundings } from '../surroundings.js';

/** A client of the installation that the caller is signed in to. */
export function clientOf(surroundings: Surroundings): GraphqlClient {
  return new GraphqlClient(findSession(surroundings, new Home(homePath(surroundings))));
}

/** Where a service is looked for. */
export interface Where {
  readonly environment?: string;
}

export function withEnvironment(command: Command): Command {
  return command.option('-e, --environment <name>', 'the environment that it is in');
}
