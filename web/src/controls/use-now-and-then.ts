import { useEffect, useEffectEvent } from 'react';

/** Looks again now and then for what no event tells of, while the page is seen. */
export function useNowAndThen(milliseconds: number, look: () => void): void {
  const onTime = useEffectEvent(() => document.hidden || look());
  useEffect(() => {
    const timer = setInterval(onTime, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}
