import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();

const listen = (listener: () => void): (() => void) => {
  listeners.add(listener);
  addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('popstate', listener);
  };
};

const here = (): string => location.pathname + location.search;

/** The address of the page that is shown. */
export function useAddress(): URL {
  return new URL(useSyncExternalStore(listen, here), location.origin);
}

/** Shows another page of the dashboard. */
export function goTo(address: string, { replace = false } = {}): void {
  if (address === here()) return;
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  if (!replace) scrollTo(0, 0);
  for (const listener of listeners) listener();
}
