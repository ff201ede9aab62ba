export { type Clock, DatabaseClock } from './clock';
export { type Connection, connect, hasChangeStreams, withoutSecrets } from './connect';
export { type FileFacts, FileStore, type StoredFile } from './files';
