import { useId, type InputHTMLAttributes, type ReactNode } from 'react';

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: ReactNode;
  /** What the server said of it. */
  fault?: string | undefined;
}

/** An input with its label and what is wrong with it. */
export function Field({ label, hint, fault, ...input }: FieldProps) {
  const id = useId();
  const about = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(' ') || undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} {...input} aria-describedby={about} aria-invalid={fault ? true : undefined} />
      {hint && <p id={`${id}-hint`} className="hint">{hint}</p>}
      {fault && <p id={`${id}-fault`} className="fault">{fault}</p>}
    </div>
  );
}
