/**
 * Loaded before a role's own code (node --require): the role ends when the process that started it is gone, however
 * that ended, so that nothing is left behind even after kill -9. Roles themselves know nothing of it. The database
 * goes within seconds as well, so the drain is a short one, and the port is soon free for the next start.
 */
const graceMs = 2_000;

process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), graceMs).unref();
});
// The channel to the parent must not be what keeps this process alive.
process.channel?.unref();
