/** Server codes that say "not now": an election, a shutdown, a time-out. */
const passingCodes = new Set([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 50, 133, 134]);

const passingNames =
  /^Mongo(Network|ServerSelection|NetworkTimeout|NotConnected|PoolCleared|PoolCleared|WaitQueueTimeout|OperationTimeout|Topology)/;

/** Whether an error means that the database is away for now, so that the same call may succeed later. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, name, cause } = error as Error & { code?: unknown };
  const labels = (error as { hasErrorLabel?: (label: string) => boolean }).hasErrorLabel;
  if (passingNames.test(name) || (typeof code === 'number' && passingCodes.has(code))) return true;
  if (labels?.call(error, 'RetryableWriteError') || labels?.call(error, 'PoolRequestedRetry')) return true;
  return cause !== undefined && isDatabaseAway(cause);
}
