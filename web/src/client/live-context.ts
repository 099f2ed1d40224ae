import { createContext, useContext, useEffect, useEffectEvent, useState, useSyncExternalStore } from 'react';
import type { TypedDocumentNode } from 'urql';
import type { LiveConnection } from './live-connection.js';

export const LiveContext = createContext<LiveConnection | null>(null);

export function useLiveConnection(): LiveConnection {
  const live = useContext(LiveContext);
  if (!live) throw new Error('There is no live connection around this component.');
  return live;
}

/** Whether what is shown may be old, because the socket is being made again. */
export function useIsCut(): boolean {
  const live = useLiveConnection();
  return useSyncExternalStore(live.listen, live.isCut);
}

/** Hands on what a subscription says for as long as the component is shown; answers why the server refuses it, if so. No id, no subscription. */
export function useLive<Data, Variables extends object>(document: TypedDocumentNode<Data, Variables>, variables: Variables | null, next: (data: Data) => void, ends = false): string | null {
  const live = useLiveConnection();
  const [refusal, setRefusal] = useState<string | null>(null);
  const onNext = useEffectEvent(next);
  const key = JSON.stringify(variables);
  useEffect(() => {
    setRefusal(null);
    if (key === 'null') return;
    return live.follow({ document, variables: () => JSON.parse(key) as Variables, ends }, { next: onNext, refused: setRefusal });
  }, [live, document, key, ends]);
  return refusal;
}
