import { useEffect, useRef } from 'react';
import { SignOutDocument, type ViewerQuery } from '../generated/operations.js';
import { useIsCut } from './client/live-context.js';
import { refusalOf } from './client/refusal.js';
import { Refused } from './controls/refused.js';
import { useAction } from './controls/use-action.js';
import { Link } from './navigation/link.js';
import { useAddress } from './navigation/location.js';
import { pageAt, PAGES } from './pages.js';
import { PlaceChoice } from './places/place-choice.js';
import { PlaceContext, useCurrentPlace } from './places/places.js';

/** What is around each page: where one is, who one is, and whether the server is there. */
export function Shell({ viewer }: { viewer: ViewerQuery['viewer'] }) {
  const address = useAddress();
  const isCut = useIsCut();
  const out = useAction(SignOutDocument);
  const { place, result } = useCurrentPlace();
  // A page that is loaded anew has nothing left of who was here.
  const signOut = async (): Promise<void> => void ((await out.run({})) && location.assign('/'));
  const page = pageAt(address);
  const content = useRef<HTMLElement>(null);
  const shown = useRef(address.pathname);
  // Who cannot see the page change is led to its content.
  useEffect(() => {
    if (shown.current !== address.pathname) content.current?.focus({ preventScroll: true });
    shown.current = address.pathname;
  }, [address.pathname]);
  return (
    <PlaceContext value={place}>
      <a className="skip" href="#content">Skip to the content</a>
      <header className="bar">
        <Link to="/" className="brand">Apex</Link>
        {place && <PlaceChoice />}
        <nav aria-label="Pages">
          {PAGES.filter(({ title }) => title).map(({ path, title }) => <Link key={path} to={path} isCurrent={path === page?.path}>{title}</Link>)}
        </nav>
        <div className="who">
          <span>{viewer.name}</span>
          <button onClick={() => void signOut()} disabled={out.isRunning}>Sign out</button>
        </div>
      </header>
      {isCut && <p role="status" className="notice cut">The connection to the server was lost; it is being made again. What you see may be old.</p>}
      <main id="content" ref={content} tabIndex={-1}>
        <Refused refusal={out.refusal ?? (result.error ? refusalOf(result.error) : null)} />
        {place ? page ? <page.Page key={address.pathname} id={page.id} /> : <p>There is no page here. <Link to="/">To the services</Link></p> : !result.error && <p role="status">Loading …</p>}
      </main>
    </PlaceContext>
  );
}
