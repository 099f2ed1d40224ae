import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/** An address leads inward: anything but a public unicast one, and this machine's own addresses too. */
export function isInternalAddress(address: string): boolean {
  const parsed = ipaddr.process(address);
  return parsed.range() !== 'unicast' || ownAddresses().has(parsed.toString());
}

/** The host of a URL is written as an address (in any notation that `URL` has not already made plain). */
export const asAddress = (hostname: string): string | null => {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) ? bare : null;
};

function ownAddresses(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(all.map(({ address }) => ipaddr.process(address.split('%')[0] ?? address).toString()));
}
