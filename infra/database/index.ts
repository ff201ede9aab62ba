export { defaultCallTimeoutMs, withCallTimeout, withoutCallTimeout } from './call-timeout';
export { type Clock, DatabaseClock } from './clock';
export {
  type Connection,
  clientOptions,
  connect,
  fromNowOn,
  hasChangeStreams,
  newConnection,
  withoutSecrets,
} from './connect';
export { type FileFacts, FileStore, type StoredFile } from './files';
export { KeptIndexes } from './kept-indexes';
