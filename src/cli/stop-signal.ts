const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const IMPATIENT_EXIT_CODE = 130;

/** Aborts at the first Ctrl-C, so that what was started is stopped in order; a second one ends the command on the spot. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(IMPATIENT_EXIT_CODE);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return controller.signal;
}
