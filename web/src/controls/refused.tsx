import type { Refusal } from '../client/refusal.js';

/** Why something did not work; faults that stand beside their own field are left out. */
export function Refused({ refusal, shown = [] }: { refusal: Refusal | null; shown?: readonly string[] }) {
  if (!refusal) return null;
  const rest = refusal.faults.filter(({ path }) => !shown.includes(path));
  return (
    <div role="alert" className="notice bad">
      <p>{refusal.faults.length === 0 ? refusal.message : rest.length === 0 ? 'Something in it is not right: see what is marked.' : 'Something in it is not right:'}</p>
      {rest.length > 0 && <ul>{rest.map(({ path, message }) => <li key={path}><code>{path}</code> {message}</li>)}</ul>}
    </div>
  );
}
