/** Loaded into each server that is measured, before its own code: it tells what the process has used, after a collection of garbage. */
process.on('message', (question) => {
  if (question !== 'usage') return;
  for (let round = 0; round < 3; round += 1) (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ cpuSeconds: cpuSeconds(), rss, live: heapUsed + external });
});
// The garbage collection above is not the server's own work, so its time is asked for apart.
process.on('message', (question) => void (question === 'cpu' && process.send?.({ cpuSeconds: cpuSeconds() })));
process.channel?.unref();

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
