import type { ReactNode } from 'react';
import { useTitle } from '../controls/use-title.js';

/** The frame of pages that need no session. */
export function Doorway({ title, children }: { title: string; children: ReactNode }) {
  useTitle(title);
  return (
    <main className="doorway">
      <p className="brand">Apex</p>
      <h1>{title}</h1>
      {children}
    </main>
  );
}
