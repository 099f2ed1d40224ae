import { useEffect, useState } from 'react';

const STEPS = [['day', 86_400], ['hour', 3_600], ['minute', 60]] as const;
const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** How long ago something was, in words that stay true; the exact time as its title. */
export function Ago({ at }: { at: string }) {
  const [, look] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => look((count) => count + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, (Date.now() - Date.parse(at)) / 1000);
  const step = STEPS.find(([, length]) => seconds >= length);
  return <time dateTime={at} title={new Date(at).toLocaleString()}>{step ? words.format(-Math.floor(seconds / step[1]), step[0]) : 'just now'}</time>;
}
