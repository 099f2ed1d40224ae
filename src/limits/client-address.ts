import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A household or a host has a /64 of IPv6: counting single addresses would give it 2^64 allowances. */
const IPV6_PREFIX_GROUPS = 4;

/**
 * The client's address: the peer's, or, behind `trustedProxies` proxies, what the outermost of them saw. Each proxy appends
 * the address of its own peer to X-Forwarded-For, so the entries are believed from the right, that many, and no further.
 */
export function clientAddress(peer: string | undefined, forwardedFor: string | undefined, trustedProxies: number): string {
  const nearest = normalised(peer) ?? 'unknown';
  if (trustedProxies === 0 || !forwardedFor) return nearest;
  const hops = forwardedFor.split(',').map((hop) => normalised(hop));
  let address = nearest;
  for (let depth = 0; depth < trustedProxies; depth += 1) {
    const hop = hops.pop();
    if (!hop) break;
    address = hop;
  }
  return address;
}

/** Whose allowance an address uses: itself for IPv4, its /64 for IPv6. */
export function bucketOf(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = (ipaddr.parse(address) as ipaddr.IPv6).parts.slice(0, IPV6_PREFIX_GROUPS);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}

export const isLoopback = (address: string): boolean => ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';

/** `::ffff:1.2.3.4` and `1.2.3.4` are one client; a port, brackets and a zone are dropped. Null for what is no address. */
function normalised(text: string | undefined): string | null {
  const trimmed = (text ?? '').trim();
  if (isIPv4(trimmed)) return trimmed;
  const bare = trimmed.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1').replace(/%.*$/, '');
  return ipaddr.isValid(bare) && (isIPv4(bare) || isIPv6(bare)) ? ipaddr.process(bare).toString() : null;
}
