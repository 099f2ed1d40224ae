import { useEffect, useEffectEvent, useState } from 'react';
import { useQuery } from 'urql';
import { ViewerDocument } from '../generated/operations.js';
import { codeOf } from './client/graphql-client.js';
import { refusalOf } from './client/refusal.js';
import { Refused } from './controls/refused.js';
import { goTo, useAddress } from './navigation/location.js';
import { FirstSignInPage } from './session/first-sign-in-page.js';
import { InvitationPage } from './session/invitation-page.js';
import type { SessionEnd } from './session/session-end.js';
import { SignInPage } from './session/sign-in-page.js';
import { Shell } from './shell.js';

const ASK_AGAIN_MS = 2_000;

/** The pages for who is signed in, else the ways in. */
export function App({ end }: { end: SessionEnd }) {
  const address = useAddress();
  const [hasEnded, setEnded] = useState(false);
  const [{ data, error, fetching }, ask] = useQuery({ query: ViewerDocument, variables: {} });
  const askAgain = useEffectEvent(() => ask({ requestPolicy: 'network-only' }));
  const isOut = hasEnded || codeOf(error) === 'UNAUTHENTICATED';
  const isUnreached = !isOut && error !== undefined && !fetching;

  useEffect(() => end.listen(() => setEnded(true)), [end]);
  useEffect(() => {
    if (!isUnreached) return;
    const timer = setTimeout(askAgain, ASK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [isUnreached]);

  const signedIn = (): void => {
    setEnded(false);
    ask({ requestPolicy: 'network-only' });
    if (['/first-sign-in', '/invitation'].includes(address.pathname)) goTo('/', { replace: true });
  };

  if (address.pathname === '/invitation') return <InvitationPage token={address.searchParams.get('token') ?? ''} signedIn={signedIn} />;
  if (isOut && address.pathname === '/first-sign-in') return <FirstSignInPage signedIn={signedIn} />;
  if (isOut) return <SignInPage signedIn={signedIn} />;
  if (data) return <Shell viewer={data.viewer} />;
  return <main className="doorway">{error ? <Refused refusal={refusalOf(error)} /> : <p role="status">Loading …</p>}</main>;
}
