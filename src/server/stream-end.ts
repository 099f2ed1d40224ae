/** A stream whose reader's leaving aborts what feeds it: a generator that waits inside cannot be returned from outside. */
export function endedBy<T>(stream: AsyncIterable<T>, end: () => void): AsyncGenerator<T, void, undefined> {
  const inner = stream[Symbol.asyncIterator]();
  const leave = async (): Promise<IteratorReturnResult<undefined>> => {
    end();
    await inner.return?.();
    return { done: true, value: undefined };
  };
  return {
    next: () => inner.next() as Promise<IteratorResult<T, void>>,
    return: leave,
    throw: leave,
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: async () => void (await leave()),
  };
}
