/** A secret of ours, or what a test has named a canary. */
const SECRET = /apex_[\w-]{43}|canary[\w-]*/i;
/** Who asks for a secret, or makes one, is shown it once. */
const SHOWS = /\/api\/account\/token$|\/members$|\/invitations\/accept$|createToken|acceptInvitation|addTeamMember|reveal|lastLines|\/logs|[sS]erviceLogs/;

/** Throws where an answer shows a secret that nobody has asked for. It watches over every request of every test. */
export function watchAnswer(url: string, request: string, answer: string): void {
  const found = SECRET.exec(answer);
  if (found && !SHOWS.test(new URL(url).pathname) && !SHOWS.test(request)) throw new Error(`An answer of ${new URL(url).pathname} shows a secret: …${answer.slice(Math.max(0, found.index - 100), found.index + 20)}…`);
}

/** Throws where a server's log holds a secret. */
export function watchLog(log: string): void {
  const found = SECRET.exec(log);
  if (found) throw new Error(`The log of a server holds a secret: …${log.slice(Math.max(0, found.index - 100), found.index + 20)}…`);
}
