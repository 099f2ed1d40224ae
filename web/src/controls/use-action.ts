import { useState } from 'react';
import { useMutation, type AnyVariables, type TypedDocumentNode } from 'urql';
import { refusalOf, type Refusal } from '../client/refusal.js';

export interface Action<Data, Variables> {
  isRunning: boolean;
  refusal: Refusal | null;
  /** Answers null where it was refused. */
  run(variables: Variables, headers?: Record<string, string>): Promise<Data | null>;
}

/** A mutation behind a button: runs once at a time, and keeps what the server said when it refused. */
export function useAction<Data, Variables extends AnyVariables>(document: TypedDocumentNode<Data, Variables>): Action<Data, Variables> {
  const [, execute] = useMutation<Data, Variables>(document);
  const [isRunning, setRunning] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const run = async (variables: Variables, headers?: Record<string, string>): Promise<Data | null> => {
    if (isRunning) return null;
    setRunning(true);
    setRefusal(null);
    const { data, error } = await execute(variables, headers ? { fetchOptions: { credentials: 'omit', headers } } : {});
    setRunning(false);
    if (error) setRefusal(refusalOf(error));
    return error ? null : (data ?? null);
  };
  return { isRunning, refusal, run };
}
