/** The API server refused a call. `message` is its own sentence; a refused Secret's is left out, it might quote a value. */
export class KubeError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly retryAfterSeconds: number | undefined = undefined,
  ) {
    super(message);
    this.name = 'KubeError';
  }

  /** Reads the `Status` object of an error's body. */
  static from(status: number, body: string, call: string, retryAfter: string | null): KubeError {
    let reason = 'Unknown';
    let detail = '';
    try {
      const parsed = JSON.parse(body) as { reason?: string; message?: string };
      reason = parsed.reason ?? reason;
      detail = parsed.message ?? '';
    } catch {
      detail = '';
    }
    if (call.includes('/secrets')) detail = '';
    const seconds = Number(retryAfter);
    return new KubeError(status, reason, `${call} was answered with ${status} ${reason}${detail ? `: ${detail}` : ''}`, seconds > 0 ? seconds : undefined);
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof KubeError && error.status === 404;
export const isConflict = (error: unknown): boolean => error instanceof KubeError && error.status === 409;
