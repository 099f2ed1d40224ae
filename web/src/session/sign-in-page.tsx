import { useState, type FormEvent } from 'react';
import { SignInDocument } from '../../generated/operations.js';
import { Field } from '../controls/field.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { Link } from '../navigation/link.js';
import { Doorway } from './doorway.js';

/** Begins a session with an address and a password. */
export function SignInPage({ signedIn }: { signedIn: () => void }) {
  const { run, isRunning, refusal } = useAction(SignInDocument);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (await run({ input: { email, password } })) signedIn();
  };
  return (
    <Doorway title="Sign in">
      <form onSubmit={(event) => void submit(event)}>
        <Refused refusal={refusal} />
        <Field label="E-mail address" type="email" autoComplete="username" required autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />
        <Field label="Password" type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
        <button className="main" disabled={isRunning}>Sign in</button>
      </form>
      <p><Link to="/first-sign-in">The first time here? Set your password</Link></p>
    </Doorway>
  );
}
