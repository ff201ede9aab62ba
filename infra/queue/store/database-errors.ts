/**
 * Server codes that say "not now" of whatever is asked: an election, a shutdown, a time-out, a full disk, a login or
 * rights that are gone, a write conflict, a shard that moves.
 */
const passingCodes = new Set([
  6, 7, 13, 18, 24, 46, 50, 63, 64, 79, 89, 91, 100, 112, 133, 134, 150, 189, 202, 262, 314, 317, 391, 462, 8000, 9001,
  10107, 11600, 11602, 13388, 13435, 13436, 14031,
]);

const passingNames =
  /^Mongo(Network|ServerSelection|ServerClosed|ClientClosed|NotConnected|PoolCleared|PoolClosed|WaitQueueTimeout|OperationTimeout|Topology|ExpiredSession|UnexpectedServerResponse|Parse|Decompression)/;

/** How Node names a socket, a host or a limit of the machine that stands in the way. The driver hands these on bare. */
const passingReasons =
  /^(E(PIPE|CONN\w+|TIMEDOUT|HOST\w+|NET\w+|NOTFOUND|AI_\w+|NOTCONN|ADDRNOTAVAIL|MFILE|NFILE|NOBUFS|INTR|AGAIN)|ERR_(STREAM|SOCKET|SSL|TLS)_\w+)$/;

interface Described extends Error {
  code?: unknown;
  writeErrors?: unknown;
  hasErrorLabel?(label: string): boolean;
}

/** Whether an error means that the database is away for now, so that the same call may succeed later. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, name, cause } = error as Described;
  if (passingNames.test(name) || isPassing(code) || isBulkCutShort(error)) return true;
  const labeled = (label: string) => (error as Described).hasErrorLabel?.(label) === true;
  if (labeled('RetryableWriteError') || labeled('PoolRequestedRetry')) return true;
  return cause !== undefined && cause !== error && isDatabaseAway(cause);
}

function isPassing(code: unknown): boolean {
  return typeof code === 'number' ? passingCodes.has(code) : typeof code === 'string' && passingReasons.test(code);
}

/** The driver dresses a connection that broke as a failure of the bulk, with nothing that the server has said. */
function isBulkCutShort({ name, code, writeErrors }: Described): boolean {
  return name === 'MongoBulkWriteError' && code === undefined && [writeErrors ?? []].flat().length === 0;
}

/**
 * Server codes that speak of what a document holds: too large, nested too deeply, names or values that it does not
 * take, a validator or a unique index of the collection against it.
 */
const refusingCodes = new Set([9, 14, 15, 22, 28, 52, 56, 57, 121, 10334, 11000, 17280, 17419, 17420]);

/** The driver could not even write it as BSON, or not within the largest message. */
const refusingNames = /^(BSON\w*Error|RangeError|MongoInvalidArgumentError)$/;

/**
 * Whether an error says that this very document can't be stored, however often it is tried. Whatever is neither this nor
 * `isDatabaseAway` (rights, a bug, a code of a newer server) is tried again, and holds up nothing else meanwhile.
 */
export function refusesDocument(error: unknown): boolean {
  if (!(error instanceof Error) || isDatabaseAway(error)) return false;
  const { code, name } = error as Described;
  return refusingNames.test(name) || (typeof code === 'number' && refusingCodes.has(code));
}

/** A question to the queue that would read all tasks without an index that somebody has dropped, or nobody has made yet. */
export class IndexMissingError extends Error {
  override readonly name = 'IndexMissingError';

  constructor(what: string, cause: unknown) {
    super(
      `${what}: an index of the queue is missing, and without it all tasks would be read. A running role makes it again within half a minute; where none runs, start one, or call TaskQueue.connect without keepsIndexes`,
      { cause },
    );
  }
}

/** Whether a query failed because an index that it names is gone. */
export function isIndexMissing(error: unknown): boolean {
  return error instanceof Error && /hint provided does not correspond to an existing index/i.test(error.message);
}
