import { useState, type FormEvent } from 'react';
import { AcceptInvitationDocument, SignInDocument } from '../../generated/operations.js';
import { faultOf } from '../client/fault-of.js';
import { Field } from '../controls/field.js';
import { Refused } from '../controls/refused.js';
import { useAction } from '../controls/use-action.js';
import { Doorway } from './doorway.js';

/** Where the link of an invitation leads: a new account, or the one that the address has. */
export function InvitationPage({ token, signedIn }: { token: string; signedIn: () => void }) {
  const accept = useAction(AcceptInvitationDocument);
  const enter = useAction(SignInDocument);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const accepted = await accept.run({ token, name: name || null, password });
    const email = accepted?.acceptInvitation.account.email;
    if (email && (await enter.run({ input: { email, password } }))) signedIn();
  };
  return (
    <Doorway title="Invitation">
      <form onSubmit={(event) => void submit(event)}>
        <Refused refusal={accept.refusal ?? enter.refusal} shown={['name', 'password']} />
        <Field label="Your name" autoComplete="name" autoFocus hint="Not needed if you have an account here already." value={name} fault={faultOf(accept.refusal, 'name')} onChange={(event) => setName(event.target.value)} />
        <Field label="Password" type="password" autoComplete="new-password" required hint="A new one, or that of the account you have." value={password} fault={faultOf(accept.refusal, 'password')} onChange={(event) => setPassword(event.target.value)} />
        <button className="main" disabled={accept.isRunning || enter.isRunning}>Come in</button>
      </form>
    </Doorway>
  );
}
