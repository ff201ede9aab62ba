/**
 * Loaded before a role's own code (node --require). The role ends when the process that started it is gone, however
 * that ended, so that nothing is left behind even after kill -9. Roles do not know of it. The database ends within
 * seconds as well, so the drain is short, and the port is soon free for the next start.
 */
const graceMs = 2_000;

process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), graceMs).unref();
});
// The channel to the parent must not keep this process alive.
process.channel?.unref();
