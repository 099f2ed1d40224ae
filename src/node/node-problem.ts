/** Something outside this program stands in the way; the message is one sentence that says what to do. */
export class NodeProblem extends Error {
  override readonly name = 'NodeProblem';

  constructor(
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
