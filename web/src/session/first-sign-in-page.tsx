import { useState, type FormEvent } from 'react';
import { SetPasswordDocument, SignInDocument } from '../../generated/operations.js';
import { Field } from '../controls/field.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { Link } from '../navigation/link.js';
import { Doorway } from './doorway.js';
import { faultOf } from '../client/fault-of.js';

/** The installation's first account has a token and no password: it is given an address and a password here. The token is used for that one request and kept nowhere. */
export function FirstSignInPage({ signedIn }: { signedIn: () => void }) {
  const set = useAction(SetPasswordDocument);
  const enter = useAction(SignInDocument);
  const [token, setToken] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!(await set.run({ input: { email, password } }, { Authorization: `Bearer ${token.trim()}` }))) return;
    if (await enter.run({ input: { email, password } })) signedIn();
  };
  return (
    <Doorway title="First sign-in">
      <p>The token of this installation is in <code>.apex/credentials.json</code> (or in <code>credentials.json</code> of its <code>APEX_HOME</code>). With it you give its first account an address and a password.</p>
      <form onSubmit={(event) => void submit(event)}>
        <Refused refusal={set.refusal ?? enter.refusal} shown={['email', 'password']} />
        <Field label="Token" type="password" autoComplete="off" required autoFocus value={token} onChange={(event) => setToken(event.target.value)} />
        <Field label="E-mail address" type="email" autoComplete="username" required value={email} fault={faultOf(set.refusal, 'email')} onChange={(event) => setEmail(event.target.value)} />
        <Field label="New password" type="password" autoComplete="new-password" required value={password} fault={faultOf(set.refusal, 'password')} onChange={(event) => setPassword(event.target.value)} />
        <button className="main" disabled={set.isRunning || enter.isRunning}>Set the password and sign in</button>
      </form>
      <p><Link to="/">I have a password</Link></p>
    </Doorway>
  );
}
