import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AddressRefused, lookupPublic } from './guarded-fetch.js';
import { asAddress, isInternalAddress } from './internal-addresses.js';

export interface ConnectionWish {
  host: string;
  port: number;
  tls: boolean;
  /** `host:port` of internal addresses that the operator allows. */
  allowed: ReadonlySet<string>;
  deadlineMs: number;
  signal: AbortSignal;
}

/**
 * Connects to an address that a user chose: there is no way inward, and the address that was checked is the one that is
 * connected to. Throws `AddressRefused`, or what the network says.
 */
export async function connectGuarded({ host, port, tls, allowed, deadlineMs, signal }: ConnectionWish): Promise<Socket> {
  const isAllowed = allowed.has(`${host}:${port}`.toLowerCase());
  const address = asAddress(host);
  if (!isAllowed && address && isInternalAddress(address)) throw new AddressRefused(`${host}:${port}`);
  const target = { host: address ?? host, port, ...(isAllowed ? {} : { lookup: lookupPublic }) };
  const within = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  within.throwIfAborted();
  const socket = tls ? connectTls({ ...target, ...(address ? {} : { servername: host }) }) : connect(target);
  return new Promise((resolve, reject) => {
    const abort = (): void => void socket.destroy(new Error('It did not answer in time'));
    within.addEventListener('abort', abort, { once: true });
    const settled = (): void => within.removeEventListener('abort', abort);
    socket.once(tls ? 'secureConnect' : 'connect', () => (settled(), socket.off('error', reject), resolve(socket)));
    socket.once('error', (error) => (settled(), reject(error)));
  });
}
