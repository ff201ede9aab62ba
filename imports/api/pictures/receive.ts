import type { IncomingMessage } from 'node:http';
import type { FileStore } from '../../../infra/database';
import { HttpError } from '../../../infra/http/answers';
import { safeName } from '../../../infra/http/file-names';
import { type ArrivingFile, type ReceiveLimits, receiveFile } from '../../../infra/http/receive-file';
import { type FileLink, maxUploadBytes } from '../../tasks/pictures/documents';
import { sniffLength, sniffPicture } from '../../tasks/pictures/picture-type';

/**
 * Takes the one photo of a multipart form straight into the file store, as it arrives.
 *
 * @throws HttpError where it can't be received (see `receiveFile`) or is no JPEG or PNG by its first bytes; nothing of it
 *   stays stored then.
 */
export function receivePhoto(
  request: IncomingMessage,
  owner: string,
  files: FileStore,
  limits: Omit<ReceiveLimits, 'maxBytes'>,
): Promise<FileLink> {
  const options = { ...limits, maxBytes: maxUploadBytes, noun: 'photo' };
  return receiveFile(request, options, photo => store(photo, owner, files));
}

async function store(photo: ArrivingFile, owner: string, files: FileStore): Promise<FileLink> {
  const type = sniffPicture(await photo.peek(sniffLength));
  if (!type) throw new HttpError(415, 'not-a-picture', `${safeName(photo.name, 'This')} is neither a JPEG nor a PNG.`);
  const name = safeName(photo.name, type === 'image/png' ? 'photo.png' : 'photo.jpg');
  const file = await files.put(photo.bytes, { name, type, owner, kind: 'photo' });
  return { id: file.id, name, size: file.size };
}
