/** Tells the page that the server knows no session any more, whichever way it was found out. */
export class SessionEnd {
  #listener: () => void = () => undefined;

  readonly tell = (): void => this.#listener();

  listen(listener: () => void): () => void {
    this.#listener = listener;
    return () => (this.#listener = () => undefined);
  }
}
