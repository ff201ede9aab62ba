/** Meteor's packages, which Meteor keeps in a global; the Node host has none. */
interface MeteorGlobal {
  Package?: Readonly<Record<string, unknown>>;
}

/**
 * Whether Meteor follows the oplog: it then reads every write of the database in every process, a worker's bulk writes
 * too (docs/decisions/0010-no-oplog.md).
 */
export function followsOplog(
  { MONGO_OPLOG_URL }: NodeJS.ProcessEnv = process.env,
  { Package }: MeteorGlobal = globalThis as MeteorGlobal,
): boolean {
  return Boolean(MONGO_OPLOG_URL) && Package !== undefined && !('disable-oplog' in Package);
}
