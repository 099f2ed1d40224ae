import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readJson, writeJson } from './json-file.js';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';
import type { NodePaths } from './node-paths.js';
import { NodeProblem } from './node-problem.js';

/** One process that uses the node, for one home. */
export interface NodeUser extends ProcessIdentity {
  readonly home: string;
}

/** Registers a running process; doing so twice changes nothing. */
export function addUser(paths: NodePaths, home: string, pid: number): NodeUser {
  const identity = identify(pid);
  if (!identity) throw new NodeProblem(`Process ${pid} does not run, so it cannot use the embedded cluster; start it first.`);
  const user: NodeUser = { ...identity, home: resolve(home) };
  writeJson(fileOf(paths, user), user);
  return user;
}

/** Removes a registration; one that is not there is no fault. */
export function removeUser(paths: NodePaths, home: string, pid: number): void {
  rmSync(fileOf(paths, { home: resolve(home), pid }), { force: true });
}

/** The users that live. Registrations of dead processes are removed on the way. */
export function liveUsers(paths: NodePaths): NodeUser[] {
  const users: NodeUser[] = [];
  for (const name of listing(paths.users)) {
    const path = join(paths.users, name);
    const user = readJson<NodeUser>(path);
    if (user && isAlive(user)) users.push(user);
    else rmSync(path, { force: true });
  }
  return users;
}

function fileOf(paths: NodePaths, user: { home: string; pid: number }): string {
  const home = createHash('sha256').update(user.home).digest('hex').slice(0, 12);
  return join(paths.users, `${home}-${user.pid}.json`);
}

function listing(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}
